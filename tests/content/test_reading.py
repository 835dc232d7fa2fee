"""What attribute texts say."""

from __future__ import annotations

import pytest

from shopkeeper.content.reading import Measure, find_duration, number_of, read


@pytest.mark.parametrize(
    ("text", "kind", "numbers", "unit"),
    [
        ("1.7 L", "number", (1.7,), "L"),
        ("3/4 in", "number", (3 / 4,), "in"),
        ("1 1/2 in", "number", (1 + 1 / 2,), "in"),
        ("10-15 cm", "range", (10, 15), "cm"),
        ("-15 - 5°", "range", (-15, 5), "°"),
        ("30 x 20 x 10 cm", "dimensions", (30, 20, 10), "cm"),
        ("30 cm x 20 cm", "dimensions", (30, 20), "cm"),
        ("1920 x 1200 pixels", "dimensions", (1920, 1200), "px"),
        ("10,100,1000 Mbit/s", "list", (10, 100, 1000), "Mbit/s"),
        ("900/1800 MHz", "list", (900, 1800), "MHz"),
        ("1 pc(s)", "number", (1,), "pcs"),
        ("2700 K", "number", (2700,), "K"),
    ],
)
def test_numbers_are_read_with_their_unit(text: str, kind: str, numbers: tuple[float, ...], unit: str) -> None:
    reading = read(text)
    assert (reading.kind, reading.measure) == (kind, Measure(numbers, unit))


@pytest.mark.parametrize(
    "text", ["IP67", "56K", "2G", "16:10", "1080p", "i7-1260P", "M", "Windows 11 Pro", "10/100Base-T(X)"]
)
def test_a_name_that_holds_digits_stays_a_text(text: str) -> None:
    assert (read(text).kind, read(text).items) == ("text", (text,))


def test_what_is_counted_is_kept_with_its_number() -> None:
    assert (read("2 x AA").items, read("2 x AA").measure) == (("AA",), Measure((2,)))
    assert (read("1 x 16 GB").items, read("1 x 16 GB").measure) == (("16 GB",), Measure((1,)))


def test_shares_are_read_with_their_parts() -> None:
    reading = read("60% cotton, 40% polyester")
    assert (reading.kind, reading.items, reading.measure) == ("shares", ("cotton", "polyester"), Measure((60, 40), "%"))


def test_shares_above_the_whole_are_no_shares() -> None:
    assert read("80% cotton, 40% polyester").kind != "shares"


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Aluminium, Carbon fibre", ("Aluminium", "Carbon fibre")),
        ("ENERGY STAR,TCO,RoHS", ("ENERGY STAR", "TCO", "RoHS")),
        ("Cotton|HeatTec&reg;", ("Cotton", "HeatTec®")),
        ("100 x 100,100 x 150", ("100 x 100", "100 x 150")),
        ("S, M, L", ("S", "M", "L")),
    ],
)
def test_an_enumeration_is_a_list(text: str, items: tuple[str, ...]) -> None:
    assert (read(text).kind, read(text).items) == ("list", items)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.7 L", "1700 ml"),
        ("1.7 L", "1,7 l"),
        ("2200 W", "2.2 kW"),
        ("12 months", "1 year"),
        ("20 °C", "68 °F"),
        ("red, blue", "Blue; RED"),
    ],
)
def test_equal_values_have_one_normal_form(one: str, other: str) -> None:
    assert read(one).normal() == read(other, ",").normal()


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.7 L", "1.7 kg"), ("1 mW", "1 MW"), ("5 Nm", "5 kJ"), ("up to 9 h", "9 h"), ("5 days", "5 business days")],
)
def test_unequal_values_have_two(one: str, other: str) -> None:
    assert read(one).normal() != read(other).normal()


def test_the_language_decides_what_a_comma_means() -> None:
    assert (number_of("1,200", "."), number_of("1,200", ",")) == (1200, 1.2)
    assert (number_of("1.234,5"), number_of("1,234.5", ",")) == (1234.5, 1234.5)


def test_the_record_says_a_measure_twice() -> None:
    reading = read('39.6 cm (15.6")')
    assert (reading.measure, reading.also) == (Measure((39.6,), "cm"), Measure((15.6,), "in"))


def test_none_is_a_no() -> None:
    assert [read(text).truth for text in ("No warranty", "Not available", "yes")] == [False, False, True]


def test_a_number_that_is_not_understood_is_said() -> None:
    assert "15 bar" in read("Pump with 15 bar and valve").doubt


def test_a_sentence_gives_its_one_span_of_time() -> None:
    assert find_duration("Ships in 3-5 business days") == Measure((3, 5), "business day")
    assert find_duration("1 year warranty") == Measure((1,), "year")
    assert find_duration("Ships overnight") is None
    assert find_duration("1 year, then 2 years") is None


def test_markup_is_taken_off() -> None:
    assert read("<b>Wool</b><br/>Silk").items == ("Wool", "Silk")
    assert read("<script>alert(1)</script>").text == "alert(1)"
