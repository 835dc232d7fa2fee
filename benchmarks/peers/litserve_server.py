"""ALS behind LitServe, up to 16 requests a call and 5 ms for them to gather: `litserve_server.py FOLDER PORT`."""

import sys
from pathlib import Path
from typing import Any

import litserve
from als import Als


class Recommender(litserve.LitAPI):
    """As its documentation writes a model that takes batches. LitServe reads annotations as they are, not as text."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's signature
        """Load the model in the process that answers."""
        self.als = Als(Path(sys.argv[1]))

    def decode_request(self, request: dict[str, Any]) -> int:
        """Return the shopper of a request."""
        return int(request["user"])

    def predict(self, users: list[int]) -> list[list[int]]:
        """Return the lists of a batch."""
        return self.als.recommend(users)

    def encode_response(self, output: list[int]) -> dict[str, Any]:
        """Return one list as it is sent."""
        return {"items": output}


if __name__ == "__main__":
    served = litserve.LitServer(Recommender(max_batch_size=16, batch_timeout=0.005), accelerator="cpu")
    served.run(
        host="127.0.0.1", port=int(sys.argv[2]), num_api_servers=1, generate_client_file=False, log_level="warning"
    )
