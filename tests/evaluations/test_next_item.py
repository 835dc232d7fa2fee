"""The evaluation on small data of our own."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pytest

from evaluations import protocols

SCRIPT = Path(__file__).parents[2] / "evaluations" / "next_item.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("next_item", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["next_item"] = module
    spec.loader.exec_module(module)
    return module


def evaluate(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, dict[str, Any], str]:
    """Run the script and return exit code, document and messages."""
    monkeypatch.setattr("sys.argv", ["next_item.py", *words])
    code = script.main()
    caught = capsys.readouterr()
    return code, json.loads(caught.out.splitlines()[-1]) if caught.out else {}, caught.err


def save(sql: str, file: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({sql}) TO '{file}'")


def test_leave_one_out_shows_train_and_valid_and_asks_for_test(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(
        "SELECT user_id, position, (user_id * 7 + position) % 40 AS item_id, "
        "CASE WHEN position = 3 THEN 'test' WHEN position = 2 THEN 'valid' ELSE 'train' END AS split "
        "FROM range(200) u(user_id), range(4) p(position)",
        tmp_path / "interactions.parquet",
    )
    words = ("--data", str(tmp_path), "--models", "popular,item-knn,hybrid")
    code, found, _ = evaluate(script, monkeypatch, capsys, *words)
    assert code == 0
    assert (found["cases"], found["items"], found["train_interactions"]) == (200, 40, 400)
    knn = found["models"]["item-knn"]
    assert knn["hr@5"] == 1.0
    assert knn["hr@5"] > found["models"]["popular"]["hr@5"]
    assert found["models"]["hybrid"]["hr@5"] > 0.9
    assert found["trials"] == {}
    assert set(knn) >= {"hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@20", "coverage", "train_seconds"}


def test_parameters_are_searched_on_the_valid_rows_and_never_on_the_test(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    for name, target in (("one", 0), ("other", 11)):
        (tmp_path / name).mkdir()
        save(
            f"SELECT user_id, position, (user_id * 7 + position + if(position = 4, {target}, 0)) % 40 AS item_id, "  # noqa: S608
            "CASE WHEN position = 4 THEN 'test' WHEN position = 3 THEN 'valid' ELSE 'train' END AS split "
            "FROM range(200) u(user_id), range(5) p(position)",
            tmp_path / name / "interactions.parquet",
        )
        words = ("--data", str(tmp_path / name), "--models", "item-knn", "--trials", "3")
        code, document, _ = evaluate(script, monkeypatch, capsys, *words)
        assert code == 0
        found[name] = [(one["parameters"], one["value"], one["state"]) for one in document["trials"]["item-knn"]]
    assert found["one"] == found["other"]
    assert len(found["one"]) == 3
    assert found["one"][0][0]["window"] == 8


def test_sessions_may_ask_for_what_was_seen(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(
        "SELECT session, position, (session + position) % 10 AS item_id "
        "FROM range(100) s(session), range(4) p(position)",
        tmp_path / "train_sessions.parquet",
    )
    save(
        "SELECT [n % 10, (n + 1) % 10] AS history, (n + 2) % 10 AS target FROM range(20) t(n)",
        tmp_path / "test_examples.parquet",
    )
    words = ("--data", str(tmp_path), "--protocol", "session", "--models", "item-knn,blend")
    code, found, _ = evaluate(script, monkeypatch, capsys, *words)
    assert code == 0
    assert not found["history_masked"]
    assert found["cases"] == 20
    assert found["models"]["item-knn"]["mrr@20"] == 1.0
    assert found["models"]["blend"]["mrr@20"] == 1.0
    assert set(found["models"]["blend"]["parameters"]) == {
        "session",
        "item-knn",
        "session-knn",
        "encoder",
        "ranker",
        "held_out",
        "popular",
    }


def test_a_dataset_folder_is_cut_in_time(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(
        "SELECT 1700000000 + n * 60 AS ts, 'uk' AS store, 'view' AS type, 'u' || (n % 50) AS user, "
        "'p' || ((n // 50 + n % 50) % 20) AS product FROM range(1000) t(n)",
        tmp_path / "events.csv",
    )
    words = ("--data", str(tmp_path), "--protocol", "temporal", "--models", "item-knn,als", "--seeds", "1,2")
    code, found, _ = evaluate(script, monkeypatch, capsys, *words)
    assert code == 0
    asked = found["models"]
    assert [len(asked[name]["seeds"]["ndcg@10"]) for name in ("item-knn", "als")] == [1, 2]
    assert asked["als"]["ndcg@10"] == pytest.approx(np.mean(asked["als"]["seeds"]["ndcg@10"]))
    assert found["train_interactions"] == 800
    assert found["models"]["item-knn"]["hr@5"] > 0.9


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--models", "popular,magic"], "no model 'magic' yet. The models are: popular, item-knn"),
        (["--protocol", "session"], "There is no"),
        (["--protocol", "temporal"], "no events"),
    ],
)
def test_wrong_input_is_said(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    says: str,
) -> None:
    code, _, errors = evaluate(script, monkeypatch, capsys, "--data", str(tmp_path), *words)
    assert code == 2
    assert says in errors


def test_as_many_of_the_newest_entries_are_held_out_as_the_test_part_asks_and_a_tenth_at_most() -> None:
    sizes = np.array([3] * 38 + [4, 2])
    assert protocols.first_held_out(sizes, 1) == 39
    assert protocols.first_held_out(sizes, 4) == 38
    assert protocols.first_held_out(sizes, 6) == 37
    assert protocols.first_held_out(sizes, 1_000) == 36
