"""A draft is put together as it would be published, and cut by whole sentences."""

from __future__ import annotations

import pytest

from shopkeeper.content.fields import limit
from shopkeeper.content.findings import Finding
from shopkeeper.content.sheet import sheet_of, without


def at(start: int, end: int) -> Finding:
    return Finding("some.rule", start, end, "wrong", "mend it")


@pytest.mark.parametrize(
    ("part", "sentences"),
    [
        ("It is red. It holds 1.7 L. It is made of steel.", ["It is red.", "It holds 1.7 L.", "It is made of steel."]),
        ("Aus Stahl, z. B. Edelstahl. Es fasst ca. 2 l.", ["Aus Stahl, z. B. Edelstahl.", "Es fasst ca. 2 l."]),
        ("Fast! Really? Yes", ["Fast!", "Really?", "Yes"]),
        ("Model X5. Built in 2024. Red", ["Model X5.", "Built in 2024.", "Red"]),
        ("no end", ["no end"]),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(part: str, sentences: list[str]) -> None:
    assert [
        s for one in sheet_of([part], "description_short", limit("description_short")).parts for s in one
    ] == sentences


def test_markup_is_put_around_the_parts_and_what_they_hold_of_it_is_escaped() -> None:
    long = sheet_of(["Red & <b>blue</b>.", "Steel."], "description_long", limit("description_long"))
    assert long.text == "<p>Red &amp; &lt;b&gt;blue&lt;/b&gt;.</p><p>Steel.</p>"
    assert sheet_of(["Red", "Steel"], "bullets", limit("bullets")).text == "<ul><li>Red</li><li>Steel</li></ul>"
    google = limit("description_long", "google_merchant")
    assert sheet_of(["Red.", "Steel."], "description_long", google).text == "Red.\nSteel."


def test_each_place_is_the_place_of_its_sentence() -> None:
    sheet = sheet_of(["Red & new. Of steel.", "For 2 cups."], "description_long", limit("description_long"))
    assert [sheet.text[start:end] for start, end, _ in sheet.places] == ["Red &amp; new.", "Of steel.", "For 2 cups."]


def test_the_sentence_a_finding_lies_in_goes_and_an_empty_paragraph_with_it() -> None:
    sheet = sheet_of(["Red. Of steel.", "For cats."], "description_long", limit("description_long"))
    start = sheet.text.index("cats")
    left = without(sheet, [at(start, start + 4), at(sheet.text.index("Red"), sheet.text.index("Red") + 1)])
    assert left is not None
    assert left.text == "<p>Of steel.</p>"


def test_nothing_is_cut_for_what_is_missing_and_no_draft_is_cut_to_nothing() -> None:
    sheet = sheet_of(["Red. Of steel."], "description_short", limit("description_short"))
    assert without(sheet, [at(len(sheet.text), len(sheet.text))]) is None
    assert without(sheet, [at(0, len(sheet.text))]) is None
