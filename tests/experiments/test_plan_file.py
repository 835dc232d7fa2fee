"""A plan that is right is read; one that is wrong says every line, key and value, and what to write."""

from __future__ import annotations

from datetime import date

import jsonschema_rs
import msgspec
import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.experiments.plan_file import json_schema, read_plan
from shopkeeper.wiring.experiments import EXAMPLES, example_plan


def changed(old: str, new: str) -> str:
    text = example_plan("diversity")
    assert old in text
    return text.replace(old, new, 1)


def refused(text: str, called: str | None = None) -> dict[str, tuple[str, str]]:
    """Return what is wrong: key -> reason and remedy."""
    with pytest.raises(ConfigError) as caught:
        read_plan(text, "experiments/x.yaml", called)
    return {one.field: (one.reason, one.remedy) for one in caught.value.problems}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_shipped_example_is_read_and_fits_its_own_schema(name: str) -> None:
    plan = read_plan(example_plan(name), f"{name}.yaml", name)
    assert plan.name == name
    assert [arm.name for arm in (plan.control, *plan.others)] == [arm.name for arm in plan.arms]
    document = msgspec.json.decode(msgspec.json.encode(plan))
    jsonschema_rs.Draft202012Validator(json_schema()).validate(document)


def test_the_first_metric_is_the_primary_one_and_none_comes_twice() -> None:
    plan = read_plan(example_plan("diversity"), "x")
    assert plan.metrics == ("session_length", "pages_per_visit", "ctr", "conversion", "p99_latency")
    assert plan.bounded == {"conversion": 0.05}
    assert plan.period.days == 21
    assert plan.period.end == date(2026, 12, 21)


def test_the_digest_ignores_comments_and_written_defaults_but_no_share() -> None:
    digest = read_plan(example_plan("diversity"), "x").digest
    assert read_plan(changed("unit: user\n", "unit: user   # the shopper\nkind: ab\n"), "x").digest == digest
    assert read_plan(changed("name: control, share: 0.5", "name: control, share: 0.4"), "x").digest != digest


@pytest.mark.parametrize(
    ("old", "new", "field", "reason", "remedy"),
    [
        ("share: 0.5, words: The best", "share: 0.6, words: The best", "arms", "have shares of 1.1", "0.5 each"),
        ("name: control", "name: champion", "arms", "have no control", "`control`"),
        ("    settings: {diversity: 0.6}\n", "", "arms[1]", "differs in nothing", "kind: aa"),
        ("metric: session_length", "metric: session_lenght", "primary.metric", "no metric", "`session_length`"),
        ("metric: session_length", "metric: ndcg@10", "primary.metric", "in a training run", "Name one that is"),
        ("end: 2026-12-21", "end: 2026-11-21", "period.end", "before the start", "last day"),
        ("maturation_days: 1", "maturation_days: 0.5", "maturation_days", "shorter than", "not final"),
        ("layer: ranking ", "layer: '' ", None, "", ""),
        ("layer_from: 0", "layer_from: 1", "layer_to", "not above", "range"),
        ("segments: [store", "segments: [moon", "segments[0]", "nothing tells apart", "Known: store, newcomer, device"),
        ("metric: conversion, margin: 0.05", "metric: conversion", "guardrails[0]", "has no bound", "margin"),
        ("minimum_uplift: 0.05", "minimum_uplift: 5%", "primary.minimum_uplift", "is '5%'", "0.05"),
        ("title: A varied", "titel: A varied", "titel", "is not a key here", "`title`"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_and_what_to_write(
    old: str, new: str, field: str | None, reason: str, remedy: str
) -> None:
    if field is None:
        assert read_plan(changed(old, new), "x").layer == ""
        return
    found = refused(changed(old, new))
    assert reason in found[field][0]
    assert found[field][0].startswith("line ")
    assert remedy in found[field][1]


def test_a_range_without_a_layer_and_an_a_a_test_of_arms_that_differ_are_refused() -> None:
    text = changed("layer: ranking ", "kind: aa\nlayer: '' ").replace("layer_to: 1", "layer_to: 0.5")
    assert {"layer", "arms[1]"} <= refused(text).keys()


def test_a_plan_is_called_as_its_file() -> None:
    assert (
        refused(example_plan("diversity"), "variety")["name"][1]
        == "Write `name: variety`, or call the file diversity.yaml."
    )
