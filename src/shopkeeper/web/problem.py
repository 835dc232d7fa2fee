"""Errors as RFC 9457 problem documents: what is wrong, which field, what to do; never a stack trace."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
import structlog

from shopkeeper.errors import (
    ChangedMeanwhile,
    ContractNotMet,
    FieldProblem,
    InputError,
    LogBehind,
    NotAllowed,
    NotAuthenticated,
    Overloaded,
    ShopkeeperError,
    TooManyTries,
    Unavailable,
    UnknownModel,
    UnknownPriceRun,
    UnknownRollout,
    UnknownText,
)
from shopkeeper.web.answer import Answer

MEDIA_TYPE = b"application/problem+json"
_STATUSES: tuple[tuple[type[ShopkeeperError], int], ...] = (
    (NotAuthenticated, 401), (NotAllowed, 403), (UnknownModel, 404), (UnknownRollout, 404), (UnknownText, 404),
    (UnknownPriceRun, 404),
    (ChangedMeanwhile, 409), (TooManyTries, 429), (InputError, 422), (ContractNotMet, 409),
    (LogBehind, 429), (Unavailable, 503),
)  # fmt: skip
ERRORS_SHOWN = 100
"""Most field problems in one document; the rest is counted."""
_log = structlog.get_logger(__name__)


class HttpProblem(InputError):
    """An error of the HTTP interface itself, such as an unknown route or a body that is too large.

    Args:
        headers: Sent with the answer, such as `Allow`.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        remedy: str = "",
        problems: tuple[FieldProblem, ...] = (),
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(reason, remedy, problems)
        self.status = status
        self.headers = headers


def problem_of(error: ShopkeeperError) -> Answer:
    """Return the problem document of an error raised on purpose."""
    if isinstance(error, HttpProblem):
        return problem(error.status, error.reason, error.remedy, error.problems, error.headers)
    status = status_of(error)
    if status is None:
        return unexpected(error)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if status == 401:
        headers = ((b"www-authenticate", b'Bearer realm="shopkeeper"'),)
    elif status in (429, 503):
        seconds = error.retry_after_seconds if isinstance(error, Overloaded | TooManyTries) else 1.0
        headers = ((b"retry-after", str(max(1, math.ceil(seconds))).encode()),)
    return problem(status, error.reason, error.remedy, error.problems, headers)


def status_of(error: ShopkeeperError) -> int | None:
    """Return the HTTP status of an error raised on purpose; None = it is no fault of the request, and unexpected."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), None)


def unexpected(error: BaseException) -> Answer:
    """Return the problem document of an error nobody expected: an id to find it by in the log, and nothing else."""
    error_id = uuid4().hex
    _log.error("unexpected_error", error_id=error_id, exc_info=error)
    return problem(
        500,
        f"Something failed inside the server (error id {error_id}).",
        "Retry; if it stays, look for the error id in the server's log.",
    )


def problem(
    status: int,
    detail: str,
    remedy: str = "",
    problems: tuple[FieldProblem, ...] = (),
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """Return a problem document."""
    title = HTTPStatus(status).phrase
    document: dict[str, Any] = {
        "type": f"urn:shopkeeper:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy,
        "errors": field_problems(problems),
    }
    if len(problems) > ERRORS_SHOWN:
        document["errors_left_out"] = len(problems) - ERRORS_SHOWN
    return Answer(status, msgspec.json.encode(document), headers, MEDIA_TYPE)


def field_problems(problems: tuple[FieldProblem, ...]) -> list[dict[str, Any]]:
    """Return the first field problems as the API shows them."""
    return [
        {"row": p.row, "field": p.field, "reason": p.reason, "remedy": p.remedy}
        if p.row is not None
        else {"field": p.field, "reason": p.reason, "remedy": p.remedy}
        for p in problems[:ERRORS_SHOWN]
    ]
