"""`shopkeeper people`: who may do what here: add, list, change and remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shopkeeper.cli import people_sign_in

Workspace = Annotated[Path, typer.Option("--workspace", help="Folder with shopkeeper.toml.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="As `shopkeeper people list` shows it.")]
Roles = Annotated[
    list[str],
    typer.Option("--role", help="viewer, merchandiser, pricing, operator or admin; pricing@uk = in one store. Repeat."),
]
AsShell = Annotated[
    bool, typer.Option("--as-shell", help="Act as this shell's account, where no admin can sign in; audited as such.")
]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    people = typer.Typer(help="People of the house: roles by store, and their sign-in.", no_args_is_help=True)
    people.command("add")(add)
    people.command("list")(list_people)
    people.command("role")(role)
    people.command("remove")(remove)
    people_sign_in.register(people)
    app.add_typer(people, name="people")


def add(
    name: Annotated[str, typer.Option(help="As it shall stand in the audit, such as 'Anna Lee'.")],
    email: Annotated[str, typer.Option(help="Their address, to sign in with.")],
    roles: Roles,
    as_shell: AsShell = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Add a person and print an invitation, with which they choose their password.

    From the first person on, the control room asks everyone to sign in. Make the first one an admin of all stores:
    --role admin.
    """
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.person_shown import show_invitation
    from shopkeeper.people.roles import read_roles
    from shopkeeper.wiring.managing_people import add_person
    from shopkeeper.wiring.settings import load_settings

    settings = load_settings(workspace)
    invited = add_person(settings, name, email, read_roles(roles), as_shell=as_shell)
    show_invitation(Output(json), settings, invited)


def list_people(workspace: Workspace = Path(), json: Json = False) -> None:
    """List everyone by name, with roles and last sign-in."""
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.person_shown import person_document
    from shopkeeper.wiring.managing_people import all_people
    from shopkeeper.wiring.settings import load_settings

    rows = [person_document(person) for person in all_people(load_settings(workspace))]
    lines = [
        f"{row['name']:<24} {row['email']:<32} {', '.join(row['roles']) or 'removed':<32} "
        f"{'last signed in ' + row['signed_in_at'] if row['signed_in_at'] else 'never signed in'}"
        for row in rows
    ]
    nobody = (
        "There is nobody yet; make the first an admin: "
        '`shopkeeper people add --name "Anna Lee" --email anna@shop.example --role admin`.'
    )
    Output(json).result({"people": rows}, "\n".join(lines) or nobody)


def role(
    email: Email, roles: Roles, as_shell: AsShell = False, workspace: Workspace = Path(), json: Json = False
) -> None:
    """Replace a person's roles; what they are signed in to follows at once."""
    from shopkeeper.cli.output import Output
    from shopkeeper.cli.person_shown import person_document
    from shopkeeper.people.roles import read_roles, role_words
    from shopkeeper.wiring.managing_people import change_roles
    from shopkeeper.wiring.settings import load_settings

    person = change_roles(load_settings(workspace), email, read_roles(roles), as_shell=as_shell)
    Output(json).result(person_document(person), f"{person.name} is now {role_words(person.roles)}.")


def remove(
    email: Email,
    erase: Annotated[bool, typer.Option("--erase", help="Take name and address out of everything, audit too.")] = False,
    as_shell: AsShell = False,
    workspace: Workspace = Path(),
    json: Json = False,
) -> None:
    """Remove a person: no more roles, password or sign-ins. What they did stays in the audit under their name."""
    from shopkeeper.cli.output import Output
    from shopkeeper.wiring.managing_people import remove_person
    from shopkeeper.wiring.settings import load_settings

    person = remove_person(load_settings(workspace), email, erase=erase, as_shell=as_shell)
    document = {"removed": person.person_id, "erased": erase}
    Output(json).result(document, f"Removed {person.name}{' and erased the name' if erase else ''}.")
