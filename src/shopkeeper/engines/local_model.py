"""A language model on this machine: llama.cpp's own server for a GGUF file, in a process of its own.

Its own process, since native code that fails (a damaged file, too little memory) ends the process it runs in. It
listens on 127.0.0.1 alone, under a key nobody else has, and ends when this process does, however that ends.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import select
import subprocess
import sys
from pathlib import Path
from typing import Final

from shopkeeper.errors import ConfigError, Unavailable

MAGIC: Final = b"GGUF"
_FINGERPRINT: Final = 1 << 20  # bytes of the head, which name tensors and vocabulary
_LOG_SHOWN: Final = 400  # characters


class LocalModel:
    """A running server.

    Args:
        gguf: The model's file.
        threads: Of the processor; with more than there are idle cores, llama.cpp's threads wait for each other.
        context: Most tokens of prompt and answer together.
        log: File for what the server says; written anew.
        seconds: How long it may take to start.

    Raises:
        ConfigError: the file is not there or no GGUF.
        Unavailable: it does not start; says why.
    """

    def __init__(self, gguf: Path, threads: int, context: int, log: Path, seconds: float = 120.0) -> None:
        _check(gguf)
        self._gguf = gguf
        self.api_key = secrets.token_urlsafe(24)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "shopkeeper.engines.local_model_process"]
        with log.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 - our own module under our own interpreter
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
            )
        order = {"gguf": str(gguf), "name": self.name, "threads": threads, "context": context, "key": self.api_key}
        try:
            self.url = self._started(order, seconds, log)
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """What the model is called: its file without the ending."""
        return self._gguf.stem

    @property
    def fingerprint(self) -> str:
        """The same for the same file, whatever the server's address; of its head and its size."""
        with self._gguf.open("rb") as file:
            head = file.read(_FINGERPRINT)
        return f"{hashlib.blake2b(head, digest_size=16).hexdigest()}-{self._gguf.stat().st_size}"

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _started(self, order: dict[str, object], seconds: float, log: Path) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: PT018, S101 - both are pipes
        said = b""
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            if select.select([self._process.stdout], [], [], seconds)[0]:
                said = self._process.stdout.readline()
        except BrokenPipeError:
            pass  # it ended before it could be told; the log says why
        if not said.startswith(b"http://127.0.0.1:"):
            why = log.read_text("utf-8", "replace")[-_LOG_SHOWN:].strip() if self._process.poll() is not None else ""
            raise Unavailable(
                f"No server started for {self._gguf} within {seconds:g} s{f': {why}' if why else '.'}",
                f"See {log}; another file or a smaller writer_context may do.",
            )
        return said.decode().strip()


def _check(gguf: Path) -> None:
    try:
        with gguf.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise ConfigError(f"writer_gguf: {gguf} cannot be read ({error.strerror}).", "Name a model's file.") from error
    if head != MAGIC:
        raise ConfigError(f"writer_gguf: {gguf} is no GGUF file.", "Name a file that llama.cpp can load.")
