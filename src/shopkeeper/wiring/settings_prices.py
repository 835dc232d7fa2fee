"""Settings of how decided prices are tested and leave the house."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


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


class PriceRolloutSettings(BaseModel):
    """How a version of the pricing model is tested on its way up: goods in clusters that switch prices over time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clusters: Literal["category", "store"] = "category"
    """What switches as one: the goods of a main category in a customer group, or all of the group."""
    depth: int = Field(1, ge=1, le=10)
    """Levels of a category's path that make one category."""
    period_days: int = Field(28, ge=1, le=84)
    """Days between two switches; a step takes two of them at the least."""
    washout_days: int = Field(14, ge=0, le=70)
    """Days at the start of each period that are not counted."""
    mismatch_share: float = Field(0.0, ge=0, le=0.05)
    """Share of price days on which another price than the design's may have been shown; above it no figure counts."""

    @model_validator(mode="after")
    def _leaves_days(self) -> PriceRolloutSettings:
        if self.washout_days >= self.period_days:
            raise ValueError(f"washout_days ({self.washout_days}) leaves nothing of {self.period_days} days.")
        return self
