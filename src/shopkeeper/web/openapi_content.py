"""The routes of texts in /openapi.json."""

from __future__ import annotations

from typing import Final

from shopkeeper.web.openapi_rollouts import Route, operations
from shopkeeper.web.openapi_schemas import Document

WRITE: Final = "Write texts"
WORDS: Final = (
    "Texts of products, written from their records and verified. To read what is published takes a key with the scope "
    "decide; to have texts written and to decide about them takes a merchandiser who signed in "
    "(`Authorization: Bearer SESSION`)."
)
_READ: Final[dict[tuple[str, str], Route]] = {
    ("/v1/content/{product}", "get"): ("published_texts", "ContentAnswer", "200", ("403", "404", "422"), None),
    ("/v1/category-content", "get"): ("published_introduction", "CategoryAnswer", "200", ("403", "404", "422"), None),
}
_DO: Final[dict[tuple[str, str], Route]] = {
    ("/v1/content/jobs", "post"): (
        "order_content", "ContentJobAnswer", "202", ("400", "403", "404", "413", "422"), "ContentOrder",
    ),
    ("/v1/content/{id}/review", "post"): (
        "review_content", "ReviewAnswer", "200", ("400", "403", "404", "409", "413", "422"), "ReviewBody",
    ),
}  # fmt: skip
_BODIES: Final[dict[str, Document]] = {
    "ContentOrder": {"store": "uk", "fields": ["title", "bullets"], "category": "Home > Candles"},
    "ReviewBody": {"do": "reject", "revision": 1, "reason": "It does not say how long the candle burns."},
}
_PARAMETERS: Final[dict[str, Document]] = {
    "product": {"description": "Id of the product.", "example": "85123A"},
    "category": {"description": "Path of the category.", "example": "Home > Candles"},
    "store": {"description": "Id of the store that shows them.", "example": "uk"},
    "locale": {"description": "Left out: the store's first.", "example": "en"},
    "user": {"description": "Signed-in shopper who sees them, for experiments on texts."},
    "visitor": {"description": "Their device.", "example": "v-0123456789"},
    "session": {"description": "Their session."},
    "measure": {"description": "Whether they allow measurement; left out: as on record, else the store's default."},
    "id": {"description": "Id of the text, as `shopkeeper content list` gives it.", "example": "00381982a588bce8c560"},
}


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the paths of texts; arguments as `openapi_rollouts.paths`."""
    read = operations(described, problems, WRITE, _READ, {}, _PARAMETERS)
    for path, method in _READ:
        read[path][method]["security"] = [{"key": ["decide"]}]
    return read | operations(described, problems, WRITE, _DO, _BODIES, _PARAMETERS)
