"""What the verifier finds in a text: by which rule, where, why, and what to do; and why a draft was not taken."""

from __future__ import annotations

from operator import itemgetter
from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "note"]


class Finding(NamedTuple):
    """One thing the verifier has to say of a text.

    Attributes:
        rule: Dotted id of the rule, such as `grounding.changed`; listed in docs/guides/verifier.md.
        start, end: Place in the text in characters; empty at its end for what is missing.
        reason: What is wrong, with the offending words.
        remedy: What would mend it.
        severity: `error` bars publishing, `warning` asks for a person, `note` is information.
    """

    rule: str
    start: int
    end: int
    reason: str
    remedy: str
    severity: Severity = "error"


PLACE = itemgetter(1, 2, 0)
"""Orders findings by place, those of one place by rule."""


class Reason(NamedTuple):
    """Why a draft did not go out as it was.

    Attributes:
        draft: Which, from 1; 0 where none was asked for.
        rule: The verifier's, or `writer.unavailable`, `.budget`, `.failed`, `.unreadable`, `.endless`, `.link`,
            `.says_nothing`, `.not_shown`.
        words: What failed, as it stood in the draft; empty where something is missing.
        why: What is wrong with it.
    """

    draft: int
    rule: str
    words: str
    why: str
