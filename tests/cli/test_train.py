"""`shopkeeper train` and `shopkeeper models` on a workspace of their own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.cli import main
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.recommendations.behaviour.extract import extract_interactions
from shopkeeper.recommendations.behaviour.interactions import KINDS, NOBODY
from shopkeeper.testing.planted import planted_interactions


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace whose log holds the planted shop, in the words of the data contract."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shopkeeper.toml").write_text("[training]\nbootstrap = 200\n")
    data = planted_interactions()
    rows = []
    for n in range(len(data)):
        row = {
            "event_id": f"e{n:05d}",
            "ts": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(data.times[n])),
            "store": data.store_names[data.stores[n]],
            "type": KINDS[data.kinds[n]],
            "product": data.index.products[data.items[n]],
        }
        if data.shoppers[n] != NOBODY:
            row["user"] = f"u{data.shoppers[n]}"
        rows.append(msgspec.json.encode(row))
    log = SegmentLog(folder / "log", "test")
    log.append(EVENTS, rows)
    log.close()
    return folder


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Run the command and return exit code, output and progress."""
    monkeypatch.setattr("sys.argv", ["shopkeeper", *words])
    with pytest.raises(SystemExit) as ended:
        main.main()
    code = ended.value.code
    caught = capsys.readouterr()
    return int(code or 0), caught.out, caught.err


def test_train_then_models(
    workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--workspace", str(workspace)]
    code, out, _ = run(capsys, monkeypatch, "models", *place)
    assert (code, "No model is trained yet" in out) == (0, True)

    code, out, progress = run(capsys, monkeypatch, "train", "recommendations", *place, "--json")
    document = json.loads(out.splitlines()[-1])
    assert code == 0
    assert "Fitting item-knn on everything" in progress
    assert document["interactions"] == len(planted_interactions())
    assert document["model"] == "item-knn"
    assert document["champion"] is not None
    assert document["metrics"]["ndcg@10"]["low"] <= document["metrics"]["ndcg@10"]["value"]
    assert (workspace / "models" / "recommendations" / document["version"] / "manifest.json").is_file()

    words = ["recommendations", "--model", "popular", "--seed", "3", "--set", "half_life_days=9"]
    code, out, _ = run(capsys, monkeypatch, "train", *words, *place)
    assert code == 0
    assert "ndcg@10" in out
    assert "not blessed" in out

    code, out, _ = run(capsys, monkeypatch, "models", *place, "--json")
    listed = json.loads(out.splitlines()[-1])["models"]
    assert listed[0]["model"] == "popular"
    _, out, _ = run(capsys, monkeypatch, "models", "show", listed[0]["version"], *place, "--json")
    assert json.loads(out.splitlines()[-1])["lineage"]["plan"]["parameters"] == {"half_life_days": 9.0}
    assert [one["version"] for one in listed if "champion" in one["aliases"]] == [document["champion"]]

    code, out, _ = run(capsys, monkeypatch, "models", *place)
    assert code == 0
    assert document["version"] in out
    assert "champion" in out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["prices"], 2, "no system 'prices'"),
        (["recommendations", "--model", "magic"], 2, "no model 'magic'"),
        (["recommendations", "--set", "window"], 2, "'window' does not say what to set"),
        (["recommendations", "--set", "window=4", "--set", "window=5"], 2, "names window twice"),
        (["recommendations", "--set", "window=wide"], 2, "window of item-knn cannot be 'wide': it is a whole number"),
        (["recommendations", "--reproduce", "v1", "--set", "window=4"], 2, "takes everything from the version"),
        (["recommendations", "--until", "yesterday"], 2, "'yesterday' is not a time"),
        (["recommendations", "--until", "2020-01-01"], 1, "There are 0 interactions"),
    ],
)
def test_what_cannot_be_done_is_said(
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    ended, _, errors = run(capsys, monkeypatch, "train", *words, "--workspace", str(workspace))
    assert ended == code
    assert says in errors
    assert "What to do" in errors


def test_train_needs_a_workspace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, errors = run(capsys, monkeypatch, "train", "recommendations", "--workspace", str(tmp_path))
    assert code == 2
    assert "shopkeeper init" in errors


def test_the_planted_shop_reads_back_as_it_was(workspace: Path) -> None:
    lake = Lake(workspace / "log", workspace / "lake")
    lake.compact()
    read, planted = extract_interactions(lake.warehouse()), planted_interactions()
    assert np.bincount(read.kinds).tolist() == np.bincount(planted.kinds).tolist()
    assert (read.shoppers == NOBODY).sum() == (planted.shoppers == NOBODY).sum()
