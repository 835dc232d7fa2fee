"""What holds for every test."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes is the machine's affair, and no rule of ours.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _no_experiment_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training in a test writes to no MLflow, which takes seconds to import; tests of the log name one themselves."""
    monkeypatch.setenv("SHOPKEEPER_ENGINES__MLFLOW_URL", "")
