"""What makes vectors of the texts of products, where the settings ask for it."""

from __future__ import annotations

from importlib.util import find_spec

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.behaviour.extract_sentences import SentenceEncoder
from shopkeeper.wiring.settings import Settings


def sentence_encoder(settings: Settings) -> SentenceEncoder | None:
    """Return the encoder that training reads texts with; None where the settings do without.

    Raises:
        ConfigError: it is asked for and not installed.
    """
    if not settings.training.sentences:
        return None
    if find_spec("wordllama") is None:
        raise ConfigError(
            "training.sentences is set, but wordllama is not installed.",
            "Install it where models are trained: `pip install 'shopkeeper[sentences]'`; or set it to false.",
        )
    from shopkeeper.engines.sentence_encoder import WordLlamaEncoder  # noqa: PLC0415 - an extra, and slow to load

    return WordLlamaEncoder()
