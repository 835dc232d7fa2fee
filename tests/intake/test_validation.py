"""One judge of rows: what fits passes, what can be mended is mended, the rest is named field by field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import NEEDS_PRODUCT, Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, INVENTORY, PRODUCTS, SOURCE_TABLES, STORES, USERS, TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.identity import row_identity
from shopkeeper.intake.validation import RowValidator

NOW = datetime(2026, 1, 10, tzinfo=UTC)
UK = {"uk": Store(store="uk", time_zone="Europe/London")}
ROW: dict[str, Any] = {"ts": "2026-01-01T12:00:00Z", "type": "purchase", "product": "lamp", "user": "ann", "price": 9.5}


def judge(table: TableSchema = EVENTS, store: str | None = "uk") -> RowValidator:
    return RowValidator(table, UK, store, lambda: NOW, 300.0)


def event(**changed: object) -> Event:
    judged = judge().check({**ROW, **changed}, 1)
    assert isinstance(judged, Event), judged
    return judged


def problem(**changed: object) -> FieldProblem:
    judged = judge().check({**ROW, **changed}, 7)
    assert isinstance(judged, tuple)
    assert len(judged) == 1, judged
    return judged[0]


class TestMending:
    def test_a_row_that_fits_comes_through_as_it_is(self) -> None:
        assert event() == Event(
            event_id=row_identity("events", "uk", ROW),
            ts=datetime(2026, 1, 1, 12, tzinfo=UTC),
            store="uk",
            type="purchase",
            product="lamp",
            user="ann",
            price=9.5,
            received_at=NOW,
        )

    def test_a_number_given_for_an_identifier_becomes_text(self) -> None:
        assert [event(user=value).user for value in (17850, 17850.0, "17850")] == ["17850"] * 3

    def test_a_number_in_text_is_a_number(self) -> None:
        assert event(price="9.50", quantity=" 3 ", position="2").position == 2

    def test_empty_and_null_and_words_for_them_are_missing(self) -> None:
        assert [event(user=value).user for value in (None, "", "  ", "NaN", "NaT", "null", "<NA>")] == [None] * 7

    def test_a_time_without_offset_is_read_in_the_time_zone_of_the_store(self) -> None:
        assert event(ts="2025-07-01 12:50:00").ts == datetime(2025, 7, 1, 11, 50, tzinfo=UTC)

    def test_unknown_columns_are_kept_as_properties(self) -> None:
        assert event(country="EIRE", properties={"a": 1}).properties == {"country": "EIRE", "a": 1}

    def test_properties_given_as_text_are_read(self) -> None:
        assert event(properties='{"a": [1, 2]}').properties == {"a": [1, 2]}

    @pytest.mark.parametrize(
        "given",
        [
            {"consent": {"measure": True, "email": False}},
            {"consent": '{"measure": "yes", "email": 0}'},
            {"consent_measure": "true", "consent_email": "no"},
            {"consent": {"measure": True}, "consent_email": "0"},
        ],
    )
    def test_consent_comes_as_object_text_or_flat_columns(self, given: dict[str, Any]) -> None:
        assert event(**given).consent == Consent(measure=True, email=False)

    def test_categories_in_text_are_split_and_their_paths_kept(self) -> None:
        row = judge(PRODUCTS).check({"product": 5, "categories": "home > light | gifts"})
        assert isinstance(row, Product)
        assert (row.product, row.store, row.categories) == ("5", "uk", ("home > light", "gifts"))

    def test_a_title_may_begin_with_a_bracket_or_be_a_map_of_locales(self) -> None:
        titles = [judge(PRODUCTS).check({"product": "a", "title": t}) for t in ("[NEW] lamp", '{"en": "lamp"}')]
        assert [getattr(row, "title", None) for row in titles] == ["[NEW] lamp", {"en": "lamp"}]

    @pytest.mark.parametrize(("written", "meant"), [("yes", True), ("0", False), (1, True), ("False", False)])
    def test_yes_and_no_are_read_in_the_usual_ways(self, written: object, meant: bool) -> None:
        row = judge(PRODUCTS).check({"product": "a", "sensitive": written})
        assert getattr(row, "sensitive", None) is meant

    def test_values_json_cannot_hold_are_kept_as_text(self) -> None:
        row = judge(USERS).check({"user": "ann", "since": datetime(2020, 1, 1), "raw": b"\xff"})  # noqa: DTZ001
        assert isinstance(row, User)
        assert msgspec.json.decode(msgspec.json.encode(row.attributes)) == {
            "since": "2020-01-01T00:00:00",
            "raw": "\\xff",
        }


class TestRefusing:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("price", "NaN"),
            ("price", float("nan")),
            ("price", "inf"),
            ("price", -1),
            ("price", "1,50"),
            ("price", True),
            ("quantity", "many"),
            ("ts", "tomorrow"),
            ("ts", NOW + timedelta(seconds=301)),
            ("ts", -5),
            ("type", "buy"),
            ("user", "x" * 201),
            ("user", "broken \ud800"),
            ("user", b"\xff\xfe"),
            ("query", "a\x00b"),
            ("position", 1.5),
            ("currency", "pounds"),
            ("properties", "[1]"),
            ("properties", {"a": "x" * 10_001}),
            ("properties", {str(n): n for n in range(101)}),
            ("properties", {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}),
            ("consent", {"measure": "perhaps"}),
            ("store", "de"),
            ("product", ""),
        ],
    )
    def test_one_wrong_value_gives_one_problem_with_field_row_and_remedy(self, field: str, value: object) -> None:
        found = problem(**{field: value})
        assert (found.field, found.row) == (field, 7)
        assert found.reason
        assert found.remedy

    def test_all_problems_of_a_row_come_at_once(self) -> None:
        judged = judge().check({"ts": "soon", "type": "buy", "price": -1, "user": []}, 3)
        assert isinstance(judged, tuple)
        assert {p.field for p in judged} == {"ts", "type", "price", "user"}

    def test_a_missing_required_column_is_named(self) -> None:
        judged = judge(INVENTORY).check({"product": "a"})
        assert isinstance(judged, tuple)
        assert {p.field for p in judged} == {"ts", "on_hand"}

    def test_a_row_names_its_store_where_none_is_given(self) -> None:
        anywhere = judge(store=None)
        assert isinstance(anywhere.check({**ROW, "store": "uk"}), Event)
        lost = anywhere.check(ROW)
        unknown = anywhere.check({**ROW, "store": "de"})
        assert isinstance(lost, tuple)
        assert isinstance(unknown, tuple)
        assert [p.field for p in (*lost, *unknown)] == ["store", "store"]

    @pytest.mark.parametrize("kind", sorted(NEEDS_PRODUCT))
    def test_a_type_about_a_product_needs_one(self, kind: str) -> None:
        judged = judge().check({"ts": ROW["ts"], "type": kind})
        assert isinstance(judged, tuple)
        assert [p.field for p in judged] == ["product"]

    def test_a_store_needs_a_real_time_zone(self) -> None:
        judged = RowValidator(STORES, {}, None, lambda: NOW).check({"store": "x", "time_zone": "Mars/Olympus"})
        assert isinstance(judged, tuple)
        assert [p.field for p in judged] == ["time_zone"]

    @pytest.mark.parametrize("raw", [None, 5, "text", [], b"x"])
    def test_what_is_no_object_is_refused_as_a_whole(self, raw: Any) -> None:  # noqa: ANN401 - anything may come
        judged = judge().check(raw)
        assert isinstance(judged, tuple)
        assert [p.field for p in judged] == ["$"]


class TestIdentity:
    def test_equal_rows_have_one_identity_and_other_rows_another(self) -> None:
        assert event().event_id == event().event_id != event(price=9.6).event_id

    def test_the_identity_does_not_depend_on_the_order_of_columns_or_on_empty_ones(self) -> None:
        turned = judge().check({**dict(reversed(ROW.items())), "visitor": "", "query": None})
        assert isinstance(turned, Event)
        assert turned.event_id == event().event_id

    def test_a_mended_row_has_the_identity_of_what_came(self) -> None:
        first, later = judge(), judge()
        numbered = {**ROW, "user": 17850}
        ids = [getattr(j.check(numbered), "event_id", None) for j in (first, first, later)]
        assert ids == [row_identity("events", "uk", numbered)] * 3

    def test_a_given_identity_is_kept(self) -> None:
        assert event(event_id=5).event_id == "5"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=5,
)


@pytest.mark.parametrize("table", SOURCE_TABLES.values(), ids=lambda table: table.name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_a_row_holds_it_gives_a_row_that_can_be_logged_or_problems_with_fields(
    table: TableSchema, data: st.DataObject
) -> None:
    names = st.sampled_from(sorted(table.column_names)) | st.text(max_size=5)
    raw = data.draw(st.dictionaries(names, json_values, max_size=8))
    judged = judge(table, data.draw(st.sampled_from(["uk", None]))).check(raw, 1)
    if isinstance(judged, tuple):
        assert judged
        assert all(found.field and found.reason and found.row == 1 for found in judged)
    else:
        assert msgspec.json.decode(msgspec.json.encode(judged), type=table.row) == judged


ids = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and text not in {"nan", "NaN", "NaT", "<NA>", "NULL", "null", "undefined"}
)


@settings(max_examples=100, deadline=None)
@given(
    event_id=ids,
    user=st.none() | ids,
    product=ids,
    price=st.floats(0, 1e9),
    ts=st.datetimes(datetime(1970, 1, 2), datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    consent=st.builds(Consent, measure=st.none() | st.booleans()),
)
def test_a_valid_event_survives_the_way_out_and_in(**fields: Any) -> None:  # noqa: ANN401 - hypothesis
    there = Event(store="uk", type="purchase", received_at=NOW, **fields)
    assert judge().check(msgspec.json.decode(msgspec.json.encode(there))) == there
