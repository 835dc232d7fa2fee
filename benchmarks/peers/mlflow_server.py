"""ALS as a pyfunc model behind MLflow's scoring server: `mlflow_server.py FOLDER PORT`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import uvicorn
from als import Als
from mlflow.pyfunc import scoring_server


class Recommender(mlflow.pyfunc.PythonModel):
    """As its documentation writes a model of one's own."""

    def load_context(self, context: Any) -> None:  # noqa: ANN401 - MLflow's own
        """Load the model."""
        self.als = Als(Path(context.artifacts["als"]))

    def predict(self, context: Any, model_input: Any, params: Any = None) -> list[list[int]]:  # noqa: ANN401, ARG002
        """Return the lists of a frame of shoppers."""
        return self.als.recommend([int(user) for user in model_input["user"]])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        saved = str(Path(folder) / "model")
        here = Path(__file__)
        mlflow.pyfunc.save_model(
            saved, python_model=Recommender(), artifacts={"als": sys.argv[1]}, pip_requirements=[],
            code_paths=[str(here.with_name("als.py"))],
        )  # fmt: skip
        app = scoring_server.init(mlflow.pyfunc.load_model(saved))
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
