"""Files that Shopify and WooCommerce read."""

from __future__ import annotations

import csv
import io

import pytest
from msgspec.structs import replace as changed
from tests.content.channels.offers import KETTLE, file_of, offer, written

from shopkeeper.content.channels.offer import Text
from shopkeeper.content.channels.shopify import SHOPIFY
from shopkeeper.content.channels.woocommerce import WOOCOMMERCE
from shopkeeper.content.fields import Field


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_shopify_gets_the_texts_under_the_handle_of_the_products_page() -> None:
    text, refused = file_of(SHOPIFY, offer())
    texts = written()
    assert refused == []
    assert rows(text) == [
        {
            "Handle": "aria-kettle",
            "Title": texts["title"].text,
            "Body (HTML)": texts["description_long"].text + texts["bullets"].text,
            "SEO Title": texts["meta_title"].text,
            "SEO Description": texts["meta_description"].text,
            "Image Src": "https://cdn.example/k%201.jpg",
            "Image Alt Text": texts["alt_text"].text,
        }
    ]


def test_shopify_gets_no_handle_that_is_made_up_since_it_would_make_a_product_of_it() -> None:
    text, refused = file_of(SHOPIFY, offer(changed(KETTLE, url=None)), offer(changed(KETTLE, url="", product="k-1")))
    assert [row["Handle"] for row in rows(text)] == ["k-1"]
    assert [(one.product, one.field) for one in refused] == [("K-1", "url")]


@pytest.mark.parametrize("field", ["title", "meta_title", "meta_description", "alt_text"])
def test_shopify_would_keep_an_apostrophe_so_a_formula_is_refused(field: Field) -> None:
    text, refused = file_of(SHOPIFY, offer(KETTLE, Text(field, "=1+1 kettle", "published")))
    assert rows(text) == []
    assert [(one.field, "run it" in one.reason) for one in refused] == [(field, True)]


def test_shopify_gets_the_records_title_where_none_is_published() -> None:
    text, _ = file_of(SHOPIFY, offer(KETTLE, Text("title", "Aria kettle in red", "draft")))
    assert [row["Title"] for row in rows(text)] == ["Aria Kettle"]


def test_woocommerce_gets_the_texts_by_sku() -> None:
    text, refused = file_of(WOOCOMMERCE, offer())
    texts = written()
    assert refused == []
    assert rows(text) == [
        {
            "SKU": "K-1",
            "Name": texts["title"].text,
            "Short description": texts["description_short"].text,
            "Description": texts["description_long"].text + texts["bullets"].text,
            "Meta: _yoast_wpseo_title": texts["meta_title"].text,
            "Meta: _yoast_wpseo_metadesc": texts["meta_description"].text,
        }
    ]


def test_woocommerce_takes_off_the_apostrophe_its_own_exporter_writes_and_no_other() -> None:
    dash, pipe = Text("description_short", "-20 °C", "published"), Text("meta_title", "|calc", "published")
    text, refused = file_of(WOOCOMMERCE, offer(KETTLE, dash), offer(KETTLE, pipe))
    assert [row["Short description"] for row in rows(text)] == ["'-20 °C"]
    assert [one.field for one in refused] == ["Meta: _yoast_wpseo_title"]
