from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import simulate
from shopkeeper.errors import InputError
from shopkeeper.simulation.tally import Tally, Visit
from shopkeeper.simulation.truth import Truth, write_truth

runner = CliRunner()
NOBODY = "http://127.0.0.1:1"


def command() -> typer.Typer:
    app = typer.Typer()
    simulate.register(app)
    return app


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    write_truth(tmp_path, Truth(seed=1, scale="fast", until=datetime(2026, 11, 23, tzinfo=UTC)))
    path = tmp_path / "storefront-keys.json"
    path.write_text('{"home-uk": "secret"}')
    return path


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:9", "https://127.9.0.1"])
def test_a_server_on_this_machine_may_be_visited(url: str) -> None:
    simulate.check_address(url, allow_remote=False)


@pytest.mark.parametrize("url", ["http://192.0.2.1:8000", "https://shop.example", "http://127.0.0.1.example"])
def test_another_machine_is_refused_unless_it_is_meant(url: str) -> None:
    with pytest.raises(InputError, match="--allow-remote"):
        simulate.check_address(url, allow_remote=False)
    simulate.check_address(url, allow_remote=True)


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://127.0.0.1", "http://", "", "http://[::1"])
def test_what_is_no_address_is_refused_even_where_remote_is_allowed(url: str) -> None:
    with pytest.raises(InputError, match="no address"):
        simulate.check_address(url, allow_remote=True)


@pytest.mark.parametrize("text", [None, "no json", "[]", '{"home-uk": 1}', "{}"])
def test_a_keys_file_of_no_use_is_an_input_error(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "keys.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match="shopkeeper keys create"):
        simulate.read_keys(path)


def test_a_workspace_that_is_no_simulated_retailer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"s": "k"}')
    result = runner.invoke(command(), ["--url", NOBODY, "--keys", str(tmp_path / "keys.json")])
    assert isinstance(result.exception, InputError)
    assert "shopkeeper demo" in str(result.exception)


def test_a_server_that_does_not_answer_is_counted_and_the_run_ends_in_time(keys: Path) -> None:
    arguments = ["--url", NOBODY, "--keys", str(keys), "--shoppers", "2", "--seconds", "0.1", "--think", "0", "--json"]
    result = runner.invoke(command(), arguments)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout.splitlines()[-1])
    assert document["simulated"] is True
    assert document["failed_requests"] == document["requests"] > 0
    assert document["decisions"] == document["events_accepted"] == 0


def test_a_summary_for_people_says_simulated_and_gives_the_interval() -> None:
    tally = Tally(visits=[Visit(2, 16, 1, 0.5, 1.0, 0, 0.0), Visit(1, 8, 1, 0.5, 1.0, 1, 9.95)])
    text = simulate.in_words(tally.document())
    assert text.startswith("SIMULATED")
    assert f"{100 * 2 / 24:.1f}% of impressions clicked (95%:" in text
    assert "no impressions" in simulate.in_words(Tally().document())
