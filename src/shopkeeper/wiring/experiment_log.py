"""The experiment log of a workspace."""

from __future__ import annotations

from shopkeeper.engines.mlflow_log import MlflowLog
from shopkeeper.engines.mlflow_store import prepare_in_background
from shopkeeper.training.experiment_log import ExperimentLog, NoExperimentLog
from shopkeeper.wiring.settings import Settings


def open_experiment_log(settings: Settings) -> ExperimentLog:
    """Return the log the settings name; nothing is imported or connected before something is written.

    Raises:
        ConfigError: `engines.mlflow_url` is no URL MLflow speaks.
    """
    url = settings.engines.mlflow_url
    if not url:
        return NoExperimentLog()
    return MlflowLog(settings.placed(url), settings.folder(settings.engines.mlflow))


def prepare_experiment_log(settings: Settings) -> None:
    """Have the log's file made in the background, so that the first training does not wait for it."""
    if settings.engines.mlflow_url:
        prepare_in_background(settings.placed(settings.engines.mlflow_url))
