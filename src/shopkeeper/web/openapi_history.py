"""The route of a shopper's history in /openapi.json."""

from __future__ import annotations

from typing import Final

from shopkeeper.web.openapi_rollouts import Route, operations
from shopkeeper.web.openapi_schemas import Document

LOOK: Final = "Look at a shopper"
WORDS: Final = (
    "What one shopper did. Takes a merchandiser, operator or admin who signed in (`Authorization: Bearer SESSION`) and "
    "says why; every look is written into the audit before anything is read."
)
_ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("/v1/users/{user}/history", "get"): ("shopper_history", "ShopperHistory", "200", ("403", "404", "422"), None),
}
_PARAMETERS: Final[dict[str, Document]] = {
    "user": {"description": "The signed-in customer.", "example": "17850"},
    "store": {"description": "Id of the store.", "example": "uk"},
    "why": {"description": "Why you look; kept in the audit.", "example": "They called about a wrong list."},
    "days": {"description": "How far back, days.", "example": 30},
}


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the path; arguments as `openapi_rollouts.paths`."""
    return operations(described, problems, LOOK, _ROUTES, {}, _PARAMETERS)
