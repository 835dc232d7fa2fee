"""The turns of a price test: at each switch, which prices change, as a price run of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Final

from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet
from shopkeeper.pricing.price_tests.price_test import Member, PriceTest
from shopkeeper.pricing.proposal import PriceKey, Proposal
from shopkeeper.pricing.rules.constraints import UNKNOWN_COST
from shopkeeper.pricing.rules.ladder import SAME
from shopkeeper.pricing.runs.price_run import Finding, RunPrice

END: Final = "end"
HELD: Final = "in_price_test"
"""Code of a price that is held because a running test of prices switches it, or measures its cluster."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One switch of one store.

    Attributes:
        number: Of its period; `end` = the prices from before the test hold again.
        treated: Clusters at the run's prices.
    """

    test: str
    store: str
    number: str
    treated: frozenset[str]

    @property
    def run(self) -> str:
        """Id of the price run that makes it; there is one, however often it is tried."""
        return f"{self.test}.{self.store}.{self.number}"

    @property
    def is_end(self) -> bool:
        """Whether it brings everything back."""
        return self.number == END


def turn_of(test: PriceTest, store: str, local: date, *, over: bool) -> Turn | None:
    """Return the turn a store should have taken by a day of its own clock; None before the test.

    Args:
        over: The test was stopped.
    """
    day = test.day(local)
    if over or day >= test.design.days:
        return Turn(test.name, store, END, frozenset())
    if day < 0:
        return None
    return Turn(test.name, store, str(day // test.design.period_days), test.treated_on(day))


@dataclass(frozen=True, slots=True)
class TurnPrices:
    """The prices of a turn.

    Attributes:
        proposals: Of every price of its store that the test knows how it stands, moved or not.
        back: Those that come back to what they were before the test.
        overtaken: Prices that are neither of the test's two: somebody else changed them, and they are left alone.
    """

    proposals: tuple[Proposal, ...]
    back: frozenset[PriceKey]
    overtaken: tuple[PriceKey, ...]


def turn_prices(
    turn: Turn,
    tested: Iterable[RunPrice],
    clusters: Mapping[tuple[str, str], str],
    standing: Callable[[Proposal], float | None],
    cost: Callable[[Proposal], float | None],
) -> TurnPrices:
    """Return what a turn asks for.

    Args:
        tested: Prices of the tested run: the current one is the control, the price the other arm.
        clusters: Cluster of each store and product of the test.
        standing: What a shopper sees now; None = nobody knows.
        cost: What a unit costs now.
    """
    proposals, back, overtaken = [], set[PriceKey](), []
    for row in tested:
        store, _, product = row.key
        if store != turn.store or (store, product) not in clusters:
            continue
        now, treated = standing(row.proposal), clusters[store, product] in turn.treated
        if now is None or not (_same(now, row.current) or _same(now, row.price)):
            overtaken.append(row.key)
            continue
        wanted = row.price if treated else row.current
        costs = cost(row.proposal)
        proposals.append(
            replace(
                row.proposal, current=now, proposed=now if _same(now, wanted) else wanted, cost=costs, why="asked",
                hold=() if costs else (UNKNOWN_COST,),
            )
        )  # fmt: skip
        if not treated:
            back.add(row.key)
    return TurnPrices(tuple(proposals), frozenset(back), tuple(overtaken))


def with_way_back(prices: Iterable[RunPrice], back: Set[PriceKey]) -> list[RunPrice]:
    """Return prices of which those that come back may take the whole way: taking back is bound by no cap.

    A price that falls by 10% rises by 11.1% when it comes back.
    """
    return [
        replace(one, daily_move=max(one.daily_move, abs(one.move) + SAME)) if one.key in back else one
        for one in prices
    ]  # fmt: skip


def kept_for_tests(
    prices: Iterable[RunPrice], held: Mapping[tuple[str, str], str]
) -> tuple[list[RunPrice], list[Finding]]:  # fmt: skip
    """Return a run's prices with those a running test needs left as they are, and one finding a test."""
    kept, moves = [], dict[str, int]()
    for one in prices:
        test = held.get((one.proposal.store, one.proposal.product))
        if test is not None and one.moves:
            moves[test] = moves.get(test, 0) + 1
            proposal = replace(one.proposal, proposed=one.current, why="hold", hold=(*one.proposal.hold, HELD))
            kept.append(replace(one, proposal=proposal, price=one.current))
        else:
            kept.append(one)
    findings = [
        Finding(gate="anomaly", code=HELD, text=f"{many:,} prices stay as they are while {test} tests prices there.")
        for test, many in sorted(moves.items())
    ]
    return kept, findings


def refuse_tested(moved: Iterable[RunPrice], held: Mapping[tuple[str, str], str]) -> None:
    """Let a run through only if it moves no price of a running test: it would make the test worth nothing.

    Raises:
        ContractNotMet: it moves one; names the tests.
    """
    tests = sorted({held[key] for one in moved if (key := (one.proposal.store, one.proposal.product)) in held})
    if tests:
        raise ContractNotMet(
            f"The run moves prices that {', '.join(tests)} tests now.",
            "Wait for its end, or end it first: `shopkeeper experiment stop NAME --why ...`.",
        )


def refuse_held(members: Iterable[Member], held: Mapping[tuple[str, str], str], name: str) -> None:
    """Let a test begin only if no other running one holds any of its goods. Raises ContractNotMet; names them."""
    taken = sorted({test for one in members if (test := held.get((one.store, one.product), name)) != name})
    if taken:
        raise ContractNotMet(
            f"{', '.join(taken)} tests prices of the same goods now.", "Wait for its end, end it, or name other stores."
        )


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(one, other)
