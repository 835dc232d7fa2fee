"""A person, and an invitation, as verbs print them."""

from __future__ import annotations

from typing import Any

from shopkeeper.cli.output import Output
from shopkeeper.people.person import Person
from shopkeeper.people.roles import role_words
from shopkeeper.wiring.managing_people import Invited
from shopkeeper.wiring.settings import Settings


def show_invitation(out: Output, settings: Settings, invited: Invited) -> None:
    """Print an invitation: the link alone on stdout."""
    host, port = settings.serving.host, settings.serving.port
    link = f"http://{f'[{host}]' if ':' in host else host}:{port}{invited.path}"
    ends = invited.ends_at.isoformat(timespec="minutes")
    out.say(f"Send {invited.person.name} this link, on the address your server is reached at. It is good once, until")
    out.say(f"{invited.ends_at:%Y-%m-%d %H:%M} UTC, and whoever has it chooses the password.")
    out.result({**person_document(invited.person), "invitation": invited.token, "link": link, "ends_at": ends}, link)


def person_document(person: Person) -> dict[str, Any]:
    """Return a person as `--json` prints them."""
    return {
        "person_id": person.person_id,
        "name": person.name,
        "email": person.email,
        "roles": [word for word in role_words(person.roles).split(", ") if word],
        "active": person.active,
        "created_at": person.created_at.isoformat(timespec="seconds"),
        "signed_in_at": person.signed_in_at.isoformat(timespec="seconds") if person.signed_in_at else None,
    }
