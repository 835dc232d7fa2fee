"""A text as a person judges it: beside its product's facts, each place that states one marked, and what changed."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shopkeeper.content.edits import Part, parts_of
from shopkeeper.content.facts import Facts
from shopkeeper.content.findings import Finding
from shopkeeper.content.kept import KeptPiece, PieceState, Step, Version
from shopkeeper.content.markup import TAG
from shopkeeper.engines.state import State
from shopkeeper.wiring.content_manner import manner_of
from shopkeeper.wiring.content_review import facts_now
from shopkeeper.wiring.settings import Settings

STEPS_SHOWN = 20


class Stretch(NamedTuple):
    """A stretch of a text.

    Attributes:
        kind: `fact`, `wrong` or empty.
        title: Which fact it states, or what is wrong with it.
    """

    text: str
    kind: str = ""
    title: str = ""


class FactRow(NamedTuple):
    """One fact; `told` says whether the text states it, None where nobody marked that."""

    label: str
    value: str
    told: bool | None


@dataclass(frozen=True, slots=True)
class TextView:
    """One text to be judged.

    Attributes:
        changed: The version that stands against the published one; empty where there is none, or it is this one.
    """

    piece: KeptPiece
    version: Version
    stretches: tuple[Stretch, ...]
    facts: tuple[FactRow, ...]
    findings: tuple[Finding, ...]
    changed: tuple[Part, ...]
    steps: tuple[Step, ...]


def text_view(settings: Settings, state: State, piece: KeptPiece) -> TextView:
    """Return what is shown of a text."""
    version = state.pieces.version(piece.id, piece.version)
    facts = facts_now(state, piece, manner_of(settings))
    changed: Sequence[Part] = ()
    if piece.live and piece.live != piece.version:
        changed = parts_of(state.pieces.version(piece.id, piece.live).text, version.text)
    return TextView(
        piece, version, tuple(stretches(version)), tuple(fact_rows(facts, version)), version.findings, tuple(changed),
        tuple(state.pieces.steps(piece.id, STEPS_SHOWN)),
    )  # fmt: skip


def stretches(version: Version) -> list[Stretch]:
    """Return a text cut where facts are stated and where something is wrong; the end of a block is a line break."""
    shown = TAG.sub(_without, version.text) if version.html else version.text
    marks = [(span.start, span.end, "fact", f"{span.fact} ({span.source})") for span in version.spans]
    if not marks:
        marks = [(start, end, "fact", "a fact of the record") for start, end in version.grounded]
    marks += [(one.start, one.end, "wrong", f"{one.reason} {one.remedy}") for one in version.findings]
    found: list[Stretch] = []
    at = 0
    for start, end, kind, title in sorted(marks, key=lambda mark: (mark[0], mark[2] != "wrong", mark[1])):
        if start < at or end <= start or end - start == len(shown):
            continue  # the first mark of a place holds; what is about the whole stands in the list beside it
        found += [Stretch(_plain(shown[at:start], version))] if start > at else []
        found.append(Stretch(_plain(shown[start:end], version), kind, title))
        at = end
    return [*found, Stretch(_plain(shown[at:], version))]


def fact_rows(facts: Facts | None, version: Version) -> list[FactRow]:
    """Return the facts of a product, those that a text states marked."""
    if facts is None:
        return []
    told = {span.source for span in version.spans}
    return [FactRow(one.label, one.value.text, one.source in told if told else None) for one in facts.facts]


def queue_headline(counts: Mapping[PieceState, int], audits: int) -> str:
    """Return the answer to the page's question in one sentence."""
    if not counts:
        return "There are no texts yet."
    checked, drafts = counts.get("checked", 0), counts.get("draft", 0)
    live = counts.get("published", 0)
    wait = f"{checked:,} texts wait" if checked != 1 else "1 text waits"
    parts = [f"{wait} for a person", f"{drafts:,} did not pass or were rejected"]
    if audits:
        parts.append(f"{audits:,} that a rule approved are to be looked over")
    return f"{', '.join(parts)}; {live:,} are published."


def _without(tag: re.Match[str]) -> str:
    ends = (tag["name"] in {"li", "p"} and tag["close"]) or tag["name"] == "br"
    return ("\n" if ends else "").ljust(len(tag.group()))


def _plain(text: str, version: Version) -> str:
    return html.unescape(text) if version.html else text
