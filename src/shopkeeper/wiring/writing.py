"""The language model a workspace's texts are written by, where it names one."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shopkeeper.errors import ConfigError
from shopkeeper.wiring.environment import expanded
from shopkeeper.wiring.settings import Settings

if TYPE_CHECKING:
    from shopkeeper.engines.openai_writer import OpenAiWriter


def open_writer(settings: Settings) -> OpenAiWriter | None:
    """The writer of `[content]`; None = none is named and the realiser writes.

    Raises:
        ConfigError: an extra is not installed, no model is named, a model is named twice, its file cannot be used, the
            key's variable is not set, or no price is known.
        Unavailable: a model's server does not start.
    """
    said = settings.content
    if said.writer_gguf is not None:
        if said.writer_url:
            raise ConfigError("writer_url and writer_gguf are both set.", "Keep the one that is to write.")
        return _local(settings, settings.folder(said.writer_gguf))
    if not said.writer_url:
        return None
    if not said.writer_model:
        raise ConfigError("writer_url is set, but no writer_model.", "Name the model in [content].")
    _require("openai", "genai_prices", setting="writer_url", extra="llm")
    from shopkeeper.engines.writer_prices import price_of  # noqa: PLC0415 - an extra; slow to load

    key = expanded(said.writer_api_key, "writer_api_key")
    price = price_of(said.writer_url, said.writer_model, said.writer_input_price, said.writer_output_price)
    return _writer(settings, price, said.writer_url, said.writer_model, key)


def _local(settings: Settings, gguf: Path) -> OpenAiWriter:
    said = settings.content
    _require("openai", "genai_prices", "xllamacpp", setting="writer_gguf", extra="llm,local-llm")
    from shopkeeper.engines.local_model import LocalModel  # noqa: PLC0415 - only for a writer

    log = settings.folder(said.writer) / "local-model.log"
    model = LocalModel(gguf, said.writer_threads, said.writer_context, log)
    try:
        return _writer(
            settings, lambda *_: 0.0, model.url, model.name, model.api_key, model.fingerprint, closing=model.close
        )
    except BaseException:
        model.close()
        raise


def _require(*modules: str, setting: str, extra: str) -> None:
    for name in modules:
        if find_spec(name) is None:
            raise ConfigError(
                f"{setting} is set, but {name} is not installed.", f"Install it: pip install 'shopkeeper[{extra}]'."
            )


def _writer(
    settings: Settings,
    price: Callable[[int, int], float],
    url: str,
    model: str,
    key: str,
    known_as: str = "",
    closing: Callable[[], None] = lambda: None,
) -> OpenAiWriter:
    from shopkeeper.engines.call_pace import CallPace  # noqa: PLC0415 - only for a writer
    from shopkeeper.engines.kept_answers import KeptAnswers  # noqa: PLC0415
    from shopkeeper.engines.month_budget import MonthBudget  # noqa: PLC0415
    from shopkeeper.engines.openai_writer import OpenAiWriter, Server  # noqa: PLC0415

    said, folder = settings.content, settings.folder(settings.content.writer)
    return OpenAiWriter(
        Server(
            url, model, key, said.writer_seconds, said.writer_tries, said.writer_output_tokens, said.writer_parameters,
            known_as,
        ),
        price,
        MonthBudget(folder, said.writer_month_budget, lambda: datetime.now(UTC)),
        KeptAnswers(folder / "answers"),
        CallPace(said.writer_calls_per_minute, said.writer_wait_seconds, time.monotonic, time.sleep),
        closing=closing,
    )  # fmt: skip
