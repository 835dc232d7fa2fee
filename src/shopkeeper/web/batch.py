"""Bodies that carry rows: one object, an array of objects, or an object that names them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any

import msgspec

from shopkeeper.errors import FieldProblem, RequestRejected
from shopkeeper.web.problem import HttpProblem

SOURCE_TIMES = ("source_ts", "updated_at")
_REMEDY = "Send one JSON object, an array of objects, or {names}, in UTF-8."


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows as they came.

    Attributes:
        source_time: Source time for rows that name none; None when the body names none.
    """

    rows: list[Any]
    source_time: Any = None


def read_batch(body: bytes, name: str, limit: int) -> Batch:
    """Return the rows of a body.

    Args:
        name: What the rows are called, such as `events`; `rows` is taken too.
        limit: Most rows.

    Raises:
        RequestRejected: not JSON in UTF-8, or of another shape.
        HttpProblem: 413 for too many rows.
    """
    names = tuple(dict.fromkeys((name, "rows")))
    listed = " or ".join(f'{{"{n}": [...]}}' for n in names)
    document = decode(body, _REMEDY.format(names=listed))
    source_time: Any = None
    rows: Any = document
    if isinstance(document, dict):
        wrapper = next((n for n in names if isinstance(document.get(n), list)), None)
        if wrapper is None:
            rows = [document]
        else:
            rows = document[wrapper]
            source_time = next((document[n] for n in SOURCE_TIMES if n in document), None)
            unknown = sorted(set(document) - {wrapper, *SOURCE_TIMES})
            if unknown:
                problem = FieldProblem(unknown[0], f"{unknown[0]!r} is not known beside {wrapper!r}", "Remove it.")
                raise RequestRejected(f"{problem.reason}.", problem.remedy, (problem,))
    if not isinstance(rows, list) or not rows:
        problem = FieldProblem("$", "the body has no rows", _REMEDY.format(names=listed))
        raise RequestRejected("The body has no rows.", problem.remedy, (problem,))
    if len(rows) > limit:
        reason = f"{len(rows):,} rows are more than {limit:,}"
        raise HttpProblem(
            413, f"{reason}.", f"Send at most {limit:,} rows at a time.", (FieldProblem("$", reason, "Split it."),)
        )
    return Batch(rows, source_time)


def decode(body: bytes, remedy: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a JSON document.

    NaN and Infinity, which some tools write though JSON has no such numbers, are read, so that the row and field that
    holds one can be named instead of a byte.

    Raises:
        RequestRejected: it is empty, not UTF-8 or not JSON; says where.
    """
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        reason = f"the body is not valid UTF-8: {error.reason}"
    except (msgspec.DecodeError, RecursionError) as error:
        reason = f"the body is not valid JSON: {error}"
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(body)
    raise RequestRejected(f"{reason[0].upper()}{reason[1:]}.", remedy, (FieldProblem("$", reason, remedy),))
