"""The demo as a newcomer runs it: real processes, real files, real HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopkeeper.cli.demo_processes import Child
from shopkeeper.errors import Unavailable
from shopkeeper.serving.ports import SCOPES

pytestmark = pytest.mark.integration
STORES = ["home-uk", "fashion-nl", "outdoor-us"]


def shopkeeper(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shopkeeper", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "shop"


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    ran = shopkeeper("demo", "--fast", "--no-serve", "--json", "--dir", str(folder))
    assert ran.returncode == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return document


def test_every_store_is_there_and_all_of_it_is_labelled_simulated(summary: dict[str, Any]) -> None:
    assert summary["stores"] == STORES
    assert summary["simulated"] is True
    assert summary["live"]["simulated"] is True


def test_every_event_is_imported_left_out_as_a_duplicate_or_rejected(summary: dict[str, Any]) -> None:
    parts = summary["events_imported"] + summary["duplicates"] + summary["rejected"]
    assert parts == summary["events"] > 20_000
    assert summary["duplicates"] > 0
    assert summary["rejected"] > 0


def test_the_planted_structure_blesses_the_model_over_popularity(summary: dict[str, Any]) -> None:
    assert summary["model"]["model"] == "item-knn"
    assert summary["model"]["blessed"] is True
    assert summary["model"]["champion"] == summary["model"]["version"]
    own, popular = summary["metrics"]["ndcg@10"], summary["metrics"]["baseline"]["ndcg@10"]
    assert own["low"] <= own["value"] <= own["high"]
    assert own["value"] > popular["value"] > 0
    assert summary["metrics"]["difference"]["ndcg@10"]["low"] > 0


def test_no_request_failed_and_the_server_went_down_in_order(summary: dict[str, Any]) -> None:
    assert summary["failed_requests"] == summary["live"]["refused_requests"] == 0
    assert summary["live"]["troubles"] == {}
    assert summary["server_exit"] == 0


def test_shoppers_were_shown_lists_of_the_trained_model_and_their_events_were_taken(summary: dict[str, Any]) -> None:
    live = summary["live"]
    assert summary["decisions"] > 50
    assert live["models"][summary["model"]["version"]] == summary["decisions"] - summary["fallbacks"] > 0
    assert summary["events_accepted"] == live["events_sent"] > summary["decisions"]
    assert set(live["stores"]) == set(STORES)


def test_everything_that_was_shown_can_be_bought(summary: dict[str, Any]) -> None:
    assert summary["live"]["impressions"] > 0
    assert summary["live"]["unavailable_shown"] == summary["live"]["unknown_shown"] == 0


def test_a_click_rate_carries_its_interval_and_its_n(summary: dict[str, Any]) -> None:
    ctr = summary["live"]["ctr"]
    assert ctr["n"] == summary["live"]["impressions"]
    assert ctr["value"] == pytest.approx(summary["live"]["recommendation_clicks"] / ctr["n"])
    assert ctr["low"] < ctr["value"] < ctr["high"]


def test_every_step_says_how_long_it_took(summary: dict[str, Any]) -> None:
    seconds = summary["elapsed_seconds"]
    assert {"simulate", "import", "check", "train", "keys", "serve", "live", "total"} <= set(seconds)
    assert seconds["total"] >= sum(value for name, value in seconds.items() if name != "total") - 0.1


def test_the_data_is_checked_and_meets_its_limits(summary: dict[str, Any]) -> None:
    assert summary["check"]["status"] in ("pass", "warn")
    assert summary["check"]["counts"]["pass"] > 0
    assert summary["check"]["counts"]["fail"] == 0


def test_browser_keys_are_for_one_store_without_managing_and_only_the_owner_reads_them(
    folder: Path, summary: dict[str, Any]
) -> None:
    path = folder / "storefront-keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == set(summary["stores"])
    listed = json.loads(shopkeeper("keys", "list", "--json", "--workspace", str(folder)).stdout.splitlines()[-1])
    assert {key["store"] for key in listed["keys"]} == set(STORES)
    assert all(set(key["scopes"]) == set(SCOPES) - {"manage"} for key in listed["keys"])


def test_running_it_again_finds_what_is_there(folder: Path, summary: dict[str, Any]) -> None:
    ran = shopkeeper("demo", "--fast", "--no-serve", "--json", "--dir", str(folder))
    assert ran.returncode == 0, ran.stderr
    again = json.loads(ran.stdout.splitlines()[-1])
    assert again["model"] == summary["model"]
    assert again["events_imported"] == summary["events_imported"]
    assert set(again["elapsed_seconds"]) == {"serve", "live", "total"}


def test_a_demo_that_was_never_finished_is_made_anew(folder: Path, summary: dict[str, Any], tmp_path: Path) -> None:
    half = tmp_path / "half"
    half.mkdir()
    (half / "simulation.json").write_bytes((folder / "simulation.json").read_bytes())
    (half / "left-over.txt").write_text("from the first try")
    ran = shopkeeper("demo", "--fast", "--no-serve", "--json", "--dir", str(half))
    assert ran.returncode == 0, ran.stderr
    again = json.loads(ran.stdout.splitlines()[-1])
    assert not (half / "left-over.txt").exists()
    assert again["events_imported"] == summary["events_imported"] or again["until"] != summary["until"]


def test_a_taken_port_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = shopkeeper("demo", "--fast", "--port", port, "--dir", str(tmp_path / "shop"))
    assert ran.returncode == 2
    assert port in ran.stderr
    assert "--port" in ran.stderr
    assert not (tmp_path / "shop").exists()


@pytest.fixture
def open_shop(folder: Path, summary: dict[str, Any]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo that stays open, and its address."""
    command = [sys.executable, "-m", "shopkeeper", "demo", "--fast", "--port", "0", "--json", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process, str(json.loads(process.stdout.readline())["url"])
        if process.poll() is None:
            process.kill()


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def test_the_shop_stays_open_until_ctrl_c_which_ends_every_process(
    open_shop: tuple[subprocess.Popen[str], str],
) -> None:
    process, url = open_shop
    assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
    assert httpx.get(f"{url}/", trust_env=False, follow_redirects=True).status_code == 200
    started = children(process.pid)
    assert len(started) == 2
    process.send_signal(signal.SIGINT)
    assert process.wait(40) == 0
    for child in started:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


def test_a_process_that_does_not_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    child = Child(["serve", "--workspace", str(tmp_path)], tmp_path / "logs" / "serve.log")
    with pytest.raises(Unavailable, match=r"`shopkeeper serve` did not start \(exit code 2\).*shopkeeper.toml"):
        child.document(30)
    child.close()
