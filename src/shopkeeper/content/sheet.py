"""A draft as parts and sentences: put together as it would be published, and without the sentences that fail."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shopkeeper.content.fields import Field, Limit
from shopkeeper.content.findings import Finding

_GAP = re.compile(r"(?P<last>\S+)(?P<sign>[.!?…])(?P<gap>\s+)(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A draft.

    Attributes:
        parts: Sentences of each paragraph or bullet, plain text.
        tag: `p` or `li` where the field is markup, else empty.
        text: As it would be published.
        places: Start and end of each sentence in `text`, and where it stands in `parts` (part, sentence).
    """

    parts: tuple[tuple[str, ...], ...]
    tag: str
    text: str
    places: tuple[tuple[int, int, tuple[int, int]], ...]


def sheet_of(parts: Sequence[str], field: Field, bounds: Limit) -> Sheet:
    """The draft a writer's parts make; markup is put around them here, and what they hold of it is escaped."""
    tag = "" if not bounds.html else "li" if field == "bullets" else "p"
    return _laid_out([tuple(_sentences(part)) for part in parts], tag)


def without(sheet: Sheet, findings: Sequence[Finding]) -> Sheet | None:
    """The draft without each sentence a finding lies in.

    None where a finding lies in no sentence (something is missing), or nothing would be left.
    """
    failing: set[tuple[int, int]] = set()
    for found in findings:
        touched = {at for start, end, at in sheet.places if start < found.end and found.start < end}
        if not touched:
            return None
        failing |= touched
    kept = [
        tuple(sentence for n, sentence in enumerate(part) if (place, n) not in failing)
        for place, part in enumerate(sheet.parts)
    ]
    left = [part for part in kept if part]
    return _laid_out(left, sheet.tag) if left else None


def _sentences(part: str) -> Iterator[str]:
    start = 0
    for end in _GAP.finditer(part):
        if part[end.end()].isupper() and _ends(end, part):
            yield part[start : end.start("gap")]
            start = end.end()
    yield part[start:]


def _ends(end: re.Match[str], part: str) -> bool:
    """Whether a sentence ends here: `z. B. Rot` stays one, as a sentence too long is better than one cut in two."""
    if end["sign"] != "." or len(end["last"]) > 2 or any(c.isdigit() for c in end["last"]):
        return True
    before = part[: end.start()].split()
    return bool(before) and before[-1][0].isdigit()  # a unit: `1.7 L.`


def _laid_out(parts: Sequence[tuple[str, ...]], tag: str) -> Sheet:
    text = "<ul>" if tag == "li" else ""
    places = []
    for place, part in enumerate(parts):
        text += f"<{tag}>" if tag else "\n" if place else ""
        for n, sentence in enumerate(part):
            shown = (" " if n else "") + (html.escape(sentence, quote=False) if tag else sentence)
            places.append((len(text) + bool(n), len(text) + len(shown), (place, n)))
            text += shown
        text += f"</{tag}>" if tag else ""
    return Sheet(tuple(parts), tag, text + ("</ul>" if tag == "li" else ""), tuple(places))
