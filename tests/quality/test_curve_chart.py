"""A curve with its interval: what is marked is in sight, and what it is called is text."""

from __future__ import annotations

import re

from shopkeeper.quality.curve_chart import Place, Upright, curve_chart

PLACES = [Place(10, 80, 100, 120), Place(11, 70, 90, 110, out=True), Place(12, 60, 80, 100)]


def test_a_mark_beyond_the_curve_widens_it_and_labels_have_rows_of_their_own() -> None:
    marks = [Upright(10, "now", "base"), Upright(10.1, "proposed", "own"), Upright(14, "kept <out>", "champ")]
    drawn = curve_chart(PLACES, marks, "units & price", names=("price", "units"))
    rows = re.findall(
        r'<text class="tick" x="([\d.]+)" y="(\d+)" text-anchor="(?:start|end)">(?:now|proposed|kept)', drawn
    )
    assert len({y for _, y in rows}) == len(marks)
    assert all(0 <= float(x) <= 640 for x, _ in rows)
    assert ("kept &lt;out&gt;" in drawn, "units &amp; price" in drawn) == (True, True)
    assert drawn.count('class="hollow"') == 1


def test_nought_is_in_sight_unless_it_says_nothing() -> None:
    told = curve_chart(PLACES, (), "x", names=("price", "units"))
    assert '<line class="axis"' in told
    assert '<line class="axis"' not in curve_chart(PLACES, (), "x", names=("price", "units"), zero=False)
