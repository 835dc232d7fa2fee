"""`export --all` and `import` of what it wrote, as a person types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.errors import InputError


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(build(), [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    for name in ("shop", "other"):
        run("init", str(tmp_path / name))
    (tmp_path / "products.jsonl").write_text('{"product": "lamp", "title": "Lamp"}\n{"product": "rug"}\n')
    run("import", str(tmp_path / "products.jsonl"), "--store", "uk", "--workspace", str(tmp_path / "shop"))
    run("export", "--all", str(tmp_path / "out"), "--workspace", str(tmp_path / "shop"))
    return tmp_path / "out"


def test_what_was_exported_moves_into_another_workspace(exported: Path, tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    looked = run("import", str(exported), "--dry-run", "--workspace", other)
    came = run("import", str(exported), "--workspace", other)
    assert (looked["checked_only"], came["checked_only"]) == (True, False)
    assert looked["parts"] == came["parts"]
    assert came["parts"]["rows"]["products"] == came["parts"]["state"]["products"] == 2


def test_an_export_is_not_told_whose_rows_it_holds(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is an export"):
        run("import", str(exported), "--store", "uk", "--workspace", str(tmp_path / "other"))


def test_its_tables_alone_are_files_like_any_other(exported: Path, tmp_path: Path) -> None:
    for table in ("stores", "products"):
        shutil.copytree(exported / table, tmp_path / "own" / table)
    came = run("import", str(tmp_path / "own"), "--workspace", str(tmp_path / "other"))
    assert (came["rows"], came["quarantined"]) == (3, 0)
