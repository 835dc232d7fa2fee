"""Judges each claim of a text by the record: grounded, changed, contradicted or added; and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shopkeeper.content.agreement import agrees, same
from shopkeeper.content.amounts import RATING, Amount
from shopkeeper.content.attribution import misplaced
from shopkeeper.content.claims import Claims, SenseClaim, SwitchClaim, claims_of
from shopkeeper.content.coverage import Told, told
from shopkeeper.content.evidence import level_of
from shopkeeper.content.findings import PLACE, Finding
from shopkeeper.content.record import Record
from shopkeeper.content.senses import LEVELS, Lexicon

VALUE_FAULTS = frozenset({"grounding.changed", "grounding.contradicted", "grounding.added"})
"""Rules by which a claim of the text is not what the record says."""

AS_RECORDED = "Say it as the record has it, or leave it out."
OR_RECORD = "Leave it out, or add it to the record."


@dataclass(frozen=True, slots=True)
class Grounding:
    """What grounding found.

    Attributes:
        findings: In order of place; what was left out stands at the end.
        grounded: Places (start, end) of claims the record backs.
        claims: The claims that were judged.
        said: What the text says, to look statements up in.
        shares: How much of each statement is told, in the order of the record's evidence.
    """

    findings: tuple[Finding, ...]
    grounded: tuple[tuple[int, int], ...]
    claims: Claims
    said: Told
    shares: tuple[float, ...]

    @property
    def faulty(self) -> bool:
        return any(finding.rule in VALUE_FAULTS for finding in self.findings)


def ground(text: str, record: Record, lexicon: Lexicon) -> Grounding:
    """Return what a text claims against what the record says.

    A claim of a set or scale is grounded when the record holds that value; changed when it holds another of the set;
    added when it holds none. Amounts compare in base units of one dimension. A denied property is contradicted.
    """
    claims = claims_of(text, record, lexicon)
    judged = [
        *((c.mention.first, c.mention.last, _sense(c, claims, record, lexicon, text)) for c in claims.senses),
        *((a.first, a.last, _amount(a, claims, record, text)) for a in claims.amounts),
        *misplaced(claims, record, lexicon, text),
        *((s.first, s.last, _switch(s, claims, text)) for s in claims.switches),
    ]
    findings = {(f.rule, f.start, f.end): f for _, _, f in judged if f is not None}
    wrong = {(first, last) for first, last, finding in judged if finding is not None}
    grounded = [
        (claims.words[first].start, claims.words[last].end) for first, last, _ in judged if (first, last) not in wrong
    ]
    grounded.extend(_quotes(claims))
    said = told(claims)
    shares = tuple([said.share(of) for of in record.evidence])
    faults = sorted(findings.values(), key=PLACE)
    return Grounding(
        (*faults, *_omitted(len(text), shares, record)), tuple(sorted(set(grounded))), claims, said, shares
    )


def _quotes(claims: Claims) -> Iterator[tuple[int, int]]:
    """Yield the places where values of the record stand word for word; neighbours are one place."""
    first = None
    for place in range(len(claims.words) + 1):
        if place in claims.quoted:
            first = place if first is None else first
        elif first is not None:
            yield claims.words[first].start, claims.words[place - 1].end
            first = None


def _span(claims: Claims, first: int, last: int, text: str) -> tuple[int, int, str]:
    start, end = claims.words[first].start, claims.words[last].end
    return start, end, text[start:end]


def _sense(claim: SenseClaim, claims: Claims, record: Record, lexicon: Lexicon, text: str) -> Finding | None:
    start, end, said = _span(claims, claim.mention.first, claim.mention.last, text)
    rule = sense_rule(claim, record, lexicon)
    if rule is None:
        return None
    sets = {sense.set for sense in claim.mention.senses}
    held = ", ".join(sorted(s.value.replace("_", " ") for s in record.senses if s.set in sets))
    denied = "denied" if claim.denied else "claimed"
    reason, remedy = {
        "grounding.changed": (f"`{said}` is not what the record says ({held}).", f"Say {held}, or leave it out."),
        "grounding.contradicted": (f"`{said}` is {denied}, and the record says the opposite.", AS_RECORDED),
        "grounding.added": (f"`{said}` is {denied}, and the record says nothing of it.", OR_RECORD),
    }[rule]
    return Finding(rule, start, end, reason, remedy)


def sense_rule(claim: SenseClaim, record: Record, lexicon: Lexicon) -> str | None:
    """Return the rule a claim of senses breaks; None where the record backs it."""
    senses = claim.mention.senses
    sets = {sense.set for sense in senses}
    polar = [record.polar[sense] for sense in senses if sense in record.polar]
    rivals = [on for known, on in record.polar.items() if known.set in sets]
    if polar:
        wrong = polar[0] == claim.denied
    elif rivals:
        wrong = any(rivals) and not claim.denied
    elif any(sense in record.senses for sense in senses):
        wrong = claim.denied
    elif sets & record.sets:
        return None if claim.denied else "grounding.changed"  # another value of the set is denied with reason
    else:
        return None if sets <= lexicon.known_only else "grounding.added"
    return "grounding.contradicted" if wrong else None


def _amount(said: Amount, claims: Claims, record: Record, text: str) -> Finding | None:
    start, end, written = _span(claims, said.first, said.last, text)
    if said.of or said.readings[0].dimension == RATING:
        return _rating(said, record, start, end, written)
    held = [amount for reading in said.readings for amount in record.magnitudes.get(reading.dimension, ())]
    if any(agrees(said, amount) for amount in held):
        return None
    bare = any(reading.dimension == "" for reading in said.readings)
    if bare and any(_same_numbers(said, amount) for amount, _ in record.amounts):
        return None
    alike = [amount for amount, _ in record.amounts if _same_numbers(said, amount)]
    if alike and not bare and not any(amount in alike for amount in held):
        return Finding(
            "grounding.unit", start, end, f"`{written}` has a number of the record with another unit.",
            "Write the record's unit.",
        )  # fmt: skip
    if held:
        return Finding(
            "grounding.changed", start, end, f"`{written}` is not an amount of the record.",
            "Write the record's number and unit, or leave it out.",
        )  # fmt: skip
    return Finding(
        "grounding.added", start, end, f"The record has no amount such as `{written}`.",
        OR_RECORD,
    )  # fmt: skip


def _rating(said: Amount, record: Record, start: int, end: int, written: str) -> Finding | None:
    held = [m for of in record.evidence for m in of.magnitudes if m.dimension == RATING]
    if any(same(m.value, said.readings[0].value) for m in held):
        return None
    level = level_of(said.readings[0].value / said.of)
    levels = [sense for sense in record.senses if sense.value in LEVELS and sense.set == RATING]
    if not held and any(sense.value == level for sense in levels):
        return None
    rule = "grounding.changed" if held or levels else "grounding.added"
    return Finding(rule, start, end, f"`{written}` is not the rating the record has.", "Write the record's rating.")


def _same_numbers(one: Amount, two: Amount) -> bool:
    return all(any(same(a, b) for b in two.numbers) for a in one.numbers)


HALF = 0.5  # of a statement's words and amounts; with less it is not said


def _switch(claim: SwitchClaim, claims: Claims, text: str) -> Finding | None:
    if claim.switch.on != claim.denied:
        return None
    start, end, said = _span(claims, claim.first, claim.last, text)
    of = claim.switch.statement
    return Finding(
        "grounding.contradicted", start, end, f"The record says {of.name}: {of.value}, the text `{said}`.",
        AS_RECORDED,
    )  # fmt: skip


def _omitted(end: int, shares: Sequence[float], record: Record) -> Iterator[Finding]:
    for of, share in zip(record.evidence, shares, strict=True):
        if share < HALF:
            # As Finding(...): most texts leave out most facts, and a third of this loop was the call.
            yield _new(Finding, ("grounding.omitted", end, end, of.silence, "Say it where it matters.", "note"))


_new = tuple.__new__
