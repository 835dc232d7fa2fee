"""What stands in the head of a product's page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from msgspec.structs import replace as changed
from tests.content.channels.offers import KETTLE, file_of, offer, written

from shopkeeper.commerce.product import Product
from shopkeeper.content.channels.json_ld import JSON_LD
from shopkeeper.content.channels.meta_tags import META_TAGS
from shopkeeper.content.channels.offer import Text


class Page(HTMLParser):
    """Tags of a page, and what stands in its scripts and title."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.within: dict[str, str] = {}
        self._open = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser names it
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.within[self._open] = self.within.get(self._open, "") + data


def page(text: str) -> Page:
    (row,) = text.splitlines()
    return Page(json.loads(row)["html"])


def product_of(product: Product = KETTLE, *texts: Text, variants: tuple[Product, ...] = ()) -> dict[str, Any]:
    text, refused = file_of(JSON_LD, offer(product, *texts, variants=variants))
    assert refused == []
    shown = page(text)
    assert [tag for tag, _ in shown.tags] == ["script"]
    found: dict[str, Any] = json.loads(shown.within["script"])
    return found


def test_json_ld_has_what_search_engines_require_and_recommend() -> None:
    found = product_of()
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Product")
    assert found["name"] == written()["title"].text
    assert found["image"] == {
        "@type": "ImageObject",
        "url": "https://cdn.example/k%201.jpg",
        "caption": written()["alt_text"].text,
    }
    assert found["offers"] == {
        "@type": "Offer",
        "price": "49.90",
        "priceCurrency": "GBP",
        "availability": "https://schema.org/InStock",
        "url": "https://shop.example/products/aria-kettle",
    }
    assert found["brand"] == {"@type": "Brand", "name": "Aria & Sons"}
    assert {"description", "sku", "gtin", "url", "category"} < set(found)


def test_variants_of_several_prices_are_one_offer_from_the_lowest_to_the_highest() -> None:
    prices = [39.0, 59.0, 49.0]
    variants = tuple(changed(KETTLE, product=f"K-{n}", parent="K-1", price=price) for n, price in enumerate(prices))
    offers = product_of(KETTLE, variants=variants)["offers"]
    assert (offers["@type"], offers["lowPrice"], offers["highPrice"], offers["offerCount"]) == (
        "AggregateOffer", "39.00", "59.00", 3,
    )  # fmt: skip


def test_no_text_ends_the_script_it_stands_in() -> None:
    evil = 'Aria </script><script>alert(1)</script><!-- & "'
    text, _ = file_of(JSON_LD, offer(changed(KETTLE, brand=evil)))
    shown = page(text)
    assert len(shown.tags) == 1
    assert json.loads(shown.within["script"])["brand"]["name"] == evil


def test_a_product_without_price_or_picture_is_refused_by_name() -> None:
    text, refused = file_of(JSON_LD, offer(changed(KETTLE, price=None, image_url=None)))
    assert text == ""
    assert [one.field for one in refused] == ["image_url", "price"]


def test_meta_tags_say_title_description_picture_and_the_one_address() -> None:
    text, _ = file_of(META_TAGS, offer())
    shown, texts = page(text), written()
    metas = {of.get("name") or of.get("property"): of.get("content") for tag, of in shown.tags if tag == "meta"}
    assert shown.within["title"] == texts["meta_title"].text
    assert metas["description"] == texts["meta_description"].text
    assert metas["og:image:alt"] == texts["alt_text"].text
    assert metas["og:locale"] == "en_GB"
    assert [of["href"] for tag, of in shown.tags if tag == "link"] == ["https://shop.example/products/aria-kettle"]


def test_no_text_ends_the_attribute_it_stands_in() -> None:
    evil = 'Red" onload="x()'
    shown = page(file_of(META_TAGS, offer(KETTLE, Text("meta_description", evil, "published")))[0])
    (said,) = [of for tag, of in shown.tags if tag == "meta" and of.get("name") == "description"]
    assert said == {"name": "description", "content": evil}


def test_a_page_whose_address_is_not_known_has_no_canonical_one() -> None:
    shown = page(file_of(META_TAGS, offer(changed(KETTLE, url=None), site=""))[0])
    assert [tag for tag, _ in shown.tags if tag == "link"] == []
