"""Money, numbers, times and pictures as pages show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

import pytest

from shopkeeper.registry.figures import interval_text
from shopkeeper.web.control_room_decisions import masked
from shopkeeper.web.locale_text import ago, moment, money, number
from shopkeeper.web.pictures.picture import drawing_for, picture

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (1234.5, "GBP", "en-GB", "£1,234.50"),
        (1234.5, "EUR", "de-DE", "1.234,50\u00a0€"),
        (1234.5, "EUR", "nl-NL", "€\u00a01.234,50"),
        (1234.5, "EUR", "fr-FR", "1\u202f234,50\u00a0€"),
        (1234.5, "JPY", "ja-JP", "¥1,234"),
        (9.99, "CHF", "de-CH", "CHF\u00a09.99"),
        (-9.99, "USD", "en-US", "\u2212$9.99"),
        (9.99, "XAU", "tlh", "XAU\u00a09.99"),
    ],
)
def test_money_is_written_as_the_locale_writes_it(amount: float, currency: str, locale: str, text: str) -> None:
    assert money(amount, currency, locale) == text


def test_zero_has_no_sign() -> None:
    assert number(-0.001, "en", 1) == "0.0"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "just now"), (59, "59 s ago"), (3 * 60, "3 minutes ago"), (2 * 86_400, "2 days ago")]
)
def test_age_is_told_in_the_largest_unit_that_fits(seconds: int, text: str) -> None:
    assert ago(NOON - timedelta(seconds=seconds), NOON) == text


def test_what_is_no_time_is_shown_as_it_is() -> None:
    assert moment("2026-11-23T12:00:00+00:00") == "23 Nov 2026, 12:00 UTC"
    assert moment("yesterday") == "yesterday"


def test_a_difference_carries_its_sign_and_interval() -> None:
    assert interval_text({"value": -0.012, "low": -0.03, "high": 0.006}, signed=True) == (
        "\u22120.012 (\u22120.030 to +0.006)"
    )


def test_a_narrow_interval_gets_the_digits_it_supports() -> None:
    assert interval_text({"value": 0.05061, "low": 0.0501, "high": 0.0511}) == "0.05061 (0.05010 to 0.05110)"


@pytest.mark.parametrize(("unit", "shown"), [("v-0123456789ab", "v-…ab"), ("anna", "…"), (None, "not measured")])
def test_a_shopper_cannot_be_told_from_the_mask(unit: str | None, shown: str) -> None:
    assert masked(unit) == shown


@pytest.mark.parametrize(
    ("title", "category", "drawn"),
    [
        ("Willow Bear Mug", "Toys", "mug"),
        ("Ashdown Moka Pot", "Kitchen > Coffee", "coffee_pot"),
        ("Alpine 3-Season Sleeping Bag", "Camping", "sleeping_bag"),
        ("WHITE HANGING HEART T-LIGHT HOLDER", "", "candle"),
        ("XJ-9", "Living > Table Lamps", "lamp"),
        ("XJ-9", "", "gift"),
    ],
)
def test_a_picture_shows_what_the_name_says(title: str, category: str, drawn: str) -> None:
    assert drawing_for(title, (category,)).__name__ == drawn


def test_the_same_product_always_looks_the_same_and_another_does_not() -> None:
    one = picture("Willow Mug", ("Mugs",), "Larkfield")
    picture.cache_clear()
    assert picture("Willow Mug", ("Mugs",), "Larkfield") == one
    assert picture("Willow Mug", ("Mugs",), "Larkfield", "Mustard") != one


@pytest.mark.parametrize("number", range(40))
def test_every_picture_is_sound_and_holds_nothing_that_runs_or_loads(number: int) -> None:
    words = "dress coat shoe mug lamp chair sofa bed plant pan jam apple cake soap book ball bike phone tent rope"
    title = f"{number} {words.split()[number % 20]}"
    drawn = Xml.fromstring(str(picture(title, (), f"brand {number}", label='<"&>')))  # noqa: S314 - our own drawing
    allowed = {"svg", "g", "rect", "circle", "ellipse", "path", "clipPath"}
    assert {element.tag for element in drawn.iter()} <= allowed
    assert not {name for element in drawn.iter() for name in element.attrib if name.startswith(("on", "href", "style"))}
    assert drawn.attrib["aria-label"] == '<"&>'
