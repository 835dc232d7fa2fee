"""`shopkeeper jobs`: what was ordered is listed, shown and cancelled; `work --once` does it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.errors import InputError
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.settings import load_settings


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "shopkeeper.toml").touch()
    return tmp_path


def order(workspace: Path) -> str:
    with opened_jobs(load_settings(workspace)) as opened:
        return opened.jobs.enqueue("training", "recommendations", {"plan": {}, "who": "anna"}, "anna")


def said(workspace: Path, *verb: str) -> str:
    arguments = [*verb, "--workspace", str(workspace)]
    done = CliRunner().invoke(build(), arguments, catch_exceptions=False, standalone_mode=False)
    return done.stdout


def test_an_empty_list_teaches_the_next_command(workspace: Path) -> None:
    assert "shopkeeper train" in said(workspace, "jobs")


def test_a_run_nobody_works_on_is_listed_and_shown_with_what_to_do(workspace: Path) -> None:
    run = order(workspace)
    assert run in said(workspace, "jobs")
    page = said(workspace, "jobs", "show", run)
    assert "shopkeeper work" in page
    assert "anna" in page
    [listed] = json.loads(said(workspace, "jobs", "--json"))["jobs"]
    assert (listed["run"], listed["state"], listed["stranded"]) == (run, "queued", True)


def test_a_queued_run_is_cancelled_for_good(workspace: Path) -> None:
    run = order(workspace)
    assert "cancelled" in said(workspace, "jobs", "cancel", run)
    assert json.loads(said(workspace, "jobs", "show", run, "--json"))["state"] == "cancelled"


def test_an_unknown_run_is_an_input_error(workspace: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        said(workspace, "jobs", "cancel", "nowhere")
