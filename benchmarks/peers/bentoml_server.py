"""ALS as a BentoML service with one worker and a synchronous call: `bentoml_server.py FOLDER PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bentoml
from als import Als

_FOLDER = "PEER_FOLDER"


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Recommender:
    """As its documentation writes a service."""

    def __init__(self) -> None:
        self.als = Als(Path(os.environ[_FOLDER]))

    @bentoml.api
    def recommend(self, user: int) -> list[int]:
        """Return the list of one shopper."""
        return self.als.recommend([user])[0]


if __name__ == "__main__":
    os.environ[_FOLDER] = sys.argv[1]
    os.chdir(Path(__file__).parent)
    service = f"{Path(__file__).stem}:Recommender"
    command = [sys.executable, "-m", "bentoml", "serve", service, "--host", "127.0.0.1", "--port", sys.argv[2]]
    os.execv(sys.executable, command)  # noqa: S606 - our own command
