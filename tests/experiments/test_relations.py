"""A query over relations that are made on the way says what it says over kept ones."""

from __future__ import annotations

import pytest

from shopkeeper.experiments.relations import Relation, over, woven

ONE = Relation("one", "-- first\nSELECT $a AS x", {"a": 1})
TWO = Relation("two", "SELECT x + $b AS y FROM one", {"b": 2})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT y FROM two", "WITH {} SELECT y FROM two"),
        ("-- why\n-- WITH care\nSELECT y FROM two", "-- why\n-- WITH care\nWITH {} SELECT y FROM two"),
        ("-- why\nWITH own AS (FROM two) FROM own", "-- why\nWITH {}, own AS (FROM two) FROM own"),
    ],
)
def test_relations_stand_before_what_a_query_names_itself(text: str, expected: str) -> None:
    query, parameters = woven("asked", text, (ONE, TWO), {"c": 3})
    made = "one AS (\n-- first\nSELECT $a AS x\n), two AS (\nSELECT x + $b AS y FROM one\n)"
    assert (query.name, query.text) == ("asked", expected.format(made))
    assert parameters == {"a": 1, "b": 2, "c": 3}


def test_nothing_to_make_leaves_a_query_as_it_is() -> None:
    query, parameters = woven("asked", "-- why\nSELECT 1", (), {"c": 3})
    assert (query.text, parameters) == ("-- why\nSELECT 1", {"c": 3})


def test_a_relation_that_makes_others_is_one_relation() -> None:
    made = over(TWO, (ONE,))
    assert made.name == "two"
    assert made.text == "WITH one AS (\n-- first\nSELECT $a AS x\n) SELECT x + $b AS y FROM one"
    assert made.parameters == {"a": 1, "b": 2}
