"""The search with Optuna keeps the laws of a tuner."""

from __future__ import annotations

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.testing.tuner_suite import TunerSuite
from shopkeeper.training.ports import Tuner


class TestOptunaTuner(TunerSuite):
    def tuner(self) -> Tuner:
        return OptunaTuner()
