"""Every place that holds personal data: what, how long, and how a person is erased from it.

docs/guides/privacy.md shows this list to people. A test fails when a table of the lake, a table of the state database
or a folder of the settings is not named here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """One place.

    Attributes:
        holds: What of a person may be there; empty = nothing.
        kept: How long.
        erased: How a person goes from there; empty where nobody can be.
    """

    holds: str
    kept: str = "as long as the workspace"
    erased: str = ""


_SEGMENTS: Final = "sealed and brought into the lake first, then deleted"
_REWRITE: Final = "the files that hold the person are written again without them"
_NOBODY: Final = Place("")

LAKE: Final[Mapping[str, Place]] = {
    "events": Place("user, visitor, session, ip_hash, class of the agent", "`privacy.event_days`", _REWRITE),
    "decisions": Place("unit (user, visitor or session), session", "`privacy.event_days`", _REWRITE),
    "shadow_answers": Place("unit (user, visitor or session), session", "`privacy.event_days`", _REWRITE),
    "traffic_verdicts": Place("session or visitor", "as long as the events of the same day", _REWRITE),
    "users": Place("the user's record", "until erased", _REWRITE),
    "orders": Place("user", "until erased; tax law decides at the source", _REWRITE),
    "event_counts": _NOBODY,
    "stores": _NOBODY,
    "products": _NOBODY,
    "prices": _NOBODY,
    "competitor_prices": _NOBODY,
    "inventory": _NOBODY,
}
"""Tables of the event log and the lake."""

STATE: Final[Mapping[str, Place]] = {
    "users": Place("the user's record", "until erased", "the row is deleted and the file written anew"),
    "orders": Place("user", "until erased", "the row is deleted and the file written anew"),
    "reports": Place("ids quoted in reasons", "until erased", "the quotes are replaced"),
    "experiment_decisions": Place("ids quoted in reasons", "until erased", "the quotes are replaced"),
    "experiments": _NOBODY,
    "experiment_analyses": _NOBODY,
    "audit": Place(
        "ids quoted in details; names of staff who acted",
        "until erased",
        "the quotes are replaced; staff: `people remove --erase` replaces the name",
    ),
    "people": Place(
        "staff: name, e-mail address, last sign-in", "until removed and erased", "`people remove --erase` replaces them"
    ),
    "person_roles": Place("staff: roles", "until removed", "deleted with the removal"),
    "person_passwords": Place("staff: hash of the password", "until removed", "deleted with the removal"),
    "person_sessions": Place(
        "staff: sign-ins with their network address", "30 days after their end", "deleted by `people remove --erase`"
    ),
    "sign_in_tries": Place("hashes of address and place of tries to sign in", "one day", "gone by themselves"),
    "stores": _NOBODY,
    "products": _NOBODY,
    "prices": _NOBODY,
    "competitor_prices": _NOBODY,
    "inventory": _NOBODY,
    "model_versions": _NOBODY,
    "model_aliases": _NOBODY,
    "api_keys": _NOBODY,
    "cursors": _NOBODY,
    "rollouts": Place("testers' ids", "until erased", "the id is taken out of the list"),
    "verdicts": _NOBODY,
    "live_tests": Place("testers' ids", "while the test runs", "the id is taken out of the list"),
    "counters": _NOBODY,
    "stop_orders": _NOBODY,
    "rule_sets": Place("staff: who wrote a version", "as long as the workspace", "by hand: `who` in its rows"),
    "price_runs": Place("staff: who took each step", "as long as the workspace", "by hand: `steps` in its rows"),
    "price_run_rows": _NOBODY,
    "price_changes": _NOBODY,
    "published_prices": _NOBODY,
    "price_tests": _NOBODY,
    "price_test_members": _NOBODY,
    "content_pieces": _NOBODY,
    "content_versions": Place("staff: who wrote a version", "as long as the workspace", "by hand: `who` in its rows"),
    "content_steps": Place("staff: who judged a text", "as long as the workspace", "by hand: `who` in its rows"),
    "content_pauses": Place("staff: who paused a job", "until it goes on", "by hand: `who` in its rows"),
}
"""Tables of the state database."""

FOLDERS: Final[Mapping[str, Place]] = {
    "log": Place("what the lake holds, for minutes", "until compacted", _SEGMENTS),
    "lake": Place(
        "the tables above; `features/`, `tests/`: sums by user",
        "the tables' own; features follow; tests a week after the last look",
        _REWRITE,
    ),
    "models": Place("pasts of shoppers under a hash of the key", "as long as the version", "arrays are written again"),
    "quarantine": Place("rejected rows as they came, without address", "`privacy.quarantine_days`", "rows are removed"),
    "lists": Place("lists of products by user, as you exported them", "until you replace them", _REWRITE),
    "mlflow": Place("staff: who ordered a run", "as long as its run", "deleted with the run in MLflow"),
    "runs": Place("what a training run reads of shoppers", "until the run ends", "deleted with the run"),
    "secrets": Place("keys of today's address hashes", "one day", "destroyed every day"),
}
"""Folders, by their name in the settings section `engines`."""

SERVERS: Final[Mapping[str, Place]] = {
    "state_url": Place("the tables of the state database above", "as above", "as above"),
    "warehouse_url": Place(
        "the tables of the lake above", "as the lake, up to the next load", "emptied and sent again"
    ),
    "cache_url": Place(
        "last 50 events and 50 refusals, lists and arms of tests by user, visitor or session",
        "30 days after the last visit",
        "deleted at once",
    ),
    "jobs_url": Place("staff: who ordered a run", "as long as the database", "by hand: `who` in its table of runs"),
    "mlflow_url": Place("staff: who ordered a run", "as long as its run", "deleted with the run in MLflow"),
}
"""Servers, by the setting in the section `engines` that names them."""

MEMORY: Final[Mapping[str, Place]] = {
    "live profiles": Place(
        "last 50 events and 50 refusals by user, visitor or session", "`serving.sessions` newest", "dropped at once"
    ),
    "cache of answers": Place("lists under a key of the shopper", "`serving.cache_hours`", "all lists are dropped"),
    "lists of the night": Place(
        "products under a hash of the user", "until other lists come", "read again without them"
    ),
    "first arms": Place("arm of each test by user, visitor or session", "`serving.sessions` newest", "dropped at once"),
    "live increments": Place(
        "newest products by user, visitor or session",
        "100,000 newest events, 50,000 newest shoppers",
        "dropped at once",
    ),
    "user agents": Place("agents lately seen, nobody's id", "50,000 newest", ""),
}
"""What a serving process holds in memory; gone when it ends."""
