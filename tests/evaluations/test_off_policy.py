"""The open-bandit log is valued as an independent formula says, and refused where its overlap is poor."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from evaluations.off_policy import main

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "open-bandit-sample"
needs_data = pytest.mark.skipif(not FOLDER.exists(), reason=f"no open-bandit sample: {FOLDER} is absent")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(list(words)) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def small_log(folder: Path) -> Path:
    """Write a log of two products in one place: shown with chance 0.75 and 0.25, clicked 1 in 10 and 3 in 10."""
    log = folder / "log.csv"
    rows = ["item_id,position,click,propensity_score"]
    rows += [f"0,1,{int(place % 10 == 0)},0.75" for place in range(750)]
    rows += [f"1,1,{int(place % 10 < 3)},0.25" for place in range(250)]
    log.write_text("\n".join(rows) + "\n")
    return log


def test_a_uniform_policy_is_worth_the_mean_over_products(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "--log", str(small_log(tmp_path)), "--target", "uniform")
    assert found["estimates"]["ips"]["value"] == pytest.approx((0.1 + 0.3) / 2)  # type: ignore[index]
    assert found["agreement"] == pytest.approx(0.0, abs=1e-9)
    assert found["conclusion"] == "better"


@pytest.mark.parametrize("target", ["item_id,probability\n1,1.0\n", "item_id,position,probability\n1,1,1.0\n0,1,0\n"])
def test_a_file_of_chances_says_what_the_other_policy_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    file = tmp_path / "target.csv"
    file.write_text(target)
    found = said(capsys, "--log", str(small_log(tmp_path)), "--target", str(file))
    assert found["estimates"]["snips"]["value"] == pytest.approx(0.3)  # type: ignore[index]


def test_chances_row_by_row_need_one_for_each_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "target.csv"
    file.write_text("row,probability\n0,0.5\n")
    assert main(["--log", str(small_log(tmp_path)), "--target", str(file)]) == 2
    assert "1 rows and the log 1,000" in capsys.readouterr().err


@needs_data
def test_all_is_inconclusive_and_agrees_with_an_independent_formula(capsys: pytest.CaptureFixture[str]) -> None:
    log = FOLDER / "all_bts.parquet"
    found = said(capsys, "--log", str(log), "--target", "uniform")
    connection = duckdb.connect()
    wanted = connection.execute(
        f"SELECT sum(click / (80 * propensity_score)) / count(*), sum(click / propensity_score) /"  # noqa: S608 - a path of ours
        f" sum(1 / propensity_score) FROM '{log}'"
    ).fetchall()[0]
    connection.close()
    estimates = found["estimates"]
    assert estimates["ips"]["value"] == pytest.approx(wanted[0], rel=1e-6)  # type: ignore[index]
    assert estimates["snips"]["value"] == pytest.approx(wanted[1], rel=1e-6)  # type: ignore[index]
    assert found["effective"] == pytest.approx(340.4, abs=0.1)
    assert found["conclusion"] == "inconclusive"


@needs_data
def test_women_is_refused_as_two_rows_carry_everything(capsys: pytest.CaptureFixture[str]) -> None:
    found = said(capsys, "--log", str(FOLDER / "women_bts.parquet"), "--target", "uniform")
    assert found["effective"] == pytest.approx(2.08, abs=0.01)
    assert found["conclusion"] == "refused"
    assert "Poor overlap" in str(found["why"])
