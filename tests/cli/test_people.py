"""`shopkeeper people`: from the first admin to one who acts at a terminal, without a password on a command line."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.errors import InputError, NotAllowed, NotAuthenticated
from shopkeeper.people import passwords
from shopkeeper.wiring.people import account, signed_in
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.workspace_state import open_workspace_state

GOOD = "four unrelated words"
ANNA = ("--name", "Anna Lee", "--email", "anna@shop.example", "--role", "admin")
BOB = ("--name", "Bob", "--email", "bob@shop.example", "--role", "operator@uk", "--role", "viewer")


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let a hash cost a thousandth, and keep sign-ins away from the account's own."""
    monkeypatch.setattr(passwords, "_LOG_N", 5)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOGNAME", "somebody else")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "shopkeeper.toml").touch()
    return tmp_path


def call(workspace: Path, *arguments: str, typed: str | None = None) -> str:
    given = ["people", *arguments, "--workspace", str(workspace)]
    result = CliRunner().invoke(build(), given, input=typed, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def document(workspace: Path, *arguments: str, typed: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(workspace, *arguments, "--json", typed=typed))
    return found


@pytest.fixture
def staffed(workspace: Path) -> Path:
    """A workspace with Anna, an admin who signed in at this terminal, and Bob."""
    call(workspace, "add", *ANNA)
    call(workspace, "password", "anna@shop.example", "--as-shell", typed=GOOD + "\n")
    call(workspace, "sign-in", "--email", "anna@shop.example", typed=GOOD + "\n")
    call(workspace, "add", *BOB)
    return workspace


def test_without_people_the_shells_account_acts_whatever_a_variable_says(workspace: Path) -> None:
    actor = signed_in(load_settings(workspace), "override", "uk")
    assert actor.person is None
    assert actor.who == f"shell:{account()}" != "shell:somebody else"


def test_the_first_person_is_added_with_an_invitation_and_without_a_password(workspace: Path) -> None:
    made = document(workspace, "add", *ANNA)
    assert made["roles"] == ["admin"]
    assert made["link"] == f"http://127.0.0.1:8000/control-room/invitation?token={made['invitation']}"
    [listed] = document(workspace, "list")["people"]
    assert (listed["name"], listed["signed_in_at"]) == ("Anna Lee", None)
    assert made["invitation"] not in call(workspace, "list")


def test_once_there_are_people_a_terminal_must_sign_in(staffed: Path) -> None:
    settings = load_settings(staffed)
    anna = signed_in(settings, "override", "uk")
    assert anna.who.startswith("Anna Lee (person ")
    call(staffed, "sign-out")
    with pytest.raises(NotAuthenticated, match="Nobody is signed in"):
        signed_in(settings, "hold", "uk")
    with pytest.raises(NotAuthenticated, match="Nobody is signed in"):
        call(staffed, "add", "--name", "Cleo", "--email", "cleo@shop.example", "--role", "admin")


def test_a_role_holds_at_the_terminal_where_it_holds(staffed: Path) -> None:
    call(staffed, "password", "bob@shop.example", typed=GOOD + "\n")
    call(staffed, "sign-in", "--email", "bob@shop.example", typed=GOOD + "\n")
    settings = load_settings(staffed)
    assert signed_in(settings, "advance", "uk").who.startswith("Bob (person ")
    with pytest.raises(NotAllowed, match="store 'de'"):
        signed_in(settings, "advance", "de")
    with pytest.raises(NotAllowed, match="Bob may not manage people"):
        call(staffed, "role", "bob@shop.example", "--role", "admin")
    with pytest.raises(NotAllowed, match="Bob may not manage people"):
        call(staffed, "password", "anna@shop.example", typed=GOOD + "\n")
    call(staffed, "password", "bob@shop.example", typed=GOOD + " again\n")  # one's own


def test_the_sign_in_of_a_terminal_is_a_file_of_its_own_that_nobody_else_reads(staffed: Path) -> None:
    [file] = (staffed / "state" / "shopkeeper").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o644)
    with pytest.raises(NotAllowed, match="Others than you may read"):
        signed_in(load_settings(staffed), "hold", "uk")


def test_signing_in_again_ends_the_sign_in_before(staffed: Path) -> None:
    [before] = document(staffed, "sessions")["sessions"][-1:]
    call(staffed, "sign-in", "--email", "anna@shop.example", typed=GOOD + "\n")
    now = [one for one in document(staffed, "sessions")["sessions"] if one["kind"] == "shell"]
    assert len(now) == 1
    assert now[0]["session_id"] != before["session_id"]


def test_a_printed_token_is_the_terminals_own_and_ends_with_it(staffed: Path) -> None:
    token = call(staffed, "sign-in", "--email", "anna@shop.example", "--print", typed=GOOD + "\n").strip()
    assert token.startswith("ss_")
    assert token not in call(staffed, "sessions")
    assert re.search(
        r"last used \d{4}-\d\d-\d\d \d\d:\d\d UTC, until \d{4}-\d\d-\d\d \d\d:\d\d UTC$",
        call(staffed, "sessions"),
        re.M,
    )
    [shell] = [one for one in document(staffed, "sessions")["sessions"] if one["kind"] == "shell"]
    call(staffed, "sessions", "--end", shell["session_id"])
    with pytest.raises(NotAuthenticated):
        signed_in(load_settings(staffed), "hold", "uk")


def test_a_wrong_password_signs_nobody_in(staffed: Path) -> None:
    call(staffed, "sign-out")
    with pytest.raises(NotAuthenticated, match="do not match"):
        call(staffed, "sign-in", "--email", "anna@shop.example", typed="wrong\n")
    with pytest.raises(InputError, match="No password"):
        call(staffed, "sign-in", "--email", "anna@shop.example", typed="\n")


def test_a_shell_may_bring_an_admin_back_and_the_audit_says_it_was_the_shell(staffed: Path) -> None:
    call(staffed, "sign-out")
    call(staffed, "password", "anna@shop.example", "--as-shell", typed=GOOD + " anew\n")
    call(staffed, "sign-in", "--email", "anna@shop.example", typed=GOOD + " anew\n")
    with open_workspace_state(load_settings(staffed)) as state:
        changed = next(one for one in state.audit.latest() if one["action"] == "person.password")
    assert (changed["who"], changed["person"]) == (f"shell:{account()}", None)


def test_other_verbs_carry_the_person_too(staffed: Path) -> None:
    made = ["keys", "create", "--store", "uk", "--workspace", str(staffed)]
    assert CliRunner().invoke(build(), made, catch_exceptions=False).exit_code == 0
    with open_workspace_state(load_settings(staffed)) as state:
        newest = state.audit.latest()[0]
    assert newest["action"] == "key.create"
    assert newest["who"].startswith("Anna Lee (person ")
    assert newest["session"] is not None


def test_a_person_is_removed_then_erased(staffed: Path) -> None:
    call(staffed, "remove", "bob@shop.example")
    with pytest.raises(InputError, match="Nobody here"):
        call(staffed, "remove", "bob@shop.example")
    assert "removed" in call(staffed, "list")
    call(staffed, "remove", "bob@shop.example", "--erase")
    assert "Bob" not in call(staffed, "list")
    assert "Bob" not in json.dumps(document(staffed, "sessions"))


def test_no_verb_takes_a_password_as_an_argument() -> None:
    for verb in ("add", "password", "sign-in"):
        shown = CliRunner().invoke(build(), ["people", verb, "--help"]).stdout
        assert "--password" not in shown
