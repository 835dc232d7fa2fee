"""How wide the intervals of pricing are."""

from __future__ import annotations

from typing import Final

WIDE: Final = 1.645
"""Standard deviations to either end of an interval of 90%."""
