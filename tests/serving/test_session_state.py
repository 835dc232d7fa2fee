"""Live profiles: what a shopper did lately, under the strongest key, never under anybody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from shopkeeper.commerce.event import PROFILED, Event, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import EMPTY_PROFILE
from shopkeeper.serving.session_state import EVENTS_KEPT, SessionState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def event(product: str, minutes: float = 0, type_: EventType = "view") -> Event:
    moment = NOON + timedelta(minutes=minutes)
    return Event(event_id=f"{product}-{minutes}", ts=moment, store="uk", type=type_, product=product)


def shopper(user: str | None = None, visitor: str | None = None, session: str | None = None) -> Shopper:
    return Shopper("uk", user, visitor, session)


def seen(state: SessionState, who: Shopper) -> list[str]:
    return [entry.product for entry in state.read(who).events]


def test_an_event_is_in_the_next_profile() -> None:
    state = SessionState(10)
    state.write(shopper(visitor="v"), event("lamp"))
    assert seen(state, shopper(visitor="v")) == ["lamp"]


def test_a_shopper_without_a_key_has_no_profile() -> None:
    state = SessionState(10)
    state.write(shopper(), event("lamp"))
    assert (len(state), state.read(shopper())) == (0, EMPTY_PROFILE)


def test_only_interest_in_a_product_or_its_refusal_changes_a_profile() -> None:
    state = SessionState(10)
    for type_ in ("impression", "search", "identify"):
        state.write(shopper(visitor="v"), event("lamp", type_=type_))
    assert state.read(shopper(visitor="v")) == EMPTY_PROFILE


def test_the_newest_fifty_are_kept_in_order_of_time_whatever_the_order_of_arrival() -> None:
    state = SessionState(10)
    minutes = [*range(1, 60), 0.5, 30.5]
    for minute in minutes:
        state.write(shopper(visitor="v"), event(str(minute), minute))
    expected = [str(minute) for minute in sorted(minutes)[-EVENTS_KEPT:]]
    assert seen(state, shopper(visitor="v")) == expected


def test_the_version_rises_with_every_change_and_is_never_used_twice() -> None:
    state = SessionState(profiles=1)
    versions = []
    for name in ("a", "b", "a", "a"):  # with room for one, the others are forgotten in between
        state.write(shopper(visitor=name), event("lamp"))
        versions.append(state.read(shopper(visitor=name)).version)
    assert versions == sorted(set(versions))


def test_the_longest_unseen_profile_goes_first() -> None:
    state = SessionState(profiles=2)
    for name in ("a", "b"):
        state.write(shopper(visitor=name), event("lamp"))
    state.read(shopper(visitor="a"))
    state.write(shopper(visitor="c"), event("lamp"))
    assert [bool(seen(state, shopper(visitor=name))) for name in "abc"] == [True, False, True]


def test_a_visitors_events_follow_the_user_after_login() -> None:
    state = SessionState(10)
    state.write(shopper(visitor="v"), event("lamp", 0))
    state.write(shopper(user="ann"), event("desk", 1))
    assert seen(state, shopper(user="ann", visitor="v")) == ["lamp", "desk"]
    assert seen(state, shopper(user="ann")) == ["lamp", "desk"]


def test_a_sessions_events_follow_the_visitor() -> None:
    state = SessionState(10)
    state.write(shopper(session="s"), event("lamp", 0))
    state.write(shopper(visitor="v", session="s"), event("desk", 1))
    assert seen(state, shopper(visitor="v")) == ["lamp", "desk"]


def test_after_logout_the_device_alone_shows_nothing_of_its_user() -> None:
    state = SessionState(10)
    state.write(shopper(user="ann", visitor="v"), event("lamp"))
    assert seen(state, shopper(visitor="v")) == []


def test_a_device_that_comes_with_another_user_brings_nothing_of_the_first() -> None:
    state = SessionState(10)
    state.write(shopper(user="ann", visitor="v"), event("lamp", 0))
    state.write(shopper(visitor="v"), event("ring", 1))  # signed out: ann's or a stranger's, nobody knows
    assert seen(state, shopper(user="bob", visitor="v")) == []
    assert seen(state, shopper(visitor="v")) == []
    assert seen(state, shopper(user="ann")) == ["lamp"]


def test_what_is_done_signed_out_returns_to_the_user_who_signs_in_again() -> None:
    state = SessionState(10)
    state.write(shopper(user="ann", visitor="v"), event("lamp", 0))
    state.write(shopper(visitor="v"), event("ring", 1))
    assert seen(state, shopper(user="ann", visitor="v")) == ["lamp", "ring"]


def test_profiles_never_cross_a_customer_group() -> None:
    state = SessionState(10)
    state.write(Shopper("uk", "ann"), event("lamp"))
    assert state.read(Shopper("de", "ann")) == EMPTY_PROFILE


def test_erasing_a_user_forgets_the_user_and_the_devices_that_were_theirs() -> None:
    state = SessionState(10)
    state.write(shopper(user="ann", visitor="v"), event("lamp"))
    state.write(shopper(visitor="v"), event("ring"))
    state.write(shopper(user="bob"), event("desk"))
    assert state.erase("uk", "ann") == 2
    assert seen(state, shopper(user="ann", visitor="v")) == []
    assert seen(state, shopper(user="bob")) == ["desk"]


KEYS = st.sampled_from([None, "1", "2"])


@given(st.lists(st.tuples(KEYS, KEYS, KEYS), max_size=12))
def test_whatever_the_order_of_keys_no_user_gets_what_another_user_did(
    steps: list[tuple[str | None, str | None, str | None]],
) -> None:
    """A product is named after the user who looked at it, so a profile of another user must not hold it."""
    state = SessionState(100)
    for place, (user, visitor, session) in enumerate(steps):
        who = shopper(user, visitor, session)
        state.write(who, event(f"{user}:{place}", place))
        if user is None:
            assert all(name.startswith("None:") for name in seen(state, who))
    for user in ("1", "2"):
        other = "2" if user == "1" else "1"
        assert not [name for name in seen(state, shopper(user)) if name.startswith(f"{other}:")]


def test_the_types_that_shape_a_profile_are_the_contracts_interest_types() -> None:
    state = SessionState(100)
    for type_ in PROFILED:
        state.write(shopper(visitor=type_), event("lamp", type_=type_))
    assert len(state) == len(PROFILED)


@settings(max_examples=40, deadline=None)
@given(
    written=st.lists(
        st.tuples(
            st.sampled_from([None, "ann", "bob"]), st.sampled_from([None, "v"]), st.sampled_from([None, "s"]),
            st.integers(0, 60), st.sampled_from(["view", "dismiss", "search"]), st.booleans(),
        ),
        max_size=40,
    )
)  # fmt: skip
def test_events_of_a_batch_count_as_one_by_one_whenever_profiles_are_read(
    written: list[tuple[str | None, str | None, str | None, int, EventType, bool]],
) -> None:
    together, single = SessionState(3), SessionState(3)
    batch: list[Event] = []
    for user, visitor, session, minute, type_, is_read in written:
        one = structs.replace(event(str(minute), minute, type_), user=user, visitor=visitor, session=session)
        batch.append(one)
        single.write(shopper(user, visitor, session), one)
        list(single.held())  # settles all, and changes nothing else
        if is_read:
            together.write_all("uk", batch)
            batch.clear()
            assert seen(together, shopper(user, visitor, session)) == seen(single, shopper(user, visitor, session))
    together.write_all("uk", batch)
    assert [(h.name, h.weaker, h.profile.events) for h in together.held()] == [
        (h.name, h.weaker, h.profile.events) for h in single.held()
    ]


def test_of_many_events_written_before_a_profile_is_read_the_newest_stay_whatever_their_order() -> None:
    state = SessionState(10)
    minutes = [n * 7 % 400 for n in range(400)]
    batch = [structs.replace(event(str(minute), minute), visitor="v") for minute in minutes]
    state.write_all("uk", batch)
    assert seen(state, shopper(visitor="v")) == [str(minute) for minute in range(400 - EVENTS_KEPT, 400)]
