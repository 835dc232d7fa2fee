"""The report on texts, from the workspace's own state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shopkeeper.content.ports import PieceStore
from shopkeeper.content.report import ContentReport, Seen, content_report
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


def report_texts(settings: Settings, since: datetime) -> ContentReport:
    """Return how well texts were written since a moment.

    Raises:
        Unavailable: the state database does not answer.
    """
    with open_workspace_state(settings) as state:
        said = settings.content
        return content_report(_seen(state.pieces, since), said.typing_seconds, said.time_saved_goal)


def _seen(pieces: PieceStore, since: datetime) -> Iterator[Seen]:
    """Yield steps of jobs and judgements with the versions they were about, in the order they were done."""
    for page in pieces.history(since):
        versions = {
            number: pieces.read({key.id: number for key, step in page if step.version == number})
            for number in {step.version for _, step in page}
        }
        for key, step in page:
            version = versions[step.version].get(key.id)
            if version is not None:
                yield Seen(key, step, version)
