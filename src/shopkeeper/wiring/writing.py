"""The language model a workspace's texts are written by, where it names one."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shopkeeper.errors import ConfigError
from shopkeeper.wiring.environment import expanded
from shopkeeper.wiring.settings import Settings

if TYPE_CHECKING:
    from shopkeeper.engines.openai_writer import OpenAiWriter


def open_writer(settings: Settings) -> OpenAiWriter | None:
    """The writer of `[content]`; None = none is named and the realiser writes.

    Raises:
        ConfigError: the extra is not installed, no model is named, the key's variable is not set, or no price is known.
    """
    said = settings.content
    if not said.writer_url:
        return None
    if not said.writer_model:
        raise ConfigError("writer_url is set, but no writer_model.", "Name the model in [content].")
    try:
        from shopkeeper.engines.openai_writer import OpenAiWriter, Server  # noqa: PLC0415 - an extra; slow to load
        from shopkeeper.engines.writer_prices import price_of  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            f"writer_url is set, but {error.name} is not installed.", "Install it: pip install 'shopkeeper[llm]'."
        ) from error
    from shopkeeper.engines.call_pace import CallPace  # noqa: PLC0415 - only for a writer
    from shopkeeper.engines.kept_answers import KeptAnswers  # noqa: PLC0415
    from shopkeeper.engines.month_budget import MonthBudget  # noqa: PLC0415

    folder = settings.folder(said.writer)
    server = Server(
        said.writer_url,
        said.writer_model,
        expanded(said.writer_api_key, "writer_api_key"),
        said.writer_seconds,
        said.writer_tries,
        said.writer_output_tokens,
        said.writer_parameters,
    )
    return OpenAiWriter(
        server,
        price_of(said.writer_url, said.writer_model, said.writer_input_price, said.writer_output_price),
        MonthBudget(folder, said.writer_month_budget, lambda: datetime.now(UTC)),
        KeptAnswers(folder / "answers"),
        CallPace(said.writer_calls_per_minute, said.writer_wait_seconds, time.monotonic, time.sleep),
    )
