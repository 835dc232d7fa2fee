"""What may leave the house, whatever the channel."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as changed
from tests.content.channels.offers import KETTLE, NOW, file_of, offer

from shopkeeper.content.channels.every import CHANNELS, channel_named
from shopkeeper.content.channels.offer import Text, address, amount
from shopkeeper.content.channels.plain import CSV, JSONL
from shopkeeper.content.fields import PRODUCT_FIELDS
from shopkeeper.errors import InputError


@pytest.mark.parametrize("name", CHANNELS)
def test_texts_of_the_realiser_go_out_in_each_channel(name: str) -> None:
    text, refused = file_of(channel_named(name), offer())
    assert refused == []
    assert "Aria" in text


@pytest.mark.parametrize("state", ["draft", "checked", "approved", "stale", "retired"])
def test_only_what_is_published_leaves_the_house(state: str) -> None:
    text, refused = file_of(JSONL, offer(KETTLE, Text("ad_text", "Red and ready.", state)))
    assert "Red and ready." not in text
    assert [(one.product, one.field, one.reason) for one in refused] == [
        ("K-1", "ad_text", f"It is {state}, not published.")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (Text("meta_title", "i" * 61, "published"), "61 characters, 60 allowed."),
        (Text("meta_title", "W" * 31, "published"), "pixels wide"),
        (Text("description_long", "<p>Red.</p><script>x()</script>", "published"), "not among the allowed tags"),
        (Text("description_long", '<p onclick="x()">Red.</p>', "published"), "not among the allowed tags"),
        (Text("title", "<b>Aria</b>", "published"), "in a plain text"),
        (Text("title", "Aria\u202eelttek", "published"), "control character"),
        (Text("ad_text", "  ", "published"), "says nothing"),
    ],
)
def test_a_text_a_person_made_unfit_is_refused_by_name_and_the_others_go_out(text: Text, reason: str) -> None:
    whole, refused = file_of(JSONL, offer(KETTLE, text))
    assert [(one.product, one.field) for one in refused] == [("K-1", text.field)]
    assert reason in refused[0].reason
    assert refused[0].remedy
    assert len(whole.splitlines()) == len(PRODUCT_FIELDS) - 1


def test_what_is_not_sold_is_in_no_file() -> None:
    gone = offer(changed(KETTLE, status="withdrawn"))
    over = offer(changed(KETTLE, available_until=NOW - timedelta(days=1)))
    fee = offer(changed(KETTLE, kind="service"))
    text, refused = file_of(JSONL, gone, over, fee)
    assert text == ""
    assert [one.field for one in refused] == ["$", "$", "$"]


def test_a_product_nothing_was_written_of_is_passed_over() -> None:
    assert file_of(JSONL, replace(offer(), texts={})) == ("", [])


def test_a_formula_in_a_text_reaches_a_csv_as_words() -> None:
    formula = "=HYPERLINK(A1) and more"
    text, refused = file_of(CSV, offer(KETTLE, Text("ad_text", formula, "published")))
    rows = {row["field"]: row["text"] for row in csv.DictReader(io.StringIO(text))}
    assert refused == []
    assert rows["ad_text"] == f"'{formula}"


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("/products/a b", "https://shop.example/products/a%20b"),
        ("https://cdn.example/é.jpg?w=1&h=2#x", "https://cdn.example/%C3%A9.jpg?w=1&h=2"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://cdn.example/a%20b", "https://cdn.example/a%20b"),
        ("javascript:alert(1)", ""),
        ("https://user:pw@shop.example/", ""),
        ("https://[bad", ""),
        (None, ""),
    ],
)
def test_an_address_is_absolute_and_safe_or_none(url: str | None, absolute: str) -> None:
    assert address(url, "https://shop.example/") == absolute


def test_money_has_the_places_of_its_currency() -> None:
    assert (amount(49.9, "GBP"), amount(1299.0, "JPY"), amount(1.25, "KWD")) == ("49.90", "1299", "1.250")


def test_an_unknown_channel_names_those_there_are() -> None:
    with pytest.raises(InputError, match="woocommerce"):
        channel_named("teletext")
