"""Whoever acts is one value: what they may do, and how they are written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.errors import InputError, NotAllowed
from shopkeeper.people.person import (
    Person,
    Session,
    at_the_machine,
    checked_email,
    checked_name,
    machine,
    read_signature,
    shell_user,
    signed,
)
from shopkeeper.people.roles import RIGHTS

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ANNA = Person("1f2e3d4c", "Anna Lee", "anna@shop.example", {"uk": ("operator",)}, NOW)
SESSION = Session("9a8b7c6d", ANNA.person_id, "browser", "10.0.0.9", NOW, NOW, NOW + timedelta(hours=1))


def test_a_person_is_written_down_with_both_numbers_and_read_back() -> None:
    who = signed(ANNA, SESSION).who
    assert who == "Anna Lee (person 1f2e3d4c, session 9a8b7c6d)"
    assert read_signature(who) == ("1f2e3d4c", "9a8b7c6d")


@pytest.mark.parametrize(
    "who",
    [
        "anna",
        shell_user("x (person 1f2e3d4c, session 9a8b7c6d)").who,
        machine("1 (person 1f2e3d4c, session 9a8b7c6d)", "*").who,
        "loopback",
    ],
)
def test_nobody_else_passes_for_a_person(who: str) -> None:
    assert read_signature(who) == (None, None)


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "Anna (person 1f2e3d4c, session 9a8b7c6d)", "a\x07b", "key:1"])
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="name"):
        checked_name(name)


@pytest.mark.parametrize("email", ["", "anna", "a b@c", "@c", "a@", "a@b@c"])
def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(InputError, match="email"):
        checked_email(email)


def test_a_person_may_what_their_roles_say_where_they_say_it() -> None:
    actor = signed(ANNA, SESSION)
    actor.must("advance", "uk")
    with pytest.raises(NotAllowed, match=r"Anna Lee may not .* in store 'de'") as refused:
        actor.must("advance", "de")
    assert "people role anna@shop.example" in refused.value.remedy
    with pytest.raises(NotAllowed, match="go against the gate in store 'uk'"):
        actor.must("override", "uk")


def test_a_key_makes_things_safer_in_its_store_and_is_refused_the_rest_with_the_way_out() -> None:
    key = machine("ab12", "uk")
    key.must("rollback", "uk")
    with pytest.raises(NotAllowed, match="for store 'uk', not for store 'de'"):
        key.must("rollback", "de")
    with pytest.raises(NotAllowed, match=r"takes a person who signed in; this is key:ab12") as refused:
        key.must("override", "uk")
    assert "people sign-in" in refused.value.remedy


def test_a_reader_at_the_machine_may_make_safer_until_there_are_people_and_then_look() -> None:
    assert {right for right in RIGHTS if at_the_machine(only_look=False).may(right)} == {
        "view", "histories", "audit", "hold", "rollback", "stop",
    }  # fmt: skip
    assert {right for right in RIGHTS if at_the_machine(only_look=True).may(right)} == {"view", "histories", "audit"}


def test_the_account_of_a_shell_may_all_as_it_reaches_the_database_anyway() -> None:
    assert {right for right in RIGHTS if shell_user("root").may(right)} == set(RIGHTS)
    assert shell_user("").who == "shell:unknown"


def test_somebody_removed_may_nothing() -> None:
    gone = Person("1f2e3d4c", "Anna Lee", "anna@shop.example", {"*": ("admin",)}, NOW, active=False)
    assert not any(gone.may(right) for right in RIGHTS)
