"""The policy of prices says what is wrong with it, by line, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.pricing.policy.policy_file import default_policy, load_policy, read_policy
from shopkeeper.wiring.new_workspace import create_workspace


def _problems(before: str, after: str) -> dict[str, FieldProblem]:
    text = default_policy()
    assert before in text
    with pytest.raises(ConfigError) as raised:
        read_policy(text.replace(before, after, 1))
    return {problem.field: problem for problem in raised.value.problems}


def _band(bounds: str, beside: str = "[Top]") -> str:
    return f"together: {{bands: [{{name: x, of: line, brands: [Own], beside: {beside}, {bounds}}}]}}"


def test_a_workspace_is_made_with_the_policy_that_ships(tmp_path: Path) -> None:
    create_workspace(tmp_path / "shop")
    assert load_policy(tmp_path / "shop") == load_policy(tmp_path / "nowhere") == read_policy(default_policy())


def test_the_shipped_policy_is_valid_and_never_sells_below_cost() -> None:
    policy = read_policy(default_policy())
    assert (policy.rules.over_cost, policy.rules.prior_price_days, policy.infeasible) == (0.02, 30.0, "hold")


@pytest.mark.parametrize(
    ("before", "after", "field", "says"),
    [
        ("version: 1", "version: 7", "version", "Known: 1."),
        ("daily_move: 0.10", "daily_move: 10%", "rules.daily_move", "Write a share as a number: 0.1"),
        ("weekly_move: 0.20", "weekly_moves: 0.20", "rules.weekly_moves", "Did you mean `weekly_move`?"),
        ("weekly_move: 0.20", "weekly_move: 0.05", "rules.weekly_move", "at least the daily move"),
        ("credible: [0.4, 2.5]", "credible: [1.4, 2.5]", "rules.competitor.credible", "a range around 1"),
        ("inflation: 0.10", "exploration: {enough: 2, wide: 1}", "rules.exploration.enough", "less than `wide`"),
        ("inflation: 0.10", "exploration: {budget: 0.5}", "rules.exploration.budget", "0.02"),
        ("weekly_move: 0.06", "weekly_move: 0.01", "scopes[0].rules.weekly_move", "at least the daily move"),
        ("daily_move: 0.03", "margin_target: 0.3", "scopes[0].rules.margin_target", "leave products and key_value"),
        ("{below: 4, step: 0.05, minus: 0.01}", "{below: 40, step: 0.05, minus: 0.01}", "endings.EUR", "Sort them"),
        ("together: {}", "together: {packs: [{name: x, of: line}]}", "together.packs[0].size", "Write it"),
        ("together: {}", "together: {packs: [{name: x, size: s}]}", "together.packs[0]", "one of them"),
        ("together: {}", "together: {one_price: [{name: x, of: product}]}", "together.one_price[0].of", "stores: all"),
        ("together: {}", "together: {one_price: [{name: x, products: [a]}]}", "together.one_price[0].products", "two"),
        ("together: {}", _band("lowest: 0.9, highest: 0.8"), "together.bands[0].lowest", "lower bound first"),
        ("together: {}", _band("size: s"), "together.bands[0]", "highest: 0.9"),
        ("together: {}", _band("highest: 1", beside="[Own]"), "together.bands[0].beside", "Leave it out of one"),
        ("together: {}", "together: {onepric: []}", "together.onepric", "Did you mean `one_price`?"),
        ("calendar: []", "calendar: [{name: x, starts: 2026-02-01, ends: 2026-01-01}]", "calendar[0].ends", "or later"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(before: str, after: str, field: str, says: str) -> None:
    assert says in _problems(before, after)[field].remedy
