"""How much of each statement a text tells."""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass

from shopkeeper.content.claims import Claims, SwitchClaim
from shopkeeper.content.record import Evidence
from shopkeeper.content.senses import Sense


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says, in the forms statements are looked up by."""

    stems: Set[str]
    senses: Collection[Sense]
    amounts: Collection[tuple[str, float]]
    switches: Collection[SwitchClaim]

    def share(self, of: Evidence) -> float:
        """Return the share of a statement that is told: all by a sense or property, else by its words and amounts."""
        if of.polarity is not None:
            return float(of.names <= self.stems or any(s.switch.statement == of.statement for s in self.switches))
        if not of.senses.isdisjoint(self.senses):
            return 1.0
        if not of.cores:
            return 1.0
        amounts = 0
        for magnitude in of.magnitudes:
            amounts += magnitude in self.amounts or ("", magnitude.value) in self.amounts
        most = 0.0
        for core in of.cores:
            parts = len(core) + len(of.magnitudes)
            share = (amounts + sum(map(self.stems.__contains__, core))) / parts if parts else 1.0
            most = max(most, share)
        return most

    def names_subject(self, of: Evidence) -> float:
        """Return the share of the words of a statement's subject that the text has; 1 where it has none."""
        return sum(stem in self.stems for stem in of.about) / len(of.about) if of.about else 1.0


def told(claims: Claims) -> Told:
    """Return what a text says, by its claims."""
    return Told(
        stems={word.stem for word in claims.words if not word.is_sign},
        senses={sense for claim in claims.senses for sense in claim.mention.senses},
        amounts={m for said in claims.all_amounts for m in (*said.readings, *said.upper)},
        switches=claims.switches,
    )
