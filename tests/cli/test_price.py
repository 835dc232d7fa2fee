"""`shopkeeper price`: runs are listed, shown, approved, published and taken back by their id."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.terminal import Verb

from shopkeeper.engines.state import open_state
from shopkeeper.errors import UnknownPriceRun
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.testing.prices_suite import example_price, example_run
from shopkeeper.wiring.settings import load_settings

VERB = Verb("price")
said, document = VERB.said, VERB.document


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "shopkeeper.toml").touch()
    (tmp_path / "price-policy.yaml").write_text("version: 1\nruns: {good_hours: 8760}\n", "utf-8")
    return tmp_path


@pytest.fixture
def run(workspace: Path) -> PriceRun:
    """A run of anna's that waits for approval; it is of now, and the clock of the verbs is not faked."""
    state = open_state(load_settings(workspace).state_url)
    rows = [example_price("lamp", 10, 10.5), example_price("sofa", 200, 200)]
    kept = state.price_runs.begin(*example_run("r1", rows, datetime.now(UTC)))
    state.close()
    return kept


def test_an_empty_list_teaches_the_next_command(workspace: Path) -> None:
    assert "shopkeeper price run" in said(workspace, "runs")


def test_a_run_is_listed_and_shown_with_what_it_changes(workspace: Path, run: PriceRun) -> None:
    assert [one["run"] for one in document(workspace, "runs")["runs"]] == [run.id]
    page = said(workspace, "show", run.id)
    assert "10.00 -> 10.50 GBP (+5.0%)" in page
    assert "sofa" not in page
    assert "sofa" in said(workspace, "show", run.id, "--all")
    [row] = document(workspace, "show", run.id)["rows"]
    assert (row["price"], row["proposal"]["current"]) == (10.5, 10)


def test_a_run_goes_from_approval_to_the_shop_and_back(workspace: Path, run: PriceRun) -> None:
    assert document(workspace, "approve", run.id, "--why", "fine")["status"] == "approved"
    published = document(workspace, "publish", run.id, "--why", "now")
    assert (published["status"], published["changed"], published["version"]) == ("published", 1, 1)
    out = workspace / "prices.csv"
    assert document(workspace, "export", "--store", "uk", "--format", "woocommerce", "--out", str(out))["prices"] == 1
    assert out.read_text("utf-8") == "SKU,Regular price\nlamp,10.50\n"
    [change] = document(workspace, "history", "--product", "lamp")["changes"]
    assert (change["handed_by"], change["outcome"]) == ("csv", "")
    assert document(workspace, "revert", run.id, "--why", "complaints")["status"] == "reverted"
    assert [one["kind"] for one in document(workspace, "history")["changes"]] == ["publish", "revert"]


def test_a_run_is_scheduled_for_a_moment_of_utc(workspace: Path, run: PriceRun) -> None:
    said(workspace, "approve", run.id, "--why", "fine")
    at = f"{run.at:%Y-%m-%d}T23:59:59"
    found = document(workspace, "publish", run.id, "--why", "tonight", "--at", at)
    assert (found["status"], found["publish_at"]) == ("scheduled", f"{at}Z")


def test_a_rejected_run_changes_nothing(workspace: Path, run: PriceRun) -> None:
    assert document(workspace, "reject", run.id, "--why", "the sale begins")["status"] == "rejected"
    assert document(workspace, "history")["changes"] == []


def test_an_unknown_run_is_told(workspace: Path) -> None:
    with pytest.raises(UnknownPriceRun, match="nowhere"):
        said(workspace, "show", "nowhere")
