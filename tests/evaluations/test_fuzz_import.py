"""A small part of the fuzz of the import on every run of the tests; the whole is `evaluations/fuzz_import.py`."""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "evaluations" / "fuzz_import.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_import", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_import"] = module
    spec.loader.exec_module(module)
    return module


def test_no_fault_crashes_the_import_or_comes_in(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "ROWS_A_FILE", 60)
    monkeypatch.setattr("sys.argv", ["fuzz_import.py", "--rows", str(60 * 12), "--files", "15", "--seed", "7"])
    code = script.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code, found["crashes"], found["let_through"], found["lost"], found["differing"]) == (0, 0, 0, 0, 0)
    assert found["files"] == 12 + 15
    assert found["rows"] >= 60 * 12


USUAL = {"event_id": "e", "ts": "2026-05-01T10:00:00Z", "store": "uk", "type": "view", "product": "p"}
LATEST = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("fault", [
    {"type": "vieew"}, {"ts": "soon"}, {"ts": "2026-06-02T00:00:00Z"}, {"product": None}, {"price": -1}, {"store": "x"},
    {"price": float("nan")}, {"user": " "}, {"user": "u" * 201}, {"position": 1.5}, {"properties": {"IP": "1"}},
    {"surface": "a\x00"}, {"currency": "gbp"}, {"event_id": ""}, {"traffic": "robot"}, {"consent": {"measure": "no"}},
])  # fmt: skip
def test_the_second_reading_of_the_contract_sees_each_fault(script: ModuleType, fault: dict[str, object]) -> None:
    assert list(script.breaches("events", USUAL, LATEST)) == []
    assert list(script.breaches("events", {**USUAL, **fault}, LATEST)) != []
