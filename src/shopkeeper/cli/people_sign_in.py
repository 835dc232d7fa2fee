"""`shopkeeper people sign-in|sign-out|password|sessions`: passwords are asked for or piped in, never arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
AsShell = Annotated[
    bool, typer.Option("--as-shell", help="Act as this shell's account, where no admin can sign in; audited as such.")
]


def register(people: typer.Typer) -> None:
    """Add the verbs."""
    people.command("sign-in")(sign_in)
    people.command("sign-out")(sign_out)
    people.command("password")(password)
    people.command("sessions")(sessions)


def sign_in(
    email: Annotated[str, typer.Option(help="Your address.", prompt=True)],
    show: Annotated[bool, typer.Option("--print", help="Print the token, to send as `Authorization: Bearer`.")] = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Sign in at this terminal, so that what you approve, override or roll back carries your name.

    The password is asked for, or read from the first line of a pipe.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.secret_words import read_password
    from shopkeeper.wiring.people import sign_in_at_terminal
    from shopkeeper.wiring.settings import load_settings
    from shopkeeper.wiring.sign_in_file import kept_token

    settings = load_settings(workspace)
    actor = sign_in_at_terminal(settings, email, read_password("Password: "))
    ends = actor.session.ends_at.isoformat(timespec="minutes") if actor.session else ""
    token = kept_token(settings) if show else None
    document = {"who": actor.who, "ends_at": ends, **({"token": token} if token else {})}
    Output(json).result(document, token or f"Signed in as {actor.who}, until {_minute(ends)}.")


def sign_out(workspace: Workspace = Path(), json: Json = False) -> None:
    """End the sign-in of this terminal."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.people import sign_out_at_terminal
    from shopkeeper.wiring.settings import load_settings

    actor = sign_out_at_terminal(load_settings(workspace))
    text = f"Signed out {actor.who}." if actor else "Nobody was signed in at this terminal."
    Output(json).result({"signed_out": actor.who if actor else None}, text)


def password(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="As `shopkeeper people list` shows it.")],
    invite: Annotated[bool, typer.Option("--invite", help="Print an invitation to choose one instead.")] = False,
    as_shell: AsShell = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Set a password, your own or as an admin; it is asked for twice, or read from the first line of a pipe.

    Every sign-in of the person ends.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.person_shown import show_invitation
    from shopkeeper.cli.secret_words import new_password
    from shopkeeper.wiring.managing_people import invite_person, set_password
    from shopkeeper.wiring.settings import load_settings

    settings, out = load_settings(workspace), Output(json)
    if invite:
        show_invitation(out, settings, invite_person(settings, email, as_shell=as_shell))
        return
    person = set_password(settings, email, new_password(), as_shell=as_shell)
    out.result({"person_id": person.person_id}, f"{person.name} has a new password; every sign-in of theirs is over.")


def sessions(
    end: Annotated[str | None, typer.Option(metavar="ID", help="End this one.")] = None,
    as_shell: AsShell = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """List who is signed in, newest first, with invitations that are open: an admin's view of all, else your own."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.managing_people import end_session, live_sessions
    from shopkeeper.wiring.settings import load_settings

    settings, out = load_settings(workspace), Output(json)
    if end is not None:
        end_session(settings, end, as_shell=as_shell)
        out.result({"ended": end}, f"Ended {end}.")
        return
    rows = [
        {
            "session_id": session.session_id,
            "name": person.name,
            "email": person.email,
            "kind": session.kind,
            "from": session.address,
            "created_at": session.created_at.isoformat(timespec="seconds"),
            "seen_at": session.seen_at.isoformat(timespec="seconds"),
            "ends_at": session.ends_at.isoformat(timespec="seconds"),
        }
        for person, session in live_sessions(settings, as_shell=as_shell)
    ]
    lines = [
        f"{row['session_id']}  {row['kind']:<8} {row['name']:<24} from {row['from']:<24} "
        f"last used {_minute(row['seen_at'])}, until {_minute(row['ends_at'])}"
        for row in rows
    ]
    out.result({"sessions": rows}, "\n".join(lines) or "Nobody is signed in.")


def _minute(at: str) -> str:
    """Return a time of `--json` as people read it."""
    return f"{at[:16].replace('T', ' ')} UTC"
