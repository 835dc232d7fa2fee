"""Settings of how texts are written, judged and approved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class WordingSettings(BaseModel):
    """Another way to write a product's texts, to be compared with the house's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voice: Literal["neutral", "warm", "expert"] = "neutral"
    """How its texts sound."""
    words: Path | None = None
    """Folder of words of its own, relative to the workspace; None = those of the house."""


class StyleSettings(BaseModel):
    """What the house asks of each text; the verifier warns of what is otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exclamations: int = Field(default=0, ge=0)
    """Most exclamation marks."""
    emoji: bool = False
    """Whether emoji are welcome."""
    sentence_words: int = Field(default=45, ge=5)
    """Most words of a sentence."""
    capitals: bool = False
    """Whether whole words in capitals are welcome."""
    least_ease: float = 0.0
    """Least reading ease of a text of 20 words or more."""
    density: float = Field(default=0.05, gt=0, le=1)
    """Largest share of a text's words that one keyword may take."""


class KeywordSettings(BaseModel):
    """Words that pages are to be found by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: list[str] = Field(min_length=1)
    """Words and phrases, each to be used once."""
    language: Literal["", "en", "de", "fr", "es"] = ""
    """Only in texts of this language; empty = in all."""
    category: str = ""
    """Only of products under this path; empty = of all."""


class ContentSettings(BaseModel):
    """How texts are written; without `writer_url` the realiser writes them all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    writer_url: str = ""
    """A server that speaks OpenAI's chat completions, up to and with `/v1`."""
    writer_model: str = ""
    """Its model, as the server names it."""
    writer_api_key: str = ""
    """Its key; `${NAME}` is taken from the environment."""
    writer_seconds: float = Field(30.0, gt=0)
    """How long a call may take, seconds."""
    writer_tries: int = Field(3, ge=1, le=10)
    """Most calls for one draft, where the server refuses or cannot be reached."""
    writer_wait_seconds: float = Field(20.0, ge=0)
    """Longest wait for a turn or for what Retry-After asks, seconds; longer ones are not waited for."""
    writer_calls_per_minute: float = Field(60.0, gt=0)
    """Most calls a process makes."""
    writer_output_tokens: int = Field(1_200, gt=0)
    """Most tokens of an answer."""
    writer_parameters: dict[str, Any] = Field(default_factory=lambda: {"temperature": 0.3})
    """Put into each request as they are."""
    writer_input_price: float | None = Field(None, ge=0)
    """US dollars a million tokens that are sent; None = by the list of genai-prices."""
    writer_output_price: float | None = Field(None, ge=0)
    """US dollars a million tokens that are answered; None = by the list of genai-prices."""
    writer_month_budget: float = Field(10.0, ge=0)
    """US dollars of a month (UTC), over all processes of the workspace."""
    writer_gguf: Path | None = None
    """A model's file, relative to the workspace; its server is started on this machine, in place of `writer_url`."""
    writer_threads: int = Field(1, ge=1)
    """Threads of that server; more than there are idle cores make it slower."""
    writer_context: int = Field(4_096, ge=1_024)
    """Most tokens of prompt and answer together that it holds."""
    writer: Path = Path("writer")
    """Folder of kept answers and of what was spent."""
    voice: Literal["neutral", "warm", "expert"] = "neutral"
    """How texts sound."""
    record_language: Literal["en", "de", "fr", "es"] = "en"
    """Language of the catalogue, where its texts are not given per locale."""
    words: Path | None = None
    """Folder of words of your own, relative to the workspace; None = those that came with Shopkeeper."""
    wordings: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,59}$")], WordingSettings] = Field(
        default_factory=dict
    )
    """Wordings by name, for experiments on texts; each has `voice` and `words` of its own."""
    banned: list[str] = Field(default_factory=list)
    """Words and phrases no text may have."""
    competitors: list[str] = Field(default_factory=list)
    """Names no text may have."""
    address: Literal["", "familiar", "polite"] = ""
    """How the reader is addressed; empty = either way."""
    style: StyleSettings = Field(default_factory=StyleSettings)
    """Signs, sentences and reading ease."""
    keywords: list[KeywordSettings] = Field(default_factory=list)
    """Words pages are to be found by, by language and category."""
    claims: Path | None = None
    """Folder of claim rules of your own (`en.yaml` ...), relative to the workspace, beside those that ship."""
    publish_approved: bool = True
    """Whether what is approved is published with it; else `content publish` does."""
    auto_approve: bool = False
    """Whether texts without a warning, by a writer that people trust, need no person."""
    least_trust: float = Field(0.95, ge=0.5, lt=1)
    """Lower bound (95% sure) of the share of a writer's texts people accept, from which on it is trusted."""
    trust_days: float = Field(180.0, gt=0)
    """Days whose judgements count."""
    audit_share: float = Field(0.03, ge=0.02, le=0.05)
    """Share of what goes without a person that one looks at all the same."""
    typing_seconds: float = Field(0.0, ge=0)
    """Seconds a text takes to type by hand, as you measured it; 0 = not measured, and nothing is compared."""
    time_saved_goal: float = Field(0.7, gt=0, lt=1)
    """Share of that time the house wants to save."""
