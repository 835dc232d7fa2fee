"""Verbs as a person types them at a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from shopkeeper.cli.main import build


@dataclass(frozen=True)
class Verb:
    """One verb of the command, or a group of them; what it raises is raised."""

    name: str

    def said(self, workspace: Path | None, *words: str) -> str:
        """Return what it prints; None = the verb needs no workspace."""
        where = () if workspace is None else ("--workspace", str(workspace))
        arguments = [self.name, *words, *where]
        return CliRunner().invoke(build(), arguments, catch_exceptions=False, standalone_mode=False).stdout

    def document(self, workspace: Path | None, *words: str) -> dict[str, Any]:
        """Return what it prints with `--json`."""
        found: dict[str, Any] = json.loads(self.said(workspace, *words, "--json").splitlines()[-1])
        return found
