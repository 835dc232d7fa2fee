"""The model card: one page that says what is known, names what is not, and lets nothing from data run."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.quality.charts import Mark, MarkRow, interval_chart, point_chart, ticks
from shopkeeper.registry.bundle import CARD_FILE
from shopkeeper.registry.ports import Lineage, ModelVersion
from shopkeeper.training.card import answer, card, write_card
from shopkeeper.training.card_facts import CardFacts, facts_of

HOSTILE = "<script>alert(1)</script>"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def interval(value: float, doubt: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - doubt, "high": value + doubt}


def whole(text: str = "") -> CardFacts:
    """Return facts of a version of which everything is known, with `text` wherever data or people may bring a text."""
    metrics: dict[str, Any] = {
        "ndcg@10": interval(0.2),
        "hr@10": interval(0.4),
        "coverage": {"value": 0.9},
        "cases": 1234,
        "baseline": {"ndcg@10": interval(0.1), "coverage": {"value": 0.1}},
        "difference": {"ndcg@10": interval(0.1), "hr@10": interval(-0.1)},
        "champion": {
            "name": f"v0{text}", "how": text, "ndcg@10": interval(0.15), "difference": {"ndcg@10": interval(0.05)},
        },
        "slices": {
            f"s{n}{text}": {"cases": 9, "model": interval(0.3), "baseline": interval(0.2), "difference": interval(0.1)}
            for n in range(12)
        },
        "latency": {"answers": 500, "p50_ms": 1.2, "p99_ms": 3.4, "cores": 2},
        "importance": {f"price{text}": 0.5, "recency": {"value": -0.2}},
        "calibration": [{"predicted": n / 10, "observed": n / 11, "cases": 5} for n in range(10)],
    }  # fmt: skip
    known: dict[str, Any] = {
        "baseline": "popular",
        "metric": "ndcg@10",
        "cutoff": "2026-11-01T00:00:00Z",
        "parameters": {"k": 20, text or "name": text},
        "seed": 7,
        "run": f"run{text}",
        "code": "0.1.0",
        "environment": {"numpy": "2.4", text or "machine": text},
        "objective": {"problem": text, "kpi": "ctr"},
        "quality": {"stores": {f"uk{text}": {"status": "pass"}}},
        "data": {"interactions": 1000, "last": "2026-11-20T10:00:00Z"},
        "blessing": {"blessed": True, "reasons": [{"rule": f"better{text}", "met": True, "text": text}]},
        "trials": [
            {"number": n, "value": None if n % 7 == 6 else n / 100, "parameters": {"k": n, "text": text}}
            for n in range(100)
        ],
        "cross_validation": {
            "metric": "ndcg@10",
            "note": f"steady{text}",
            "folds": [
                {"cutoff": f"2026-0{n}-01", "cases": 50, "metrics": {"ndcg@10": n / 10}, "baseline": {}, "error": 0.01}
                for n in (1, 2, 3)
            ],
        },
        "drift": {f"price{text}": {"psi": 0.1}},
    }
    return CardFacts("recommendations", f"item-knn{text}", "v1", NOW, True, f"f0{text}", metrics, known, simulated=True)


class Outline(HTMLParser):
    """Collects the elements and addresses of a page, and checks that it is balanced."""

    void = frozenset({"meta", "br", "circle", "line", "rect", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.void:
            assert self.open.pop() == tag


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    assert found.open == []
    return found


def test_the_answer_stands_first_in_words_with_its_intervals() -> None:
    assert answer(whole()) == (
        "Judged by 1,234 cases of a time it had not seen, it reaches ndcg@10"
        " 0.200 (0.190 to 0.210). Against popular that is +0.100 (+0.090 to +0.110)."
        " Against v0 it is +0.050 (+0.040 to +0.060)."
    )


def test_everything_known_has_its_place_and_nothing_is_said_to_be_missing() -> None:
    page = card(whole())
    for word in ("Slices", "Calibration", "Tuning", "At several moments", "Verdict", "simulated", "What it looks at",
                 "What later data are compared with", "Made with", "How long an answer takes", "blessed"):  # fmt: skip
        assert word in page
    assert "Not known for this version" not in page


def test_each_drawing_has_a_table_behind_it() -> None:
    tags = outline(card(whole())).tags
    assert tags.count("svg") == 6
    assert tags.count("table") >= 6


def test_a_card_needs_nothing_but_itself() -> None:
    found = outline(card(whole()))
    assert found.addresses == []
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)


def test_a_card_is_small_whatever_it_is_about() -> None:
    facts = whole("x" * 20)
    facts.metrics["slices"] |= {f"slice {n}": {"cases": n, "difference": interval(0.1)} for n in range(3_000)}  # type: ignore[index]
    facts.known["trials"].extend({"number": n, "value": 0.1, "parameters": {}} for n in range(500))
    assert len(card(facts).encode()) < 200_000


def test_nothing_from_data_or_people_runs() -> None:
    page = card(whole(HOSTILE))
    assert HOSTILE not in page
    assert "script" not in outline(page).tags


def test_a_version_of_which_little_is_known_has_a_card_that_says_so() -> None:
    page = card(CardFacts("recommendations", "popular", "v1", NOW, False, "f0", {}))
    outline(page)
    assert "How good it is was not measured" in page
    assert "Not known for this version: calibration, latency" in page
    assert "not blessed" in page


@pytest.mark.parametrize("part", ["baseline", "difference", "champion", "slices", "latency", "calibration"])
def test_any_part_may_be_missing(part: str) -> None:
    facts = whole()
    del facts.metrics[part]  # type: ignore[attr-defined]
    outline(card(facts))
    facts.known.clear()  # type: ignore[attr-defined]
    outline(card(facts))


def test_what_lies_in_the_registry_wins_over_the_report() -> None:
    lineage = Lineage("r2", "digest", "0.2.0", "v0", {"baseline": "popular"})
    version = ModelVersion("recommendations", "v1", "item-knn", "f", NOW, True, {}, "f0", lineage)
    found = facts_of(version, None, {"run": "r1", "baseline": "other", "metric": "hr@10"}).known
    assert {name: found[name] for name in ("run", "objective", "baseline", "metric")} == {
        "run": "r2", "objective": "digest", "baseline": "popular", "metric": "hr@10",
    }  # fmt: skip


def test_a_count_never_takes_the_place_of_what_was_counted() -> None:
    lineage = Lineage(facts={"trials": 2, "cross_validation": "steady"})
    version = ModelVersion("recommendations", "v1", "item-knn", "f", NOW, True, {}, "f0", lineage)
    trials = [{"number": 0, "value": 0.1}, {"number": 1, "value": 0.2}]
    found = facts_of(version, None, {"trials": trials, "cross_validation": {"folds": []}})
    assert (found.known["trials"], found.known["cross_validation"]) == (trials, {"folds": []})
    outline(card(facts_of(version, None, None)))


def test_a_card_lies_beside_the_manifest_and_is_written_whole(tmp_path: Path) -> None:
    for _ in range(2):
        assert write_card(tmp_path / "v1", whole()) == tmp_path / "v1" / CARD_FILE
    assert [path.name for path in (tmp_path / "v1").iterdir()] == [CARD_FILE]


def test_an_axis_holds_zero_and_a_whisker_reaches_from_low_to_high() -> None:
    drawn = interval_chart([MarkRow("a", (Mark("own", 0.5, 0.25, 1.0),))], "x")
    left, width = 170, 640 - 170 - 24
    assert f'x1="{left + 0.25 * width:.1f}"' in drawn
    assert f'x2="{left + 1.0 * width:.1f}"' in drawn
    assert f'cx="{left + 0.5 * width:.1f}"' in drawn


def test_ticks_are_round() -> None:
    assert ticks(0.0, 0.41) == pytest.approx([0.0, 0.2, 0.4])
    assert ticks(-0.2, 0.5) == pytest.approx([-0.2, 0.0, 0.2, 0.4])
    assert ticks(0.0, 0.0) == [0.0]


def test_a_single_point_is_drawn_in_the_middle() -> None:
    assert 'cx="343.0"' in point_chart([(3.0, 0.5)], [], "x", names=("trial", "value"))
