"""Prices of a workspace: proposed, explained and asked about by the version that serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from tests.pricing.houses import STORE
from tests.wiring.pricing.priced_shops import AT, WEEKS, priced_shop

from shopkeeper.cli.main import build
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError, UnknownModel, UnknownStore
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.diagnosis import Diagnosis
from shopkeeper.pricing.explanation import Explained, Frontier
from shopkeeper.pricing.price_model import ELASTIC, NAIVE
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.pricing.aside import DiagnosisAsked, ExplainAsked, Fault, FrontierAsked, Order, Question
from shopkeeper.wiring.pricing.aside_process import answered
from shopkeeper.wiring.pricing.diagnosed import diagnosed
from shopkeeper.wiring.pricing.explain import explain_price, margin_frontier
from shopkeeper.wiring.pricing.propose import propose_prices
from shopkeeper.wiring.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A workspace whose records taught two versions; the one with slopes serves."""
    house, settings = priced_shop(tmp_path_factory.mktemp("shop"))
    yield settings
    house.close()


def test_every_product_gets_a_proposal_by_the_version_that_serves(settings: Settings) -> None:
    found = propose_prices(settings, ["de"], AT)
    assert [one.product for one in found.rows] == [f"p{n}" for n in range(8)]
    assert any(one.moves for one in found.rows)
    assert found.lifts["EUR"].expected > 0
    change = found.margin_changes["EUR"]
    assert -0.2 < change.low < change.expected < change.high < 0.2
    assert {one.feed for one in found.feeds} == {"sales", "prices", "costs", "stock", "rivals"}
    assert len(found.policy) == 64


def test_a_moment_of_the_past_sees_what_was_there_then(settings: Settings) -> None:
    then = propose_prices(settings, ["de"], AT - timedelta(weeks=2))
    now = propose_prices(settings, ["de"], AT)
    assert [one.current for one in then.rows] != [one.current for one in now.rows]


def test_an_explained_price_is_the_one_that_is_proposed(settings: Settings) -> None:
    proposed = {one.product: one for one in propose_prices(settings, ["de"], AT).rows}
    found = explain_price(settings, "p3", "de", at=AT)
    assert found.proposal == proposed["p3"]
    assert found.why is not None
    assert found.why.chosen == proposed["p3"].proposed
    assert found.evidence is not None
    assert found.evidence.weeks == WEEKS - 2  # the first and the last sold nothing at their ends
    assert len(found.history) == WEEKS - 2


def test_a_product_without_a_price_is_named(settings: Settings) -> None:
    with pytest.raises(InputError, match="'lamp' has no price in de"):
        explain_price(settings, "lamp", "de", at=AT)
    with pytest.raises(UnknownStore):
        explain_price(settings, "p3", "uk", at=AT)


def asked(settings: Settings, question: Question) -> bytes:
    return answered(msgspec.json.encode(Order(str(settings.workspace), question)))


def test_the_process_aside_answers_as_the_verbs_do_and_tells_what_is_wrong(settings: Settings) -> None:
    found = msgspec.json.decode(asked(settings, ExplainAsked(product="p3", store="de", at=AT)), type=Explained)
    assert found == explain_price(settings, "p3", "de", at=AT)
    said = asked(settings, ExplainAsked(product="lamp", store="de", at=AT))
    assert said.startswith(b"!")
    error = msgspec.json.decode(said[1:], type=Fault).error()
    assert (type(error), "'lamp' has no price in de" in error.reason) == (InputError, True)
    stranger = msgspec.json.decode(asked(settings, ExplainAsked(product="p3", store="uk", at=AT))[1:], type=Fault)
    assert (stranger.kind, stranger.remedy != "") == ("InputError", True)
    frontier = msgspec.json.decode(asked(settings, FrontierAsked(store="de", margins=(0.3,), at=AT)), type=Frontier)
    assert [one.target for one in frontier.points] == [0.3]


def test_a_version_is_looked_at_as_a_whole(settings: Settings) -> None:
    found = msgspec.json.decode(asked(settings, DiagnosisAsked()), type=Diagnosis)
    assert found.whole is not None
    assert (found.model, found.whole.pairs, [one.name for one in found.categories]) == (ELASTIC, 8, ["Garden"])
    assert found.whole.own + found.whole.category + found.whole.none == pytest.approx(1)
    assert sum(one.own for one in found.bins) == found.whole.told
    assert sum(one.believed for one in found.bins) == round((1 - found.whole.none) * 8)
    naive = next(one.version for one in versions(settings) if one.model == NAIVE)
    assert diagnosed(settings, naive).whole is None


def versions(settings: Settings) -> list[ModelVersion]:
    state = open_state(settings.state_url)
    found = list(state.registry.versions("pricing"))
    state.close()
    return found


def test_a_version_that_knows_no_answer_to_price_is_refused(settings: Settings) -> None:
    naive = next(one.version for one in versions(settings) if one.model == NAIVE)
    with pytest.raises(UnknownModel, match="no answer to price"):
        propose_prices(settings, ["de"], AT, naive)


def test_higher_margins_are_bought_with_revenue(settings: Settings) -> None:
    found = margin_frontier(settings, "de", at=AT)
    low, high = found.points[0], found.points[-1]
    assert low.target == pytest.approx(found.today.margin - 0.02, abs=1e-3)
    assert high.margin > low.margin
    assert high.revenue < low.revenue
    with pytest.raises(InputError, match=r"1\.5"):
        margin_frontier(settings, "de", [1.5], at=AT)


def test_without_a_model_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "shopkeeper.toml").touch()
    settings = Settings(workspace=tmp_path)
    state = open_state(settings.state_url)
    state.tables.upsert(STORES, [SourcedRow(STORE, datetime(2026, 1, 1, tzinfo=UTC))])
    state.close()
    with pytest.raises(InputError, match="No model of prices serves"):
        propose_prices(settings)


def test_the_command_line_says_why_and_what_if(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    text = run(settings, capsys, "explain", "p3", "--store", "de")
    assert text.startswith("p3 in de: ")
    assert "1% of price is -" in text
    assert "<- proposed" in text
    told = msgspec.json.decode(run(settings, capsys, "explain", "p3", "--store", "de", "--json"), type=dict[str, Any])
    assert told["proposal"]["product"] == "p3"
    table = run(settings, capsys, "whatif", "--store", "de", "--margin-target", "0.3")
    assert "today" in table
    assert "30.0%" in table


def run(settings: Settings, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    command = typer.main.get_command(build())
    command(
        ["price", *words, "--at", AT.isoformat(), "--workspace", str(settings.workspace)], standalone_mode=False
    )  # fmt: skip
    return capsys.readouterr().out
