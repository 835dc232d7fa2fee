"""A finished test is analysed from its rows; of others the sums at checkpoints are followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from evaluations.experiment import main

DATA = Path(__file__).parents[3] / "shared" / "data"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(list(words)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def checkpoints(folder: Path) -> Path:
    """Write one experiment over 20 days: one metric rises by 10%, one stays, and a day lacks its variance."""
    file = folder / "days.parquet"
    connection = duckdb.connect()
    rows = connection.sql(
        "SELECT 'e1' AS experiment_id, 1 AS variant_id, m AS metric_id, d::DOUBLE AS time_since_start,"
        " d * 1000 AS count_c, d * 1000 AS count_t, 10.0 AS mean_c, CASE m WHEN 1 THEN 11.0 ELSE 10.0 END AS mean_t,"
        " CASE WHEN d = 3 THEN NULL ELSE 25.0 END AS variance_c, 25.0 AS variance_t"
        " FROM range(1, 21) a(d), range(1, 3) b(m)"
    )
    rows.write_parquet(str(file))
    connection.close()
    return file


def test_sums_at_checkpoints_say_who_would_have_stopped_and_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(capsys, "--data", str(checkpoints(tmp_path)), "--summaries")
    assert (found["experiments"], found["checkpoints"], found["skipped"]) == (1, 40, 2)
    assert found["metrics"]["1"]["any_time"]["stopped"] == 1
    assert found["metrics"]["2"]["any_time"]["stopped"] == 0
    assert found["stops"][0]["effect"] == pytest.approx(0.1)
    assert found["agreement"] < 1e-9


def test_a_unit_that_is_not_the_one_split_is_found_out_before_the_first_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "visits.csv"
    lines = [f"{shopper},{shopper * 7919 % 101 + visit}" for shopper in range(200) for visit in range(5)]
    file.write_text("\n".join(["shopper,spent", *lines]) + "\n")
    found = said(capsys, "--data", str(file), "--unit", "shopper", "--metrics", "spent", "--aa", "500")
    assert not found["passed"]
    assert found["aa"]["spent"]["below"] > 0.15


def test_rows_of_units_need_their_columns_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--data", "x.csv"])
    assert "--unit" in capsys.readouterr().err


@pytest.mark.skipif(not (DATA / "cookie-cats").is_dir(), reason="needs ../shared/data/cookie-cats")
def test_cookie_cats_shows_its_sample_ratio_and_that_the_later_gate_loses_players(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = DATA / "cookie-cats" / "cookie_cats.parquet"
    metrics = "retention_1,retention_7"
    found = said(capsys, "--data", str(file), "--unit", "userid", "--arm", "test_version", "--metrics", metrics)
    assert found["srm_p"] == pytest.approx(0.0086, abs=1e-4)
    week = next(one for one in found["estimates"] if one["metric"] == "retention_7")
    assert (week["control"], week["value"]) == (pytest.approx(0.190201, abs=1e-6), pytest.approx(0.182, abs=1e-6))
    assert week["high"] < 0


@pytest.mark.skipif(not (DATA / "asos-experiments").is_dir(), reason="needs ../shared/data/asos-experiments")
def test_the_78_experiments_of_asos_agree_with_a_second_implementation(capsys: pytest.CaptureFixture[str]) -> None:
    file = DATA / "asos-experiments" / "asos_digital_experiments.parquet"
    found = said(capsys, "--data", str(file), "--summaries")
    assert (found["experiments"], found["comparisons"], found["checkpoints"]) == (78, 99, 24_153)
    assert found["agreement"] < 1e-9
    assert 0 < found["experiments_stopped_any_time"] < 78
