"""Who a user is, as far as records say and models may read: age band, gender, region, segment."""

from __future__ import annotations

from shopkeeper.commerce.shopper import User

TRAITS = ("age_band", "gender", "region", "segment")
"""Columns of a user's record that models may read."""

Traits = tuple[str, ...]
"""One text for each of `TRAITS`; empty = not known, or not to be used."""

UNKNOWN_TRAITS: Traits = ("",) * len(TRAITS)


def traits_of(user: User) -> Traits:
    """Return what a record says."""
    return tuple(getattr(user, trait) or "" for trait in TRAITS)


def joined(first: Traits, second: Traits) -> Traits:
    """Return what two records of one user say together: of two texts the larger, whichever came first."""
    return tuple(max(one, other) for one, other in zip(first, second, strict=True))
