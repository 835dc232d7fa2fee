"""The process of `engines.local_model`: reads what to start from its input, says the address, ends with its input."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def main() -> None:
    """Serve until the process that started this one lets go of it."""
    order = json.loads(sys.stdin.readline())
    # llama.cpp prints to the standard output as well; only the address may stand there.
    address = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = _server(order)
    address.write(f"{server.listening_address}/v1\n")
    address.flush()
    sys.stdin.read()
    os._exit(0)  # its threads end with it: nothing is kept that would have to be written


def _server(order: dict[str, Any]) -> Any:  # noqa: ANN401 - xllamacpp has no types
    llama = importlib.import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = order["gguf"]
    params.model_alias = {order["name"]}
    params.n_ctx = order["context"]
    params.n_parallel = 1
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = order["threads"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    params.ui = False
    params.offline = True
    return llama.Server(params)


if __name__ == "__main__":
    main()
