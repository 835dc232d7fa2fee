"""Two rankers in one list: which one shoppers click more, with a hundredth of the shoppers an A/B test takes.

For the order of lists alone. It says which ranker is preferred, not by how much the shop earns: an A/B test follows.

Source:
    Radlinski, Kurup, Joachims (2008), How Does Clickthrough Data Reflect Retrieval Quality?, for team draft; Chapelle,
    Joachims, Radlinski, Yue (2012), Large-Scale Validation and Analysis of Interleaved Search Evaluation, for credit.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from scipy import stats

Team = Literal["a", "b", ""]


@dataclass(frozen=True, slots=True)
class MixedList:
    """One list made of two.

    Attributes:
        products: As shown.
        teams: Whose product each one is; empty where both rankers would have shown the same list up to there, so that a
            click on it says nothing.
    """

    products: tuple[str, ...]
    teams: tuple[Team, ...]


def team_draft(a: Sequence[str], b: Sequence[str], k: int, seed: str) -> MixedList:
    """Return a list of at most k products that both rankers picked in turns, a coin saying who picks first.

    Args:
        a, b: Products in each ranker's order; longer than k where one may run out.
        seed: Such as the decision's id: the same seed gives the same list.
    """
    coin, shown, teams = Random(seed), list[str](), list[Team]()  # noqa: S311 - no secret, it must be repeatable
    taken = set[str]()
    same = _common(a, b, k)
    while len(shown) < k:
        order: tuple[tuple[Team, Sequence[str]], ...] = (("a", a), ("b", b))
        before = len(shown)
        for team, ranked in order if coin.random() < 0.5 else reversed(order):
            pick = next((product for product in ranked if product not in taken), None)
            if pick is not None and len(shown) < k:
                shown.append(pick)
                teams.append(team if len(shown) > same else "")
                taken.add(pick)
        if len(shown) == before:
            break
    return MixedList(tuple(shown), tuple(teams))


def _common(a: Sequence[str], b: Sequence[str], k: int) -> int:
    """Return how many products at the top both rankers have in the same order."""
    return next(
        (place for place, (x, y) in enumerate(zip(a[:k], b[:k], strict=False)) if x != y), min(len(a), len(b), k)
    )


def credit(mixed: MixedList, clicked: Collection[str]) -> int:
    """Return clicks on products of b less those on products of a."""
    return sum(
        (team == "b") - (team == "a")
        for product, team in zip(mixed.products, mixed.teams, strict=True)
        if product in clicked
    )


@dataclass(frozen=True, slots=True)
class Preference:
    """Which ranker shoppers prefer.

    Attributes:
        units: Shoppers who clicked on what tells the rankers apart.
        for_a, for_b: Shoppers with more credit for one; the others are ties.
        share_b: Share of the shoppers who prefer one of the two that prefer b, with its interval.
        sign_p: Two-sided, each shopper one vote.
        credit_p: Two-sided, of the mean credit of a shopper being 0: shoppers with many clicks count more.
    """

    units: int
    for_a: int
    for_b: int
    share_b: float
    low: float
    high: float
    sign_p: float
    credit_p: float


def preference(lists: Iterable[tuple[str, int]], alpha: float = 0.05) -> Preference:
    """Return the preference, one vote a shopper: lists of one shopper hang together, so they are summed first.

    Args:
        lists: Shopper and `credit` of each list they clicked in.
    """
    sums: dict[str, int] = {}
    for unit, one in lists:
        sums[unit] = sums.get(unit, 0) + one
    held = np.array(list(sums.values()), dtype=np.float64)
    for_a, for_b = int((held < 0).sum()), int((held > 0).sum())
    decided = for_a + for_b
    if not decided:
        return Preference(len(held), 0, 0, 0.5, 0.0, 1.0, 1.0, 1.0)
    sign = stats.binomtest(for_b, decided)
    ends = sign.proportion_ci(1 - alpha, method="exact")
    spread = float(held.std(ddof=1)) if len(held) > 1 else 0.0
    t = float(held.mean()) / (spread / math.sqrt(len(held))) if spread > 0 else 0.0
    credit_p = 2 * float(stats.t.sf(abs(t), len(held) - 1)) if spread > 0 else 1.0
    return Preference(
        len(held), for_a, for_b, for_b / decided, float(ends.low), float(ends.high), float(sign.pvalue), credit_p
    )
