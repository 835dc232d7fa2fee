"""The evaluation of strangers on a small shop of our own."""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb
import numpy as np
from evaluations.cold_context import run
from evaluations.newest_visits import DAY, weekends


def test_a_visit_is_answered_by_its_store_and_by_where_it_began(tmp_path: Path) -> None:
    """Two countries that look at other halves of 40 models; who looks at an even one looks at the one after it next."""
    clicks = (
        'SELECT s AS session_id, s % 2 AS country, o AS "order", '
        "DATE '2008-04-01' + CAST(s // 20 AS INTEGER) AS date, "
        "CAST((s % 2) * 20 + (s * 7 % 10) * 2 + o AS VARCHAR) AS clothing_model FROM range(1200) t(s), range(2) u(o)"
    )
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({clicks}) TO '{tmp_path}/clicks.parquet'")
    found = run(argparse.Namespace(data=tmp_path, share=0.15, seed=1))
    assert (found["stores"], found["visits"], found["cold_visits"]) == (2, 180, 180)
    assert found["cold"]["store"]["mean"] > 1.4 * found["cold"]["group"]["mean"]
    assert found["pays"] == []
    assert found["landings"] == 180
    assert found["second_product"]["landing"]["mean"] == 1.0
    assert found["landing over popular"]["interval"][0] > 0


def test_saturdays_and_sundays_are_weekends() -> None:
    assert weekends(np.array([day * DAY for day in range(7)])).tolist() == [0, 0, 1, 1, 0, 0, 0]  # from a Thursday on
