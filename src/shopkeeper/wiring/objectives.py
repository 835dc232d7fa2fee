"""The objectives of a workspace: one file a system, the examples it starts with, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from shopkeeper.errors import ConfigError, FieldProblem
from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import load_objective, read_objective
from shopkeeper.objectives.document import SUFFIX
from shopkeeper.objectives.wrong import meant
from shopkeeper.wiring.settings import Settings

FOLDER: Final = "objectives"
SYSTEMS: Final = ("recommendations", "pricing", "content")
Status = Literal["written", "example", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class HeldObjective:
    """What the workspace has for one system.

    Attributes:
        status: `written` by the house, the `example` as it was shipped, `missing`, or `broken`.
        objective: None unless it can be used.
        problems: What is wrong with the file.
    """

    system: str
    status: Status
    objective: Objective | None = None
    problems: tuple[FieldProblem, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        document: dict[str, Any] = {"system": self.system, "file": f"{FOLDER}/{self.system}{SUFFIX}"}
        document |= {"status": self.status, "digest": self.objective.digest if self.objective else None}
        document["problems"] = [
            {"field": one.field, "reason": one.reason, "remedy": one.remedy} for one in self.problems
        ]
        return document | {"objective": msgspec.to_builtins(self.objective)}


def objectives_folder(settings: Settings) -> Path:
    """Return the folder of the objectives of a workspace."""
    return settings.workspace.resolve() / FOLDER


def example_objective(system: str) -> str:
    """Return the text of the example that ships for one of `SYSTEMS`."""
    name = known_system(system)
    return resources.files("shopkeeper.objectives").joinpath(f"examples/{name}{SUFFIX}").read_text("utf-8")


def held_objectives(settings: Settings) -> tuple[HeldObjective, ...]:
    """Return what the workspace has for each system, then files for systems there are none of."""
    folder = objectives_folder(settings)
    files = [path.stem for path in sorted(folder.glob(f"*{SUFFIX}"))] if folder.is_dir() else []
    return tuple(_held(folder, system) for system in (*SYSTEMS, *(name for name in files if name not in SYSTEMS)))


def held_objective(settings: Settings, system: str) -> HeldObjective:
    """Return what the workspace has for one of `SYSTEMS`. Raises ConfigError where there is no such system."""
    return _held(objectives_folder(settings), known_system(system))


def known_system(system: str) -> str:
    """Return the name of a system. Raises ConfigError where it is none, with what may have been meant."""
    if system not in SYSTEMS:
        raise ConfigError(f"There is no system {system!r}.", meant(system, SYSTEMS))
    return system


def usable(held: HeldObjective) -> Objective:
    """Return an objective that can be used. Raises ConfigError where it is missing or broken."""
    if held.objective is not None:
        return held.objective
    place = f"{FOLDER}/{held.system}{SUFFIX}"
    if held.status == "missing":
        remedy = f"Write {place}; `shopkeeper objectives example {held.system}` prints one to start from."
        raise ConfigError(f"{held.system} has no objective.", remedy)
    raise ConfigError(f"{place} has {len(held.problems)} mistake(s).", "Mend the lines named.", held.problems)


def _held(folder: Path, system: str) -> HeldObjective:
    if system not in SYSTEMS:
        problem = FieldProblem(f"{system}{SUFFIX}", "is called after no system", meant(system, SYSTEMS))
        return HeldObjective(system, "broken", problems=(problem,))
    try:
        objective = load_objective(folder, system)
    except ConfigError as error:
        problems = error.problems or (FieldProblem("$", error.reason, error.remedy),)
        return HeldObjective(system, "broken", problems=problems)
    return (
        HeldObjective(system, "missing") if objective is None else HeldObjective(system, _status(objective), objective)
    )


def _status(objective: Objective) -> Status:
    return "example" if objective.digest == _shipped_digest(objective.system) else "written"


@cache
def _shipped_digest(system: str) -> str:
    return read_objective(example_objective(system), f"the example for {system}").digest
