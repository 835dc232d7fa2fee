"""What has jumped since a run: a cost, a rival's price, a stock; and a run in which these products alone may move."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from msgspec.structs import replace as changed

from shopkeeper.pricing.house.records import Columns, number, texts
from shopkeeper.pricing.policy.run_policy import JumpPolicy
from shopkeeper.pricing.proposal import Proposal, ProposedPrices

ASIDE = "did_not_jump"
"""Word of a price that stays because it is not what the run is about."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A figure that is not what it was.

    Attributes:
        what: `cost`, `rival` or `stock`.
        who: The rival; empty otherwise.
    """

    what: str
    product: str
    who: str
    before: float
    now: float

    @property
    def words(self) -> str:
        """What jumped, in words."""
        return f"{self.what} of {self.product}{f' at {self.who}' if self.who else ''}: {self.before:g} -> {self.now:g}"


def jumps_of(rows: Columns, limits: JumpPolicy) -> Iterator[Jump]:
    """Yield what moved by more than the policy bears, relative to what it was before; a stock that ends or comes too.

    Args:
        rows: Of the query `jumps`.
    """
    bounds = {"cost": limits.cost, "rival": limits.rival, "stock": limits.stock}
    told = zip(
        texts(rows, "what"), texts(rows, "product"), texts(rows, "who"), number(rows, "before").tolist(),
        number(rows, "now").tolist(), strict=True,
    )  # fmt: skip
    for what, product, who, before, now in told:
        if abs(now - before) > bounds[what] * abs(before) and (what != "stock" or max(now, before) > 0):
            yield Jump(what, product, who, before, now)


def moving_only(proposed: ProposedPrices, products: Collection[str]) -> ProposedPrices:
    """Return proposals in which only some products move, with those they belong together with.

    What was promised is of prices that now stay, so nothing is promised, and nothing is said to be tried.
    """
    named = set(products)
    blocks = {row.block for row in proposed.rows if row.product in named} - {None}
    rows = tuple(
        row if row.product in named or row.block in blocks else _aside(changed(row, tried=None))
        for row in proposed.rows
    )
    what = f"only what jumped may move: {len(named):,} products"
    return replace(proposed, rows=rows, lifts={}, margin_changes={}, explored={}, notes=(what, *proposed.notes))


def _aside(row: Proposal) -> Proposal:
    if not row.moves:
        return row
    return changed(row, proposed=row.current, why="hold", hold=(*row.hold, ASIDE), at_proposed=row.at_current)
