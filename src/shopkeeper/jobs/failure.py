"""An error as a plain document and back, so that a run that failed in one process can be told in another."""

from __future__ import annotations

from typing import Any

import msgspec

from shopkeeper.errors import FieldProblem, ShopkeeperError
from shopkeeper.jobs.ports import Document


def as_document(error: ShopkeeperError) -> dict[str, Any]:
    """Return an error as JSON holds it."""
    return {
        "type": type(error).__name__,
        "reason": error.reason,
        "remedy": error.remedy,
        "problems": [msgspec.to_builtins(problem) for problem in error.problems],
    }


def as_error(document: Document) -> ShopkeeperError:
    """Return the error that `as_document` told of; of a type that is not known here, its nearest: ShopkeeperError."""
    kind = _types().get(str(document["type"]), ShopkeeperError)
    error = kind.__new__(kind)
    problems = msgspec.convert(document["problems"], tuple[FieldProblem, ...])
    ShopkeeperError.__init__(error, str(document["reason"]), str(document["remedy"]), problems)
    return error


def _types() -> dict[str, type[ShopkeeperError]]:
    found: dict[str, type[ShopkeeperError]] = {}
    waiting: list[type[ShopkeeperError]] = [ShopkeeperError]
    while waiting:
        kind = waiting.pop()
        found[kind.__name__] = kind
        waiting.extend(kind.__subclasses__())
    return found
