"""What a run ran on, as far as it may change a figure."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Final

from shopkeeper import __version__

LIBRARIES: Final = (
    "numpy", "scipy", "duckdb", "clickhouse-connect", "lightgbm", "optuna", "torch", "wordllama", "msgspec",
)  # fmt: skip


def environment() -> dict[str, str]:
    """Return versions by name: Shopkeeper, its commit in a checkout, Python, libraries, and the kind of machine."""
    found = {"shopkeeper": __version__, "python": platform.python_version()}
    if (commit := _commit(Path(__file__).resolve().parents[1])) is not None:
        found["commit"] = commit
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | {"machine": f"{platform.system()} {platform.machine()}"}


def _commit(package: Path) -> str | None:
    """Return the commit of the checkout a package runs from; None outside of one. Git itself need not be there."""
    root = package.parents[1]
    if package != root / "src" / package.name or not (root / ".git").exists():
        return None
    try:
        git = root / ".git"
        if git.is_file():  # a worktree
            git = (root / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        common = git / "commondir"
        shared = (git / common.read_text().strip()).resolve() if common.is_file() else git
        if (shared / name).is_file():
            return (shared / name).read_text().strip()
        packed = (shared / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)
    except OSError:
        return None
