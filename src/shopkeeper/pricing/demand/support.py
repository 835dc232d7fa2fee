"""Whose word an elasticity is."""

from __future__ import annotations

from typing import Literal

Support = Literal["own", "category", "none"]
"""The product's own prices, those of its category, or nobody's: then its price stays."""
