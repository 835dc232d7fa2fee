"""The report on texts as the workspace keeps them, and the alert it gives by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.content.kept import Change
from shopkeeper.content.report import FEWEST
from shopkeeper.content.review import Policy, written
from shopkeeper.engines.state import State, open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.testing.piece_store_suite import ANNA, example_key, example_version
from shopkeeper.wiring.content_report import DRIFT, report_texts, tell_of_drift
from shopkeeper.wiring.settings import Settings, load_settings

LATER = ANNA.at + timedelta(days=2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").write_text("")
    return load_settings(tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    opened = open_state(settings.state_url)
    yield opened
    opened.close()


def texts(words: str, days: int, *, passed: bool) -> list[Change]:
    version = replace(example_version(), reasons=(), words=words, passed=passed, at=ANNA.at + timedelta(days=days))
    return [
        change
        for number in range(FEWEST)
        for change in written(None, example_key(f"{words}-{number}"), version, "made", Policy(), holds=True)
    ]


def test_a_change_that_writes_worse_is_told_in_the_audit_once(settings: Settings, state: State) -> None:
    state.pieces.put(texts("old", 0, passed=True))
    assert tell_of_drift(settings, LATER) == []
    state.pieces.put(texts("new", 1, passed=False))
    assert tell_of_drift(settings, LATER) == ["first_pass of realiser in en"]
    assert tell_of_drift(settings, LATER) == ["first_pass of realiser in en"]
    (told,) = state.audit.found(None, DRIFT, 10)
    assert (told["who"], told["detail"]["way"], told["detail"]["difference"]) == ("rule: drift", "p new r", -1.0)


def test_texts_are_spread_by_the_category_of_their_product(settings: Settings, state: State) -> None:
    row = Product(product="old-0", title="Lamp", categories=("Home > Lamps",))
    state.tables.upsert(PRODUCTS, [SourcedRow(row, ANNA.at)])
    state.pieces.put(texts("old", 0, passed=True))
    found = report_texts(settings, ANNA.at - timedelta(days=1)).by_category
    assert {category: names["title en"].length.n for category, names in found.items()} == {
        "": FEWEST - 1,
        "Home > Lamps": 1,
    }
