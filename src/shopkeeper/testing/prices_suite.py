"""The laws of `pricing.ports.PriceRuns` and `Prices`, for any engine: subclass and give `price_runs` and `prices`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shopkeeper.errors import ChangedMeanwhile, UnknownPriceRun
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.proposal import Proposal, ProposedPrices
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.ports import HowFar, PriceRuns, Prices, Seen
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice, begun
from shopkeeper.pricing.runs.run_rows import RowsWanted

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
POLICY = RunPolicy(mean_move=1.0)
HOUR = timedelta(hours=1)


def example_price(
    product: str, current: float, price: float, *, store: str = "uk", cost: float | None = 1.0, daily_move: float = 0.1
) -> RunPrice:
    """Return one price of a run."""
    proposal = Proposal(
        store=store, price_list="", product=product, category="Home", currency="GBP", current=current, proposed=price,
        tax=0.0, cost=cost, why="objective",
    )  # fmt: skip
    return RunPrice(proposal=proposal, price=price, daily_move=daily_move)


def example_run(run: str, prices: list[RunPrice], at: datetime = NOON) -> tuple[PriceRun, list[RunPrice]]:
    """Return a run that anna began, after both gates."""
    rows = tuple(price.proposal for price in prices)
    stores = tuple(sorted({row.store for row in rows}))
    proposed = ProposedPrices(at=at, model="", policy="p1", objective="revenue", stores=stores, rows=rows)
    return run_steps.gated(begun(run, "uk", "anna", proposed), prices, POLICY, at)


def _binding(price: RunPrice, *rules: str) -> RunPrice:
    return replace(price, proposal=replace(price.proposal, binding=rules))


class PricesSuite:
    """Every engine passes these."""

    def published(
        self, price_runs: PriceRuns, prices: Prices, run: str, moves: Mapping[str, tuple[float, float]],
        at: datetime = NOON,
    ) -> PriceRun:  # fmt: skip
        """Begin, approve and publish a run of some moves."""
        rows = [example_price(product, *move) for product, move in moves.items()]
        kept = price_runs.begin(*example_run(run, rows, at))
        kept = price_runs.step(kept, run_steps.approve(kept, "ben", "looks right", POLICY, at))
        prices.publish(kept, run_steps.publish(kept, "ben", "now", POLICY, at), at)
        return price_runs.get(run)

    def now(self, prices: Prices) -> dict[str, float]:
        """Return the price of each product that holds."""
        return {one.product: one.price for one in prices.published()}

    def test_a_run_is_kept_once_with_its_prices_in_order(self, price_runs: PriceRuns) -> None:
        run, rows = example_run("r1", [example_price("b", 10, 10.5), example_price("a", 20, 20)])
        assert price_runs.begin(run, rows) == run
        assert price_runs.begin(replace(run, status="rejected"), []) == run
        assert [one.proposal.product for one in price_runs.prices("r1")] == ["a", "b"]
        assert [one.price for one in price_runs.prices("r1", moved=True)] == [10.5]
        assert [one.proposal.product for one in price_runs.prices("r1", skip=1)] == ["b"]
        assert (run.status, run.moved, run.risk) == ("waiting", 1, "medium")

    def test_a_run_nobody_began_is_unknown(self, price_runs: PriceRuns) -> None:
        with pytest.raises(UnknownPriceRun, match="r9"):
            price_runs.get("r9")

    def test_of_two_who_take_a_step_one_is_refused(self, price_runs: PriceRuns) -> None:
        run = price_runs.begin(*example_run("r1", [example_price("a", 10, 10.5)]))
        price_runs.step(run, run_steps.approve(run, "ben", "yes", POLICY, NOON))
        with pytest.raises(ChangedMeanwhile, match="r1"):
            price_runs.step(run, run_steps.reject(run, "carl", "no", NOON))
        assert [(step.status, step.who) for step in price_runs.get("r1").steps] == [
            ("waiting", "rule"), ("approved", "ben"),
        ]  # fmt: skip

    def test_runs_come_newest_first_and_scheduled_ones_are_due_from_their_moment_on(
        self, price_runs: PriceRuns
    ) -> None:
        for number in (1, 2):
            at = NOON + number * HOUR
            run = price_runs.begin(*example_run(f"r{number}", [example_price("a", 10, 10.5)], at))
            run = price_runs.step(run, run_steps.approve(run, "ben", "yes", POLICY, at))
            price_runs.step(run, run_steps.schedule(run, "ben", "at night", at + HOUR, POLICY, at))
        assert [one.id for one in price_runs.newest()] == ["r2", "r1"]
        assert [one.id for one in price_runs.due(NOON + HOUR)] == []
        assert [one.id for one in price_runs.due(NOON + 3 * HOUR)] == ["r1", "r2"]

    def test_the_largest_moves_come_first_and_are_found_by_category_and_by_what_is_said_of_them(
        self, price_runs: PriceRuns
    ) -> None:
        rows = [
            example_price("a", 10, 10.2), example_price("b", 10, 9.5), example_price("c", 10, 10),
            example_price("d", 10, 5), _binding(example_price("e", 10, 10.1), "margin_floor (uk)", "map"),
        ]  # fmt: skip
        run = price_runs.begin(*example_run("r1", rows))
        assert (run.moved, run.held) == (3, 1)

        def found(skip: int = 0, **wanted: Any) -> tuple[str, int]:  # noqa: ANN401 - fields of `RowsWanted`
            page = price_runs.largest("r1", RowsWanted(**wanted), skip, 2)
            return "".join(one.proposal.product for one in page.prices), page.of

        assert found() == ("ba", 3)
        assert found(2) == ("e", 3)
        assert found(moving=False) == ("db", 5)
        assert found(moving=False, mark="anomaly:daily_move") == ("d", 1)
        assert found(mark="binding:margin_floor") == ("e", 1)
        assert found(mark="binding:margin") == found(mark="%") == found(category="Hom") == ("", 0)
        assert found(category="Home") == ("ba", 3)
        tally = price_runs.tally("r1")
        assert tally.categories == {"Home": 5}
        assert tally.marks == {"anomaly:daily_move": 1, "binding:map": 1, "binding:margin_floor": 1}

    def test_publishing_changes_moved_prices_and_keeps_what_was_before(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        before = prices.revision()
        run = self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 20), "c": (30, 29)})
        assert run.status == "published"
        assert self.now(prices) == {"a": 10.5, "c": 29}
        assert [(one.number, one.previous, one.product, one.before, one.price) for one in prices.changes()] == [
            (1, 0, "a", 10, 10.5), (2, 0, "c", 30, 29),
        ]  # fmt: skip
        assert prices.revision() > before
        assert prices.published(prices.revision()) == []

    def test_publishing_again_is_told_that_it_is_done(self, price_runs: PriceRuns, prices: Prices) -> None:
        run = price_runs.begin(*example_run("r1", [example_price("a", 10, 10.5)]))
        run = price_runs.step(run, run_steps.approve(run, "ben", "yes", POLICY, NOON))
        after = run_steps.publish(run, "ben", "now", POLICY, NOON)
        assert prices.publish(run, after, NOON).changed == 1
        with pytest.raises(ChangedMeanwhile):
            prices.publish(run, after, NOON)
        assert len(prices.changes()) == 1

    def test_a_price_another_run_changed_is_left_alone(self, price_runs: PriceRuns, prices: Prices) -> None:
        second, rows = example_run("r2", [example_price("a", 10, 9.5), example_price("b", 20, 21)])
        kept = price_runs.begin(second, rows)
        kept = price_runs.step(kept, run_steps.approve(kept, "ben", "yes", POLICY, NOON))
        self.published(price_runs, prices, "r1", {"a": (10, 10.5)})
        done = prices.publish(kept, run_steps.publish(kept, "ben", "now", POLICY, NOON), NOON)
        assert (done.changed, done.overtaken, done.capped) == (1, 1, 0)
        assert self.now(prices) == {"a": 10.5, "b": 21}

    def test_runs_of_one_day_together_move_no_price_further_than_its_row_allows(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 11)})
        self.published(price_runs, prices, "r2", {"a": (11, 12)}, NOON + HOUR)
        assert self.now(prices) == {"a": 11}
        self.published(price_runs, prices, "r3", {"a": (11, 12)}, NOON + 25 * HOUR)
        assert self.now(prices) == {"a": 12}

    def test_taking_a_run_back_brings_back_what_it_still_decides(self, price_runs: PriceRuns, prices: Prices) -> None:
        first = self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21)})
        self.published(price_runs, prices, "r2", {"b": (21, 21.5)})
        done = prices.revert(first, run_steps.revert(first, "carl", "complaints", NOON), NOON + HOUR)
        assert (done.changed, done.overtaken) == (1, 1)
        assert self.now(prices) == {"a": 10, "b": 21.5}
        assert price_runs.get("r1").status == "reverted"
        last = prices.changes(since=3)[0]
        assert (last.kind, last.previous, last.before, last.price) == ("revert", 1, 10.5, 10)

    def test_changes_are_read_on_from_a_number_and_by_store_run_and_product(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21)})
        self.published(price_runs, prices, "r2", {"a": (10.5, 10.6)}, NOON + HOUR)
        assert [one.number for one in prices.changes(1)] == [2, 3]
        assert [one.number for one in prices.changes(limit=2)] == [1, 2]
        assert [one.number for one in prices.changes(product="a")] == [1, 3]
        assert [one.number for one in prices.changes(run="r1")] == [1, 2]
        assert prices.changes(store="de") == []
        prices.saw([Seen(2, "mismatch", 20, NOON), Seen(3, "confirmed", 10.6, NOON)])
        assert [one.number for one in prices.changes(outcome="mismatch")] == [2]
        assert [one.number for one in prices.changes(outcome="")] == [1]
        assert [one.number for one in prices.made("r1", ["b", "c", "a"])] == [1, 2]
        assert [one.number for one in prices.changed_since(NOON + HOUR)] == [3]

    def test_a_change_leaves_the_house_once(self, price_runs: PriceRuns, prices: Prices) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21)})
        assert [one.number for one in prices.not_handed()] == [1, 2]
        assert prices.handed([1], "webhook", NOON) == 1
        assert prices.handed([1, 2], "changes", NOON + HOUR) == 1
        assert prices.not_handed() == []
        assert [(one.handed_by, one.handed_at) for one in prices.changes()] == [
            ("webhook", NOON), ("changes", NOON + HOUR),
        ]  # fmt: skip

    def test_it_is_told_how_far_each_run_is_with_the_shop(self, price_runs: PriceRuns, prices: Prices) -> None:
        first = self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21), "c": (30, 31)})
        prices.handed([1, 2], "csv", NOON)
        prices.saw([Seen(1, "confirmed", 10.5, NOON), Seen(2, "mismatch", 20, NOON)])
        found = prices.how_far(["r1", "r9"])
        assert found == {"r1": HowFar(decided=3, handed=2, confirmed=1, mismatch=1, changed=0)}
        assert found["r1"].unsure == 1
        prices.revert(first, run_steps.revert(first, "carl", "complaints", NOON), NOON + HOUR)
        assert prices.how_far(["r1"]) == {"r1": HowFar(decided=3, handed=0, confirmed=0, mismatch=0, changed=0)}
        assert prices.how_far([]) == {}

    def test_what_the_shop_shows_is_kept_apart_from_what_was_decided(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21), "c": (30, 31)})
        seen = [Seen(1, "confirmed", 10.5, NOON), Seen(2, "mismatch", 20, NOON), Seen(3, "changed", 33, NOON)]
        assert prices.saw(seen) == 3
        assert prices.saw([Seen(9, "confirmed", 1.0, NOON)]) == 0
        found = {one.product: (one.price, one.standing, one.holds) for one in prices.published()}
        assert found == {"a": (10.5, 10.5, 10.5), "b": (21, 20, 21), "c": (31, 33, 33)}
        assert [(one.outcome, one.observed) for one in prices.changes()] == [
            ("confirmed", 10.5), ("mismatch", 20), ("changed", 33),
        ]  # fmt: skip

    def test_a_mismatch_is_remembered_with_its_first_moment_whatever_the_shop_shows_later(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 10.5), "b": (20, 21)})
        prices.saw([Seen(1, "mismatch", 10, NOON + HOUR)])
        prices.saw([Seen(1, "mismatch", 9, NOON + 2 * HOUR)])
        prices.saw([Seen(1, "confirmed", 10.5, NOON + 3 * HOUR)])
        [one] = prices.mismatches(["uk", "de"], NOON, NOON + 2 * HOUR)
        assert (one.product, one.outcome, one.mismatch, one.mismatch_at) == ("a", "confirmed", 10, NOON + HOUR)
        assert prices.mismatches(["de"], NOON, NOON + 2 * HOUR) == []
        assert prices.mismatches(["uk"], NOON, NOON + HOUR) == []
        assert prices.mismatches(["uk"], NOON + 2 * HOUR, NOON + 9 * HOUR) == []

    def test_the_last_good_price_is_the_shops_own_until_it_confirms_another(
        self, price_runs: PriceRuns, prices: Prices
    ) -> None:
        self.published(price_runs, prices, "r1", {"a": (10, 10.5)})
        assert [one.good for one in prices.published()] == [10]
        self.published(price_runs, prices, "r2", {"a": (10.5, 10.6)})
        assert [one.good for one in prices.published()] == [10]
        prices.saw([Seen(2, "confirmed", 10.6, NOON)])
        self.published(price_runs, prices, "r3", {"a": (10.6, 10.7)})
        assert [one.good for one in prices.published()] == [10.6]
