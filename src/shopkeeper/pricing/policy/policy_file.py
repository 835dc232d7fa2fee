"""Reads `price-policy.yaml` and says everything that is wrong with it, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import UNSET

from shopkeeper.objectives.document import read_document, read_text
from shopkeeper.objectives.rules import named_twice
from shopkeeper.objectives.wrong import Wrong
from shopkeeper.pricing.policy.policy_groups import broken_groups
from shopkeeper.pricing.policy.price_policy import EVERYTHING, CompetitorBand, PricePolicy, Rules, Steps

FILE: Final = "price-policy.yaml"
_KEPT: Final = 8
"""Policies kept as they were read: a run asks for its own several times."""
_GUIDE: Final = "docs/guides/price-policy.md says what each key means."


@cache
def default_policy() -> str:
    """Return the text of the policy that ships with the package."""
    return resources.files("shopkeeper.pricing").joinpath(FILE).read_text("utf-8")


def load_policy(folder: Path) -> PricePolicy:
    """Return the policy of a workspace, else the one that ships.

    Raises:
        ConfigError: the file cannot be read or breaks the rules; names each line, key, value and remedy.
    """
    text = read_text(folder / FILE)
    return read_policy(default_policy(), f"the shipped {FILE}") if text is None else read_policy(text, FILE)


@lru_cache(maxsize=_KEPT)
def read_policy(text: str, name: str = FILE) -> PricePolicy:
    """Return the policy a YAML text holds; a text that was read lately is not read again.

    Args:
        name: Name of the file, for messages.
    Raises:
        ConfigError: it breaks the rules; its `problems` hold one entry for each thing wrong.
    """
    return read_document(PricePolicy, text, name, broken_rules, _GUIDE)


def broken_rules(policy: PricePolicy) -> Iterator[Wrong]:
    """Yield what is wrong with a policy beyond its form."""
    for currency, bands in policy.endings.items():
        yield from _endings(f"endings.{currency}", currency, bands)
    yield from _conflicts("rules", policy.rules, EVERYTHING)
    for place, scope in enumerate(policy.scopes):
        yield from _conflicts(f"scopes[{place}].rules", scope.rules, policy.rules.over(EVERYTHING))
        if scope.rules.margin_target is not UNSET and (scope.where.products or scope.where.key_value is not None):
            yield Wrong(
                f"scopes[{place}].rules.margin_target",
                "is a target of single products",
                "A target holds for a store's main category: leave products and key_value out of `where`.",
            )
    for place, period in enumerate(policy.calendar):
        if period.ends < period.starts:
            remedy = f"Write {period.starts} or later."
            yield Wrong(f"calendar[{place}].ends", f"is {period.ends}, before it starts", remedy)
    for key in ("scopes", "calendar"):
        yield from named_twice(key, (one.name for one in getattr(policy, key)))
    yield from broken_groups(policy.together)


def _endings(path: str, currency: str, bands: tuple[Steps, ...]) -> Iterator[Wrong]:
    if not re.fullmatch("[A-Z]{3}", currency):
        yield Wrong(path, "is not a currency", "Write an ISO 4217 code such as EUR.")
    if not bands:
        yield Wrong(path, "has no range", "Write at least `- {step: 0.10, minus: 0.01}`.")
    for place, band in enumerate(bands):
        if band.minus >= band.step:
            yield Wrong(f"{path}[{place}].minus", f"is {band.minus:g}", f"Write less than the step of {band.step:g}.")
        if band.below is None and place < len(bands) - 1:
            yield Wrong(f"{path}[{place}]", "has no end before another range", "Write `below`, or put it last.")
        if band.below is not None and place == len(bands) - 1:
            yield Wrong(f"{path}[{place}].below", "ends the last range", "Leave `below` out of the last range.")
    ends = [band.below for band in bands if band.below is not None]
    if any(later <= before for before, later in pairwise(ends)):
        yield Wrong(path, "ranges are not in order", "Sort them by `below`, low to high.")


def _conflicts(path: str, own: Rules, before: Rules) -> Iterator[Wrong]:
    held = own.over(before)
    moves = own.daily_move is not UNSET or own.weekly_move is not UNSET
    if moves and held.weekly_move and held.daily_move and held.weekly_move < held.daily_move:
        reason = f"is {held.weekly_move:g}, less than the daily {held.daily_move:g}"
        yield Wrong(f"{path}.weekly_move", reason, "Write at least the daily move, or lower that.")
    if isinstance(band := own.competitor, CompetitorBand):
        if band.lowest and band.highest and band.lowest > band.highest:
            reason = f"is {band.lowest:g}, above highest {band.highest:g}"
            yield Wrong(f"{path}.competitor.lowest", reason, "Write the lower bound first.")
        yield from _range(f"{path}.competitor.credible", band.credible)
    if own.exploration and own.exploration.enough >= own.exploration.wide:
        reason = f"is {own.exploration.enough:g}, not below wide {own.exploration.wide:g}"
        yield Wrong(f"{path}.exploration.enough", reason, "Write less than `wide`, or raise that.")
    if own.cost:
        yield from _range(f"{path}.cost.credible", own.cost.credible)


def _range(path: str, bounds: tuple[float, float]) -> Iterator[Wrong]:
    if bounds[0] >= 1 or bounds[1] <= 1:
        yield Wrong(path, f"is {bounds[0]:g} to {bounds[1]:g}", "Write a range around 1, such as [0.5, 2.0].")
