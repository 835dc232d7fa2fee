"""Forms of our own pages: their fields, and the proof that a page of ours sent them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import Request

from shopkeeper.errors import InputError, NotAllowed
from shopkeeper.web.limits import read_body
from shopkeeper.web.signed_in import same_origin

FIELD = "form_token"
REASON_LENGTH = 2_000
_BYTES = 20_000


def form_token(secret: str) -> str:
    """Return what a form carries so that no other site can send it; only who holds the browser's cookie can make it."""
    return hmac.new(secret.encode(), b"shopkeeper form", hashlib.sha256).hexdigest()


async def sent_fields(request: Request, secret: str | None, most_bytes: int = _BYTES) -> dict[str, str]:
    """Return the fields of a form of ours.

    Args:
        secret: The cookie that `form_token` was made of; None = the browser sent none.
        most_bytes: How long the form may be.

    Raises:
        NotAllowed: the form does not come from a page that this browser was given.
        InputError: the body is no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise InputError("The body is no form.", "Use the form of the page.")
    body = await read_body(request.scope, request.receive, most_bytes)
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError as error:
        raise InputError("The form cannot be read.", "Use the form of the page.") from error
    expected = form_token(secret) if secret else ""
    given = fields.pop(FIELD, "")
    if not same_origin(request) or not secret or not hmac.compare_digest(given.encode(), expected.encode()):
        raise NotAllowed("This form was open for too long, or another site sent it.", "Open the page again and repeat.")
    return fields


def reason_of(fields: Mapping[str, str]) -> str:
    """Return why somebody does something. Raises InputError where they do not say."""
    why = fields.get("why", "").strip()
    if not why or len(why) > REASON_LENGTH:
        raise InputError(
            "A reason is missing." if not why else f"The reason has {len(why):,} letters.",
            f"Say why in a sentence (at most {REASON_LENGTH:,} letters); it is kept and audited under your name.",
        )
    return why
