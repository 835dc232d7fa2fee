"""Settings of how decided prices leave the house."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class PriceWebhookSettings(BaseModel):
    """Whom workers tell of every price that changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = ""
    """Where changes are sent by POST; empty = nowhere."""
    secret: str = ""
    """What each message is signed with (HMAC-SHA256); `${NAME}` is taken from the environment."""
    secret_file: Path | None = None
    """File that holds it instead, relative to the workspace."""
    seconds: float = Field(10.0, gt=0)
    """How long one message may take, seconds."""
    batch_rows: int = Field(500, ge=1, le=5_000)
    """Most changes in one message."""
