"""What the doctor wants to know of any server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server as it was found; nothing was changed there.

    Attributes:
        url: Without its password.
        trouble: Why it does not answer; None when it does.
        version: What it calls itself.
        skew: Its clock less this machine's, seconds, half the round trip allowed for.
        forbidden: What this user may not do there, of what Shopkeeper needs.
        advice: What it will regret later, one sentence each.
    """

    url: str
    trouble: str | None = None
    version: str = ""
    skew: float = 0.0
    forbidden: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
