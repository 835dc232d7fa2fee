"""How often somebody may try to sign in, and how long they wait after that."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

WINDOW: Final = timedelta(minutes=15)
"""How long a try counts. Whoever is locked out waits until enough of their tries are older."""

PAIR_TRIES: Final = 5
"""Tries for one e-mail address from one place."""
PLACE_TRIES: Final = 30
"""Tries from one place, whatever the e-mail addresses."""
PERSON_TRIES: Final = 60
"""Tries for one e-mail address from everywhere: high, so that a stranger does not easily keep the person out."""


def subjects(email: str, address: str) -> dict[str, int]:
    """Return what a try is counted under and how many tries each has, as hashes: a log of typed words is not kept.

    Args:
        email: As it was typed; whether anybody has it plays no part.
        address: Network address, or `shell:NAME`.
    """
    return {
        pair(email, address): PAIR_TRIES,
        _hashed("place", place(address)): PLACE_TRIES,
        _hashed("person", _typed(email)): PERSON_TRIES,
    }


def pair(email: str, address: str) -> str:
    """Return what tries for one e-mail address from one place are counted under."""
    return _hashed("pair", _typed(email), place(address))


def place(address: str) -> str:
    """Return the network one household or machine has: an IPv4 address, or the first 64 bits of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)


def waits(limits: Mapping[str, int], tries: Mapping[str, list[datetime]], now: datetime) -> timedelta:
    """Return how long to wait before the next try; zero = not at all.

    Args:
        tries: Tries within the window by subject, oldest first, this one among them.
    """
    longest = timedelta()
    for subject, limit in limits.items():
        made = tries.get(subject, [])
        if len(made) > limit:
            # The try itself was noted and is refused, so `limit` others must age before one more fits.
            longest = max(longest, made[-limit] + WINDOW - now)
    return longest


def _typed(email: str) -> str:
    return email.strip().casefold()[:200]


def _hashed(*words: str) -> str:
    return hashlib.sha256("\n".join(words).encode("utf-8", "replace")).hexdigest()
