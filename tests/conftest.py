"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes is the machine's affair, and no rule of ours.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def _no_experiment_log() -> Iterator[None]:
    """Training in a test writes to no MLflow, which takes seconds to import; tests of the log name one themselves.

    For the whole session, as shops that a module shares are made before anything that holds for a single test.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPKEEPER_ENGINES__MLFLOW_URL", "")
        yield
