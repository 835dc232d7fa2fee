"""Views over the tables of the lake that every engine offers by name, beside the tables themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shopkeeper.quality.ports import NamedQuery

VIEWS: Final[Mapping[str, str]] = {
    name: NamedQuery.load("shopkeeper.quality", name).text
    for name in ("human_events", "distinct_events", "human_decisions")
}
"""Name of each view -> its portable SQL over tables and the views before it."""
