"""`shopkeeper experiment start|analyze|stop|decide|report` over a real workspace in which nobody has come yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.terminal import Verb

from shopkeeper.errors import InputError
from shopkeeper.wiring.experiments import example_plan
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import load_settings
from shopkeeper.wiring.workspace_state import open_workspace_state

VERB = Verb("experiment")
said, document = VERB.said, VERB.document


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    create_workspace(tmp_path / "shop")
    folder = tmp_path / "shop" / "experiments"
    folder.mkdir(exist_ok=True)
    (folder / "diversity.yaml").write_text(example_plan("diversity"), "utf-8")
    return tmp_path / "shop"


def test_a_test_goes_from_its_start_to_its_report(workspace: Path, tmp_path: Path) -> None:
    where = "diversity"
    begun = document(workspace, "start", where)["experiment"]
    assert (begun["state"], begun["digest"]) == ("running", document(workspace, "plan", where)["digest"])
    with open_workspace_state(load_settings(workspace)) as state:
        assert [test.test for test in state.live_tests.running()] == ["diversity"]
    analysis = document(workspace, "analyze", where)["analysis"]
    assert analysis["verdict"]["outcome"] == "running"
    assert analysis["not_measured"]["session_length"] == "nobody was in it yet"
    stopped = document(workspace, "stop", where, "--why", "the planned end")["experiment"]
    assert (stopped["state"], stopped["stop_reason"]) == ("stopped", "the planned end")
    kept = document(
        workspace, "decide", where, "--choice", "reject", "--why", "Nobody came.", "--learning", "Open the shop first."
    )
    assert kept["decision"]["outcome"] == "running"
    page = tmp_path / "report.html"
    assert str(page) in said(workspace, "report", where, "--html", str(page))
    assert "Open the shop first." in page.read_text("utf-8")
    assert document(workspace, "report", where)["decisions"][0]["choice"] == "reject"
    assert document(workspace, "list", "shop first")["experiments"][0]["name"] == "diversity"


def test_an_analysis_in_words_names_what_is_not_measured(workspace: Path) -> None:
    where = "diversity"
    said(workspace, "start", where)
    words = said(workspace, "analyze", where)
    assert "session_length    not measured: nobody was in it yet" in words
    assert "control 0 (0 matured)" in words


def test_an_unknown_experiment_is_named(workspace: Path) -> None:
    for verb in (("analyze",), ("stop", "--why", "x"), ("report",)):
        with pytest.raises(InputError, match="no experiment called 'nobody'"):
            said(workspace, verb[0], "nobody", *verb[1:])
