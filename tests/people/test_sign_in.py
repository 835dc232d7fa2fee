"""Signing in tells nothing about who exists, and stops whoever guesses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError, NotAuthenticated, TooManyTries
from shopkeeper.people import passwords
from shopkeeper.people import sign_in as signing
from shopkeeper.people.limits import PAIR_TRIES, WINDOW
from shopkeeper.people.passwords import hashed
from shopkeeper.people.person import Person
from shopkeeper.people.sign_in import SignIn

GOOD = "four unrelated words"
HERE = "10.0.0.9"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hash cost a thousandth; what it really costs is tested with passwords."""
    monkeypatch.setattr(passwords, "_LOG_N", 5)


@pytest.fixture
def kept(cheap: None) -> str:
    return hashed(GOOD)


class Clock:
    """A time that moves when told; it begins now, as sessions begin by the database's own clock."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


@pytest.fixture
def anna(state: State, kept: str) -> Person:
    person = state.people.add("Anna Lee", "anna@shop.example", {"*": ("admin",)}, "test")
    state.people.set_password(person.person_id, kept, "test")
    return person


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(state: State, clock: Clock, anna: Person) -> SignIn:
    return SignIn(state.people, state.sessions, state.tries, clock, timedelta(hours=12))


def fails(door: SignIn, email: str, password: str, address: str = HERE) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        door.sign_in(email, password, address, "browser")
    return str(refused.value)


def test_the_right_password_begins_a_session_for_as_long_as_it_shall_last(
    door: SignIn, state: State, clock: Clock
) -> None:
    actor, token = door.sign_in("Anna@Shop.example", GOOD, HERE, "browser")
    assert actor.may("override")
    found = state.sessions.find(token, ("browser",), clock())
    assert found is not None
    assert found[1].ends_at - clock() == timedelta(hours=12)


def test_a_stranger_a_wrong_password_one_without_and_one_removed_hear_the_same(
    door: SignIn, state: State, kept: str
) -> None:
    state.people.add("Bob", "bob@shop.example", {"uk": ("viewer",)}, "test")
    cleo = state.people.add("Cleo", "cleo@shop.example", {"uk": ("viewer",)}, "test")
    state.people.set_password(cleo.person_id, kept, "test")
    state.people.remove(cleo.person_id, "test")
    said = {
        fails(door, "nobody@shop.example", GOOD),
        fails(door, "no address", GOOD),
        fails(door, "anna@shop.example", "wrong"),
        fails(door, "bob@shop.example", GOOD),
        fails(door, "cleo@shop.example", GOOD),
    }
    assert len(said) == 1


def test_a_hash_is_computed_whether_or_not_anybody_has_the_address(
    door: SignIn, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[str | None] = []

    def slow(_: str, against: str | None) -> bool:
        computed.append(against)
        return False

    monkeypatch.setattr(signing, "matches", slow)
    fails(door, "nobody@shop.example", GOOD)
    fails(door, "anna@shop.example", "wrong")
    assert computed == [None, kept]


@pytest.mark.parametrize("email", ["anna@shop.example", "nobody@shop.example"])
def test_who_guesses_is_locked_out_from_their_place_with_the_right_password_too(
    door: SignIn, clock: Clock, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "matches", lambda given, kept: kept is not None and given == GOOD)
    for _ in range(PAIR_TRIES):
        fails(door, email, "wrong")
    with pytest.raises(TooManyTries, match="Wait 15 minutes") as refused:
        door.sign_in(email, GOOD, HERE, "browser")
    assert refused.value.retry_after_seconds == WINDOW.total_seconds()
    if email == "anna@shop.example":
        door.sign_in(email, GOOD, "10.0.0.8", "browser")  # the person herself, from elsewhere
        clock.now += WINDOW + timedelta(seconds=1)
        door.sign_in(email, GOOD, HERE, "browser")


def test_a_success_clears_the_way_and_costs_the_place_nothing(door: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing, "matches", lambda given, kept: given == GOOD and kept is not None)
    for _ in range(PAIR_TRIES * 10):
        door.sign_in("anna@shop.example", GOOD, HERE, "browser")
    for _ in range(PAIR_TRIES - 1):
        fails(door, "anna@shop.example", "wrong")
    door.sign_in("anna@shop.example", GOOD, HERE, "browser")
    for _ in range(PAIR_TRIES):
        fails(door, "anna@shop.example", "wrong")


def test_an_invitation_sets_a_password_once_and_lets_in_who_was_locked_out(
    door: SignIn, state: State, clock: Clock, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(PAIR_TRIES + 1):
        with pytest.raises(InputError):
            door.sign_in("anna@shop.example", "", HERE, "browser")
    _, token = state.sessions.begin(anna.person_id, "invite", "command line", clock() + timedelta(hours=1), "test")
    with pytest.raises(InputError, match="not taken"):
        door.accept(token, "short", HERE)
    assert door.accept(token, "another four words", HERE).name == "Anna Lee"
    with pytest.raises(NotAuthenticated, match="not valid"):
        door.accept(token, "another four words", HERE)
    door.sign_in("anna@shop.example", "another four words", HERE, "browser")


def test_a_hash_of_weaker_settings_is_made_anew(
    door: SignIn, state: State, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "outdated", lambda found: found == kept)
    door.sign_in("anna@shop.example", GOOD, HERE, "browser")
    found = state.people.password_hash("anna@shop.example")
    assert found is not None
    assert found[1] != kept
