"""The report on texts, from the workspace's own state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final, cast

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.content.fields import INTRO
from shopkeeper.content.ports import PieceStore
from shopkeeper.content.report import ContentReport, Seen, content_report
from shopkeeper.engines.state import State
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

DRIFT: Final = "content.drift"
BY_DRIFT: Final = "rule: drift"
LATELY: Final = timedelta(days=30)
_TOLD: Final = 1_000


def report_texts(settings: Settings, since: datetime) -> ContentReport:
    """Return how well texts were written since a moment.

    Raises:
        Unavailable: the state database does not answer.
    """
    with open_workspace_state(settings) as state:
        said, seen = settings.content, _seen(state.pieces, since, _categories(state))
        return content_report(seen, said.typing_seconds, said.time_saved_goal)


def tell_of_drift(settings: Settings, now: datetime) -> list[str]:
    """Write into the audit where the newest way of writing does worse than the one before, once for each; say where.

    Raises:
        Unavailable: the state database does not answer.
    """
    alerts = [asdict(one) for one in report_texts(settings, now - LATELY).alerts]
    if not alerts:
        return []
    with open_workspace_state(settings) as state:
        told = {_which(one["detail"]) for one in state.audit.found(None, DRIFT, _TOLD)}
        for one in alerts:
            if _which(one) not in told:
                state.audit.write(BY_DRIFT, DRIFT, one)
    return ["{what} of {writer} in {locale}".format(**one) for one in alerts]


def _which(alert: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(alert[name]) for name in ("what", "writer", "locale", "wording", "way"))


def _categories(state: State) -> dict[str, str]:
    """Return the main category of each product, as its record has it now."""
    rows = (cast("Product", found.row) for found in state.tables.scan(PRODUCTS))
    return {row.product: row.categories[0] for row in rows if row.categories}


def _seen(pieces: PieceStore, since: datetime, categories: Mapping[str, str]) -> Iterator[Seen]:
    """Yield steps of jobs and judgements with the versions they were about, in the order they were done."""
    for page in pieces.history(since):
        versions = {
            number: pieces.read({key.id: number for key, step in page if step.version == number})
            for number in {step.version for _, step in page}
        }
        for key, step in page:
            version = versions[step.version].get(key.id)
            if version is not None:
                category = key.product if key.field == INTRO else categories.get(key.product, "")
                yield Seen(key, step, version, category)
