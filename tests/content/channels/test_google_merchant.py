"""The product feed of Google Merchant Center."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace as changed
from tests.content.channels.offers import KETTLE, NOW, file_of, offer, written

from shopkeeper.commerce.product import Product
from shopkeeper.content.channels.google_merchant import GOOGLE_MERCHANT
from shopkeeper.content.channels.offer import Offer, Text
from shopkeeper.content.fields import Field

G = "{http://base.google.com/ns/1.0}"


def items(*offers: Offer) -> list[dict[str, str]]:
    """Simple attributes of each item."""
    text, _ = file_of(GOOGLE_MERCHANT, *offers)
    found = ElementTree.fromstring(text).iter("item")  # noqa: S314 - our own file
    return [{child.tag.removeprefix(G): child.text or "" for child in item} for item in found]


def test_an_item_has_all_that_google_requires() -> None:
    (item,) = items(offer())
    assert item["title"] == written()["title"].text
    assert "<" not in item["description"]
    expected = {
        "id": "K-1", "link": "https://shop.example/products/aria-kettle", "image_link": "https://cdn.example/k%201.jpg",
        "availability": "in_stock", "price": "49.90 GBP", "brand": "Aria & Sons", "gtin": "4006381333931",
        "color": "Red", "material": "Stainless steel", "product_type": "kitchen > kettles",
    }  # fmt: skip
    assert {name: item[name] for name in expected} == expected


@pytest.mark.parametrize("field", ["title", "description_long"])
def test_google_is_told_which_texts_a_model_wrote(field: Field) -> None:
    name = field.removesuffix("_long")
    words = "Aria & Sons kettle" if field == "title" else "<p>Aria &amp; Sons kettle</p>"
    text, refused = file_of(GOOGLE_MERCHANT, offer(KETTLE, Text(field, words, "published", by_model=True)))
    assert refused == []
    (item,) = ElementTree.fromstring(text).iter("item")  # noqa: S314 - our own file
    assert item.find(f"{G}{name}") is None
    told = item.find(f"{G}structured_{name}")
    assert told is not None
    assert [(child.tag, child.text) for child in told] == [
        (f"{G}digital_source_type", "trained_algorithmic_media"),
        (f"{G}content", "Aria & Sons kettle"),
    ]


def test_what_rules_or_people_wrote_is_not_called_a_models() -> None:
    assert "structured_" not in file_of(GOOGLE_MERCHANT, offer())[0]


def test_bullets_are_highlights_unless_a_model_wrote_them() -> None:
    bullets = "<ul><li>Holds 1.7 L.</li><li>Red &amp; steel.</li></ul>"
    ours, _ = file_of(GOOGLE_MERCHANT, offer(KETTLE, Text("bullets", bullets, "published")))
    models, _ = file_of(GOOGLE_MERCHANT, offer(KETTLE, Text("bullets", bullets, "published", by_model=True)))
    assert ours.count("product_highlight>") == 2 * 2
    assert "product_highlight" not in models


@pytest.mark.parametrize(
    ("lacking", "attribute"),
    [
        (changed(KETTLE, price=None), "price"),
        (changed(KETTLE, price=0.0), "price"),
        (changed(KETTLE, image_url=None), "image_link"),
        (changed(KETTLE, url="javascript:x"), "link"),
        (changed(KETTLE, product="k" * 51), "id"),
        (changed(KETTLE, brand="b" * 71), "brand"),
    ],
)
def test_a_product_google_would_refuse_is_left_out_by_the_attributes_name(lacking: Product, attribute: str) -> None:
    text, refused = file_of(GOOGLE_MERCHANT, offer(lacking))
    assert "<item>" not in text
    assert [one.field for one in refused] == [attribute]


def test_without_a_description_there_is_no_item() -> None:
    texts = [Text("description_long", "<p>x</p>", "draft"), Text("description_short", "x", "draft")]
    _, refused = file_of(GOOGLE_MERCHANT, offer(KETTLE, *texts))
    assert [one.field for one in refused] == ["description_long", "description_short", "description"]


def test_variants_are_items_of_one_group_with_their_own_price_and_size() -> None:
    small = changed(KETTLE, product="K-1-S", parent="K-1", price=39.0, attributes={"Size": "S"}, url=None)
    large = changed(KETTLE, product="K-1-L", parent="K-1", price=59.0, attributes={"Size": "L"}, stock=0)
    gone = changed(small, product="K-1-M", status="withdrawn")
    found = items(offer(KETTLE, variants=(small, large, gone)))
    assert [(one["id"], one["item_group_id"], one["price"], one["size"], one["availability"]) for one in found] == [
        ("K-1-S", "K-1", "39.00 GBP", "S", "in_stock"),
        ("K-1-L", "K-1", "59.00 GBP", "L", "out_of_stock"),
    ]
    assert {one["link"] for one in found} == {"https://shop.example/products/aria-kettle"}


def test_what_is_not_sold_yet_says_from_when() -> None:
    (item,) = items(offer(changed(KETTLE, available_from=NOW + timedelta(days=2))))
    assert (item["availability"], item["availability_date"]) == ("preorder", "2026-11-28T00:00+00:00")


def test_a_gtin_with_a_wrong_check_digit_is_left_out() -> None:
    (item,) = items(offer(changed(KETTLE, gtin="4006381333932")))
    assert "gtin" not in item


def test_a_record_with_letters_xml_cannot_hold_breaks_no_feed() -> None:
    (item,) = items(offer(changed(KETTLE, brand="Aria\x0b <Sons>")))
    assert item["brand"] == "Aria <Sons>"
