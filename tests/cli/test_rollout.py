"""`shopkeeper rollout`: every verb says what it did, refuses with the way out, and stops with the database dead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.wiring.rollouts.shop import open_shop
from typer.testing import CliRunner, Result

from shopkeeper.cli.main import build
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import ContractNotMet, InputError, UnknownRollout


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(build(), ["rollout", *words, "--workspace", str(folder)])


def said(folder: Path, *words: str) -> dict[str, Any]:
    result = run(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return open_shop(tmp_path / "shop").workspace


def test_a_rollout_is_begun_shown_held_and_taken_back_with_its_reasons(shop: Path) -> None:
    begun = said(shop, "start", "recommendations", "--units-per-arm", "900", "--tester", "ann=treatment")
    assert (begun["version"], begun["control_version"], begun["stage"]) == ("new", "old", "shadow")
    (status,) = said(shop, "status")["rollouts"]
    assert (status["rollout"], status["next"]["stage"], status["test_of_quarter"]) == (begun["rollout"], "ab", 1)
    text = run(shop, "status").stdout
    assert "recommendations: new against old, running in shadow (5%)" in text
    assert "next      ab (15%), at the earliest" in text
    assert said(shop, "hold", "recommendations", "--why", "sale")["status"] == "held"
    assert said(shop, "resume", "recommendations", "--why", "over")["status"] == "running"
    passed = run(shop, "override", "recommendations", "--why", "contract", "--until", "2100-01-02T03:04").stdout
    assert "is running in shadow. It may pass this gate until 2100-01-02 03:04 UTC by shell:" in passed
    assert ": contract\n" in next(
        line for line in run(shop, "status").stdout.splitlines(keepends=True) if "override" in line
    )
    assert said(shop, "rollback", begun["rollout"], "--why", "complaints")["status"] == "rolled_back"
    assert "complaints" in run(shop, "status").stdout


def test_the_gate_that_does_not_let_it_move_ends_with_1_and_can_be_explained(shop: Path) -> None:
    said(shop, "start", "recommendations", "--units-per-arm", "900")
    refused = run(shop, "advance", "recommendations", "--why", "in a hurry")
    assert isinstance(refused.exception, ContractNotMet)
    assert refused.stdout.startswith("invalid: ")
    assert "\nNothing was done.\n" in refused.stdout
    assert "  watched   just now: invalid\n" in run(shop, "status").stdout
    lines = run(shop, "history", "recommendations").stdout.splitlines()
    assert any("rollout.ask: " in line and "why in a hurry" in line for line in lines)
    line = next(line for line in lines if "verdicts" in line)
    assert " gate " in line
    assert "/1: invalid in shadow: " in line
    assert line.endswith("(nothing was done)")
    why = run(shop, "explain", "recommendations").stdout
    assert "made again from its evidence: the same to the last bit" in why
    assert "No row was counted" in why
    assert said(shop, "explain", "recommendations")["same"] is True


def test_the_time_line_shows_what_changed_whoever_did_it(shop: Path) -> None:
    begun = said(shop, "start", "recommendations", "--units-per-arm", "900", "--why", "better lists")
    said(shop, "stop", "--system", "pricing", "--why", "wrong prices")
    (shop / "metrics.yaml").write_text("version: 1\n", "utf-8")
    (shop / "rates.yaml").write_text("version: 1\n", "utf-8")
    entries = said(shop, "history", "--all", "--since", "24h")["entries"]
    assert {"metrics.yaml was written", "rates.yaml was written"} <= {entry["what"] for entry in entries}
    kinds = {entry["kind"] for entry in entries}
    assert {"rollouts", "models", "stops", "config", "data"} <= kinds
    own = said(shop, "history", "recommendations")["entries"]
    assert all(begun["rollout"] in entry["what"] for entry in own)
    assert any("better lists" in entry["what"] for entry in own)
    for words in (("history",), ("history", "recommendations", "--all"), ("history", "--all", "--since", "soon")):
        assert isinstance(run(shop, *words).exception, InputError)


def test_stop_works_with_the_database_dead_and_says_so(shop: Path) -> None:
    database = shop / "state.db"
    for file in shop.glob("state.db*"):
        file.unlink()
    database.write_bytes(b"no database" * 1_000)
    done = said(shop, "stop", "--store", "uk", "--why", "odd lists")
    assert "does not answer" in done["not_in_state"]
    (order,) = StopFile(shop).orders()
    assert (order.system, order.store, order.reason) == ("", "uk", "odd lists")
    assert order.person.startswith("shell:")


def test_an_order_is_lifted_as_it_was_given(shop: Path) -> None:
    said(shop, "stop", "--system", "recommendations", "--why", "odd lists")
    assert "STOPPED: recommendations in every store" in run(shop, "status").stdout
    assert isinstance(run(shop, "lift", "--why", "mended").exception, InputError)
    assert said(shop, "lift", "--system", "recommendations", "--why", "mended")["stops"] == []
    assert isinstance(run(shop, "stop", "--system", "prices", "--why", "x").exception, InputError)


def test_what_nobody_knows_is_named(shop: Path) -> None:
    assert run(shop, "status").stdout.startswith("Blessed and waiting: recommendations new")
    for words in (("hold", "r9", "--why", "x"), ("explain", "r9/1"), ("rollback", "pricing", "--why", "x")):
        assert isinstance(run(shop, *words).exception, UnknownRollout)
    wrong = run(shop, "start", "recommendations", "--units-per-arm", "9", "--tester", "ann=best")
    assert isinstance(wrong.exception, InputError)
