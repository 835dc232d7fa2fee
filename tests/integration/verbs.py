"""Verbs of `shopkeeper` in processes of their own, to be followed, killed and repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 240.0


def start(workspace: Path, *verb: str) -> subprocess.Popen[str]:
    """Begin a verb, such as `content generate`."""
    command = [sys.executable, "-m", "shopkeeper", *verb, "--workspace", str(workspace), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    """End a process at once, as a power cut does."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a verb says at its end; it must be well."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    document: dict[str, Any] = json.loads(out.splitlines()[-1])
    return document
