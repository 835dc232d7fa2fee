"""Visits of shoppers, and what was known when each began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import SECOND, VISIT_GAP, Interactions
from shopkeeper.recommendations.behaviour.visit_facts import parts_of_day

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Visits:
    """What known shoppers did in one store without a long pause; a shopper's first visit comes before their others.

    Attributes:
        data: Interactions, of others too.
        rows: Places of theirs in `data`, visit by visit, each oldest first; shape (m,).
        starts: Where each visit begins in `rows`, and one more at the end; shape (n + 1,).
    """

    data: Interactions
    rows: Codes
    starts: Codes

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def firsts(self) -> Codes:
        """Place in `data` of what each visit began with; shape (n,)."""
        return self.rows[self.starts[:-1]]

    @cached_property
    def facts(self) -> Mapping[str, Codes]:
        """What was known when each visit began, by `visit_facts.FACTS`, without what never differs; shape (n,) each."""
        data, first = self.data, self.firsts
        told = {
            "hour": parts_of_day(data.times[first], data.stores[first], data.time_zones),
            "device": data.devices[first].astype(np.int64),
        }
        if len(data.referrers):
            told["referrer"] = data.referrers[first].astype(np.int64)
        return {name: values for name, values in told.items() if len(values) and (values != values[0]).any()}

    def strangers(self, cut: int) -> Codes:
        """Return which visits are the first of a shopper and began at `cut` or after it, microseconds."""
        owners = self.data.shoppers[self.firsts]
        new = np.ones(len(owners), dtype=np.bool_)
        new[1:] = owners[1:] != owners[:-1]
        return np.flatnonzero(new & (self.data.times[self.firsts] >= cut))


def visits_of(data: Interactions) -> Visits:
    """Return the visits in some interactions."""
    known = np.flatnonzero(data.shoppers >= 0)
    rows = known[np.argsort(data.shoppers[known], kind="stable")]
    shoppers, stores = data.shoppers[rows], data.stores[rows]
    new = np.ones(len(rows), dtype=np.bool_)
    pause = np.diff(data.times[rows]) >= VISIT_GAP * SECOND
    new[1:] = (shoppers[1:] != shoppers[:-1]) | (stores[1:] != stores[:-1]) | pause
    return Visits(data, rows, np.append(np.flatnonzero(new), len(rows)).astype(np.int64))
