"""What the content system asks of a language model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shopkeeper.content.briefs import Brief


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer answered, and what it took.

    Attributes:
        parts: The text as plain paragraphs or bullets, one part for a field that is one text; none where no text could
            be read from the answer.
        fault: Why no text could be read; empty where there is one.
        model: Who wrote it, as its server names it.
        tokens_in, tokens_out: As the server counted them; 0 where it said nothing, or for a kept answer.
        cost: US dollars; 0 for a kept answer.
        kept: Whether the answer was kept from before, so that nothing was paid.
    """

    parts: tuple[str, ...]
    fault: str = ""
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    kept: bool = False


class Writer(Protocol):
    """Drafts texts. What it returns is never trusted: it is judged like any text, and more strictly.

    Laws:
        - It returns or raises within a time its maker states; it never waits for ever.
        - Each answer that was paid for is returned with its cost, readable or not: one that is no text has no parts and
          a `fault`.
        - Parts are plain text without markup; markup is put around them later.
        - It raises `Unavailable` where nothing answers (down, slow, asked to wait), and `RefusedBudget` where a call
          might cost more than is left; nothing else. After either the caller may ask again.
        - It changes nothing but its own records of cost and answers. It is given no tools.
    """

    def write(self, brief: Brief) -> Written:
        """Return a draft for a brief.

        Raises:
            Unavailable: nothing answers in time; `Overloaded` where it is known when to come back.
            RefusedBudget: the call might cost more than is left.
        """
