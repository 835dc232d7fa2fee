"""Words of a text that nothing backs, and how far the text as a whole is to be doubted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from shopkeeper.content.claims import Claims
from shopkeeper.content.grounding import Grounding
from shopkeeper.content.record import Record
from shopkeeper.content.senses import Lexicon
from shopkeeper.content.tables import table
from shopkeeper.content.tokens import ENDS_SENTENCE, Word, words

SLOT = re.compile(r"\{[^{}]*\}")
WHOLE = 5.0  # the doubt in a text without a word


def unbacked(claims: Claims, record: Record, lexicon: Lexicon) -> list[Word]:
    """Return the words of a text that neither the record nor the language's plain words back.

    What belongs to a claim that is judged by itself (an amount, a sense of the record) is not among them.
    """
    spoken = {i for said in claims.all_amounts for i in range(said.first, said.last + 1)}
    spoken.update(
        i
        for claim in claims.senses
        if any(sense in record.senses or sense in record.polar for sense in claim.mention.senses)
        for i in range(claim.mention.first, claim.mention.last + 1)
    )
    return [
        word
        for i, word in enumerate(claims.words)
        if not word.is_sign and not word.is_number and i not in spoken and i not in claims.quoted
        and word.stem not in lexicon.plain and not record.backs(word.stem)
    ]  # fmt: skip


@cache
def frame_words(language: str) -> frozenset[str]:
    """Return the stems of the words between the slots of the realiser's frames; they were written to carry no fact."""
    return frozenset(
        word.stem
        for text in _texts(table(language))
        for word in words(SLOT.sub(_choices, text), language)
        if not word.is_sign
    )


def _choices(slot: re.Match[str]) -> str:
    """The words a frame chooses among by gender and number; a slot for a fact has none."""
    return re.sub(r"[{}|/:]", " ", slot.group()) if re.search(r"[|/]", slot.group()) else " "


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def doubt(text: str, found: Grounding, record: Record, lexicon: Lexicon, strange: Sequence[Word]) -> float:
    """Return how far a text is to be doubted against its record: 0 = each word is backed and all is told.

    The sum of what readers hold against a text: the share of unbacked words, names among them, statements and subjects
    that are not told, wrong amounts, words said again and again, and an end in mid-sentence. The weights are round
    numbers set once; they were not fitted. A text without a word is in doubt as a whole.

    Args:
        strange: Its unbacked words.
    """
    claims = found.claims
    spoken = [word for word in claims.words if not word.is_sign]
    if not spoken:
        return WHOLE
    content = len([1 for word in spoken if not word.is_number and word.stem not in lexicon.plain]) or 1
    statements = len(record.evidence) or 1
    untold = (len(found.shares) - sum(found.shares)) / statements
    unnamed = sum(1 - found.said.names_subject(of) for of in record.evidence if of.about) / statements
    names = min(sum(word.text[0].isupper() for word in strange), 3) / 3
    again = 1 - len({word.folded for word in spoken}) / len(spoken)
    amounts = {claims.words[said.first].start for said in claims.amounts}
    wrong = sum(finding.start in amounts for finding in found.findings if finding.severity == "error")
    cut_off = text.rstrip().rstrip("\"'”»)")[-1:] not in ENDS_SENTENCE
    return len(strange) / content + 0.5 * names + 0.5 * untold + unnamed + 0.3 * min(wrong, 2) + again + 0.5 * cut_off
