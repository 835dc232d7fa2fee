"""A button of a page that changes something, in the words that stand on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

ActionT = TypeVar("ActionT", bound=str)


@dataclass(frozen=True, slots=True)
class Offer(Generic[ActionT]):
    """One button.

    Attributes:
        words: On what opens it.
        consequence: What comes of it, in sentences.
        button: On what does it.
        danger: Shoppers get something else by it at once.
    """

    action: ActionT
    words: str
    consequence: str
    button: str
    danger: bool = False
