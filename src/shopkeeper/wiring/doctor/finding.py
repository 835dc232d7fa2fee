"""What the doctor says: one finding a check, and the worst of them as the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["pass", "warn", "fail"]
_RANK: dict[Status, int] = {"pass": 0, "warn": 1, "fail": 2}
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was looked at, such as `log.damage`.
        what: What is there, with the figures that decide.
        remedy: What to do; empty when nothing is to be done.
    """

    name: str
    status: Status
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings about one workspace."""

    workspace: str
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """The worst status of all findings."""
        return max((finding.status for finding in self.findings), key=_RANK.__getitem__, default="pass")

    def as_dict(self) -> dict[str, Any]:
        """Return the findings for machines."""
        found = [asdict(finding) for finding in self.findings]
        return {"status": self.status, "workspace": self.workspace, "findings": found}

    def as_text(self) -> str:
        """Return the findings for people, each with its remedy below it."""
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.status:<5} {finding.name:<22} {finding.what}")
            if finding.remedy:
                lines.append(f"{'':<28} -> {finding.remedy}")
        counts = ", ".join(f"{sum(f.status == status for f in self.findings)} {status}" for status in _RANK)
        return "\n".join([*lines, counts])


def passed(name: str, what: str) -> Finding:
    """Return a finding that asks for nothing."""
    return Finding(name, "pass", what)


def listed(items: Sequence[str]) -> str:
    """Return the first few items and how many more there are."""
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
