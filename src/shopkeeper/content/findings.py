"""What the verifier finds in a text: by which rule, where, why, and what to do."""

from __future__ import annotations

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
