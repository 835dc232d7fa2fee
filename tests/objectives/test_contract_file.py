"""An objective file that is right is read; one that is wrong says every line, key and value, and what to write."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.objectives.built_in import built_in_objective
from shopkeeper.objectives.catalogue import CATALOGUE
from shopkeeper.objectives.contract import HARM_ALPHA, Blessing, Objective
from shopkeeper.objectives.contract_file import json_schema, load_objective, read_objective

SYSTEMS = ("recommendations", "pricing", "content")


def example(system: str = "recommendations") -> str:
    return resources.files("shopkeeper.objectives").joinpath(f"examples/{system}.yaml").read_text("utf-8")


def changed(old: str, new: str, text: str | None = None) -> str:
    before = example() if text is None else text
    assert old in before
    return before.replace(old, new, 1)


def refused(text: str, system: str | None = None) -> dict[str, tuple[str, str]]:
    """Return what is wrong: key -> reason and remedy."""
    with pytest.raises(ConfigError) as caught:
        read_objective(text, "objectives/x.yaml", system)
    return {one.field: (one.reason, one.remedy) for one in caught.value.problems}


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_shipped_example_is_read_and_spends_no_more_than_the_harm_alpha(system: str) -> None:
    objective = read_objective(example(system), f"{system}.yaml", system)
    assert objective.system == system
    assert sum(one.alpha for one in objective.rollback) <= HARM_ALPHA + 1e-12


def test_the_digest_ignores_comments_order_of_keys_and_written_defaults_but_no_figure() -> None:
    text = example()
    digest = read_objective(text, "x").digest
    bare = re.sub(r"\s+#.*", "", "\n".join(line for line in text.splitlines() if not line.startswith("#")))
    moved = changed("version: 1\nsystem: recommendations\n", "", text) + "system: recommendations\nversion: 1\n"
    defaulted = changed("  quality: warn               # a check", "  checks: []\n  quality: warn   # a check", text)
    whole = changed("maturation_days: 14 ", "maturation_days: 14.0 ", text)
    assert {read_objective(one, "x").digest for one in (bare, moved, defaulted, whole)} == {digest}
    assert read_objective(changed("minimum_uplift: 0.15", "minimum_uplift: 0.16", text), "x").digest != digest


def test_a_misspelt_key_names_its_line_and_the_key_that_was_meant() -> None:
    text = changed("  minimum_uplift: 0.15", "  minimum_uplft: 0.15")
    found = refused(text)
    assert found["primary.minimum_uplft"] == (
        f"line {line_of(text, 'minimum_uplft')}: is not a key here.",
        "Did you mean `minimum_uplift`?",
    )
    assert "is missing" in found["primary.minimum_uplift"][0]


def test_a_misspelt_metric_names_its_line_and_the_metric_that_was_meant() -> None:
    text = changed("{metric: conversion, margin: 0.05}", "{metric: conversoin, margin: 0.05}")
    line = line_of(text, "- {metric: conversoin")
    assert refused(text)["guardrails[0].metric"] == (
        f"line {line}: is 'conversoin', which is no metric.",
        "Did you mean `conversion`?",
    )


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ("minimum_uplift: 0.15", "minimum_uplift: 15%", "primary.minimum_uplift", "Write a share as a number: 0.15."),
        ("minimum_uplift: 0.15", "minimum_uplift: 0", "primary.minimum_uplift", "Give a number > 0.0."),
        ("direction: up", "direction: upp", "primary.direction", "Did you mean `up`?"),
        ("direction: up", "direction: down", "primary.direction", "Write `direction: up`."),
        ("unit: share", "unit: percent", "primary.unit", "Write `unit: share`."),
        ("metric: ctr\n  unit: share", "metric: ndcg@10\n  unit: share", "primary.metric", "Name one that is measured"),
        ("offline_metric: ndcg@10", "offline_metric: hr@20", "training.bless", "Add `- metric: hr@20`"),
        ("freshness: 2d", "freshness: two days", "technical.freshness", "Give text of the form"),
        ("decide_by: 2027-03-31", "decide_by: 2026-11-30", "timeline.decide_by", "Give a day after the start."),
        ("decide_by: 2027-03-31", "decide_by: soon", "timeline.decide_by", "Give a day such as 2026-12-01."),
        ("maturation_days: 14", "maturation_days: 3", "maturation_days", "Figures are not final"),
        ("limit: 0.01}", "}", "guardrails[3]", "Give a margin against the control, a limit, or both."),
        ("conversion, margin: 0.05", "ctr, margin: 0.05", "guardrails[0].metric", "It must win; it guards nothing."),
        ("aov, margin: 0.05", "conversion, margin: 0.05", "guardrails", "Keep one of them."),
        ("bound: 0.05, alpha: 0.0025", "bound: 5, alpha: 0.0025", "rollback[4].bound", "Against the control"),
        (
            "error_share, against: limit, bound",
            "error_share, bound",
            "rollback[6].against",
            "It is measured on requests",
        ),
        (
            "fallback_share, limit: 0.01",
            "fallback_share, margin: 0.01",
            "guardrails[3].margin",
            "It is measured on requests",
        ),
        ("rule: non-inferior, margin: 0.02", "rule: non-inferior", "training.bless[1].margin", "Say how much worse"),
        ("metric: hr@10, rule", "metric: ctr, rule", "training.bless[1].metric", "Name one that is measured in a"),
        ("start: 08:00", "start: 8 am", "retraining.quiet_hours[0].start", "Give text of the form"),
        ("Europe/Berlin", "Berlin", "retraining.quiet_hours[0].time_zone", "Give an IANA name"),
        (
            "budget: {runs_per_month: 4, amount_per_month: 200, currency: EUR}",
            "budget: {}",
            "retraining.budget",
            "Give",
        ),
        ("system: recommendations", "system: pricing", "system", "Write `system: recommendations`"),
        ("debounce_days: 7", "debounce_days: 7\n  debounce_days: 8", "retraining.debounce_days", "Keep one of them."),
    ],
)
def test_each_mistake_names_the_key_the_line_and_the_remedy(old: str, new: str, key: str, remedy: str) -> None:
    found = refused(changed(old, new), "recommendations")
    assert list(found) == [key]
    reason, said = found[key]
    assert reason.startswith("line ")
    assert said.startswith(remedy)


def test_shares_of_the_alpha_above_the_harm_alpha_are_refused_with_a_split_that_fits() -> None:
    text = changed("{metric: revenue_per_user, alpha: 0.015}", "{metric: revenue_per_user, alpha: 0.016}")
    reason, remedy = refused(text)["rollback"]
    assert "0.051 together, above 0.05" in reason
    assert f"{0.05 / 8:g} each" in remedy


def test_all_mistakes_are_said_at_once_in_the_order_of_the_file() -> None:
    text = changed("minimum_uplift: 0.15", "minimum_uplift: many")
    text = changed("uptime: 0.997", "uptime: 2", text)
    text = changed("schedule: monthly", "schedule: daily", text)
    assert list(refused(text)) == ["primary.minimum_uplift", "technical.uptime", "retraining.schedule"]


def test_a_text_that_is_no_yaml_names_its_line() -> None:
    with pytest.raises(ConfigError, match=r"objectives/x\.yaml, line 3: this is not valid YAML"):
        read_objective("version: 1\nprimary: {metric: ctr\nowner: x: y", "objectives/x.yaml")
    assert refused("")["the document"][0] == "is None."
    assert refused("- a\n")["the document"][0].startswith("is ['a']")


def test_a_system_without_a_file_has_no_objective(tmp_path: Path) -> None:
    assert load_objective(tmp_path / "objectives", "pricing") is None
    (tmp_path / "pricing.yaml").write_text(example("pricing"))
    loaded = load_objective(tmp_path, "pricing")
    assert loaded is not None
    assert loaded == read_objective(example("pricing"), "x")


def test_the_built_in_default_asks_for_a_better_offline_metric_and_changes_with_nothing() -> None:
    built_in = built_in_objective("recommendations", "ndcg@10")
    assert built_in.blessings == (Blessing(metric="ndcg@10", rule="better"),)
    assert built_in.digest == built_in_objective("recommendations", "ndcg@10").digest


def test_the_schema_describes_every_key_and_knows_every_metric() -> None:
    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    for name, part in schema["$defs"].items():
        assert part["additionalProperties"] is False, name
        silent = [key for key, held in part["properties"].items() if not held.get("description")]
        assert silent == [] or name in ("Secondary", "Guardrail", "RollbackCriterion", "Performance", "SliceLimit")
    assert schema["$defs"]["Primary"]["properties"]["metric"]["enum"] == list(CATALOGUE)
    assert set(schema["$defs"]["Objective"]["properties"]) == set(Objective.__struct_fields__)


@pytest.mark.parametrize("system", SYSTEMS)
def test_another_checker_agrees_with_the_schema_on_what_an_objective_is(system: str) -> None:
    checker = jsonschema_rs.Draft202012Validator(json_schema())
    document = msgspec.to_builtins(read_objective(example(system), "x"))
    assert checker.is_valid(document)
    for spoilt in (
        {**document, "primry": {}},
        {**document, "primary": {**document["primary"], "metric": "ctrr"}},
        {**document, "rollback": []},
        {**document, "technical": {**document["technical"], "uptime": 2}},
        {key: held for key, held in document.items() if key != "owner"},
    ):
        assert not checker.is_valid(spoilt)


def test_a_character_that_no_text_has_is_an_error_in_the_file_and_no_crash() -> None:
    with pytest.raises(ConfigError, match="not valid YAML"):
        read_objective("version: 1\x00", "objectives/x.yaml")
