"""Training session in several processes, as far as it can be seen without them; they run in tests/integration."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.models.popular import PopularParams
from shopkeeper.recommendations.session.model import SessionParams
from shopkeeper.recommendations.session.processes import fit_in_processes
from shopkeeper.testing.planted import planted_interactions


def test_a_run_that_fails_says_why_and_leaves_nothing_and_names_no_shopper(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = planted_interactions(), dict[str, bytes]()
    folders: list[Path] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        assert command[command.index("--nproc-per-node") + 1] == "3"
        folder = Path(command[command.index("shopkeeper.recommendations.session_torchrun") + 1])
        folders.append(folder)
        seen.update((file.name, file.read_bytes()) for file in folder.rglob("*") if file.is_file())
        return subprocess.CompletedProcess(command, 1, "", "no such device")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ConfigError, match="no such device"):
        fit_in_processes(data, SessionParams(processes=3), 1, PopularParams())
    assert seen
    group, kind, name = data.shopper_keys[0].split("\x1f")
    assert not [file for file, content in seen.items() if f"{group}\x1f{kind}\x1f{name}".encode() in content]
    assert not folders[0].exists()
