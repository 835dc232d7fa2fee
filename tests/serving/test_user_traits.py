"""Who users are by their newest records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.traits import UNKNOWN_TRAITS
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.user_traits import UserTraits

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def group(store: str) -> str:
    return {"uk": "island", "ie": "island"}.get(store, store)


def row(user: str, minute: int, store: str = "uk", *, deleted: bool = False, **said: str) -> SourcedRow:
    record = User(user=user, store=store, age_band=said.get("age_band"), gender=said.get("gender"))
    return SourcedRow(record, NOON + timedelta(minutes=minute), deleted=deleted)


def test_the_newest_record_counts_and_an_older_one_changes_nothing() -> None:
    traits = UserTraits(group)
    traits.apply([row("ann", 1, age_band="25-34"), row("ann", 0, age_band="18-24")])
    assert traits.of("uk", "ann") == ("25-34", "", "", "")
    assert traits.of("uk", "ben") is None
    assert traits.of("uk", None) is None


def test_a_record_counts_in_its_customer_group_alone_and_a_shared_one_in_all() -> None:
    traits = UserTraits(group)
    traits.apply([row("ann", 0, store="uk", age_band="25-34"), row("ben", 0, store="", gender="m")])
    assert traits.of("ie", "ann") == ("25-34", "", "", "")
    assert traits.of("us", "ann") is None
    assert traits.of("us", "ben") == ("", "m", "", "")


def test_two_records_of_one_user_say_together_what_either_says() -> None:
    traits = UserTraits(group)
    traits.apply([row("ann", 0, store="uk", age_band="25-34"), row("ann", 1, store="ie", gender="f")])
    assert traits.of("uk", "ann") == traits.of("ie", "ann") == ("25-34", "f", "", "")


def test_a_deleted_record_says_nothing_any_more() -> None:
    traits = UserTraits(group)
    traits.apply([row("ann", 0, age_band="25-34"), row("ann", 1, age_band="25-34", deleted=True)])
    assert traits.of("uk", "ann") == UNKNOWN_TRAITS


def test_above_the_most_those_with_the_oldest_records_go() -> None:
    traits = UserTraits(group, most=8)
    traits.apply([row(f"u{n}", 100 - n, gender="f") for n in range(9)])
    assert traits.of("uk", "u8") is None
    assert all(traits.of("uk", f"u{n}") for n in range(8))
