"""The verifier reaches its limits on public labels, and the figures do not depend on the order of rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluations.grounding import area, e2e, main, rows_of, webnlg

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "catalogue"
needs_data = pytest.mark.skipif(not FOLDER.exists(), reason=f"no labelled texts: {FOLDER} is absent")


def test_ties_count_half_in_any_order() -> None:
    positive = np.array([True, True, False, False])
    # of the four pairs: 2 > 1, 1 = 1, 2 > 0, 1 > 0
    assert area(np.array([2.0, 1.0, 1.0, 0.0]), positive) == (1 + 0.5 + 1 + 1) / 4
    assert area(np.array([1.0, 2.0, 0.0, 1.0]), positive) == (0.5 + 1 + 1 + 1) / 4


def test_recall_and_precision_are_of_faulty_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colour = {"colour": "red"}
    rows = [
        {"attributes": colour, "text": "It is blue.", "ungrounded": True},
        {"attributes": colour, "text": "It is nice.", "ungrounded": True},
        {"attributes": colour, "text": "It is red.", "ungrounded": False},
        {"attributes": colour, "text": "It is green.", "ungrounded": False},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    assert main(["--e2e", str(file)]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["e2e"]
    assert (found["recall"], found["precision"]) == (1 / 2, 1 / 2)


def test_a_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "no labels"}')
    assert main(["--e2e", str(file)]) == 2


@needs_data
def test_faulty_sentences_are_found_with_few_false_alarms() -> None:
    found = e2e(rows_of(FOLDER / "grounding_e2e.jsonl"))
    assert found["recall"] >= 0.95
    assert found["precision"] >= 0.95


@needs_data
def test_doubt_ranks_what_readers_held_incorrect() -> None:
    found = webnlg(rows_of(FOLDER / "grounding_webnlg_human.jsonl"), seed=0)
    assert found["auc"] >= 0.75
    assert found["low"] > 0.65
