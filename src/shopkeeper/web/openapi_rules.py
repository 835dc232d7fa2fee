"""The routes of rules in /openapi.json."""

from __future__ import annotations

from typing import Final

from shopkeeper.web.openapi_rollouts import Route, operations
from shopkeeper.web.openapi_schemas import Document

RULE: Final = "Rule the lists"
WORDS: Final = (
    "What the shop wants of its lists: rules as data, with versions and a dry run. To look and to try takes a key with "
    "the scope manage or a person, to change a merchandiser who signed in (`Authorization: Bearer SESSION`)."
)
_CHANGE, _READ = ("400", "403", "404", "409", "413", "422"), ("403", "404", "422")
_ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("/v1/rules", "get"): ("rules", "RulesAnswer", "200", _READ, None),
    ("/v1/rules", "put"): ("put_rules", "RulesAnswer", "200", _CHANGE, "RulesBody"),
    ("/v1/rules", "delete"): ("delete_rules", "RulesAnswer", "200", _CHANGE, "NoRulesBody"),
    ("/v1/rules/dry-run", "post"): ("try_rules", "DryRunAnswer", "200", ("400", "413", *_READ), "DryRunBody"),
}
_RULES: Final[list[Document]] = [
    {"do": "exclude", "name": "no candles in carts", "where": {"categories": ["Home > Candles"]},
     "when": {"surfaces": ["cart"]}},
    {"do": "boost", "name": "what is new", "where": {"age_days_max": 30}, "by": 1.5},
    {"do": "pin", "name": "the advent calendar", "product": "85123A", "position": 1,
     "from": "2026-11-27T00:00:00", "until": "2026-12-24T00:00:00"},
    {"do": "quota", "name": "no brand fills a list", "per": "brand", "at_most": 3},
]  # fmt: skip
_BODIES: Final[dict[str, Document]] = {
    "RulesBody": {"store": "uk", "version": 0, "why": "The advent sale begins.", "rules": _RULES},
    "NoRulesBody": {"store": "uk", "version": 1, "why": "The sale is over."},
    "DryRunBody": {"store": "uk", "rules": _RULES, "request": {"store": "uk", "surface": "home", "k": 4}},
}
_PARAMETERS: Final[dict[str, Document]] = {
    "store": {"description": "Id of the store; empty = the rules that hold in every store.", "example": "uk"},
    "version": {"description": "Which version; left out = the newest.", "example": 0},
}


def paths(described: Document, problems: dict[str, str]) -> Document:
    """Return the paths of rules; arguments as `openapi_rollouts.paths`."""
    return operations(described, problems, RULE, _ROUTES, _BODIES, _PARAMETERS)
