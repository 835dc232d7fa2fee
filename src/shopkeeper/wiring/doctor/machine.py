"""The machine: folders and their permissions, disk space, the clock, Python and its packages."""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from shopkeeper.wiring.doctor.finding import Finding, listed, passed

DISK_FAIL_BYTES = 1 << 30
"""The log needs a segment, its copy in the lake and room to spill; below this, writes are refused soon."""
DISK_WARN_BYTES = 5 << 30
CLOCK_WARN_SECONDS = 2.0
CLOCK_FAIL_SECONDS = 300.0
"""Rows later than this after now are refused as lying in the future (`intake.future_seconds`)."""
_GIB = 1 << 30
_LIMIT = re.compile(r"(>=|==|<=|<|>)\s*([\d.]+)")


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What this user may do with one folder.

    Attributes:
        others_write: Everybody on the machine may change what lies in it.
    """

    name: str
    path: str
    exists: bool
    usable: bool
    others_write: bool


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """How far clocks are apart, seconds.

    Attributes:
        drift: What the wall clock gained on the steady one while the doctor ran; a step of the clock shows here.
        file_system: File system's time of a file just written less the wall clock.
        ahead: How far the newest file of the workspace lies in the future.
    """

    drift: float
    file_system: float
    ahead: float


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One package: the version there is (None = not installed) and what is asked, such as `>=2,<3`."""

    name: str
    asked: str
    installed: str | None
    required: bool


def check_folders(folders: Sequence[FolderFacts]) -> Finding:
    """Judge whether every folder can be read and written, by us and by nobody else."""
    name = "workspace.permissions"
    if gone := [f.path for f in folders if not f.exists]:
        return Finding(name, "fail", f"not there: {listed(gone)}", "Restore it, or make it: `mkdir -p FOLDER`.")
    if shut := [f.path for f in folders if not f.usable]:
        remedy = "Give this user read, write and search rights: `chmod u+rwx FOLDER`, or `chown`."
        return Finding(name, "fail", f"cannot be read and written by this user: {listed(shut)}", remedy)
    if open_to_all := [f.path for f in folders if f.others_write]:
        remedy = "Anyone on this machine can change the data: `chmod o-w FOLDER`."
        return Finding(name, "fail", f"writable by everybody: {listed(open_to_all)}", remedy)
    return passed(name, f"{len(folders)} folders can be read and written")


def check_disk(free: int, total: int) -> Finding:
    """Judge the free space of the file system the workspace lies on, bytes."""
    what = f"{free / _GIB:.1f} GiB free of {total / _GIB:.1f}"
    remedy = "Free space, or move the workspace to a larger disk; writes are refused when it is full."
    if free < DISK_FAIL_BYTES:
        return Finding("disk.space", "fail", what, remedy)
    if free < DISK_WARN_BYTES:
        return Finding("disk.space", "warn", what, remedy)
    return passed("disk.space", what)


def check_clock(facts: ClockFacts) -> Finding:
    """Judge the wall clock by the steady clock, by the file system, and by what was written before."""
    worst = max(abs(facts.drift), abs(facts.file_system), facts.ahead)
    what = (
        f"moved {facts.drift:+.3f} s against the steady clock, file system {facts.file_system:+.3f} s apart, "
        f"newest file {max(0.0, facts.ahead):.0f} s ahead"
    )
    remedy = "Keep the clock by NTP or chrony; event times, freshness and cache lives are read off it."
    if worst > CLOCK_FAIL_SECONDS:
        return Finding("clock", "fail", what, remedy)
    if worst > CLOCK_WARN_SECONDS:
        return Finding("clock", "warn", what, remedy)
    return passed("clock", what)


def check_packages(packages: Sequence[PackageFacts]) -> Finding:
    """Judge installed packages by what this version asks for; extras count only where they are installed."""
    wrong = [
        f"{p.name} {p.installed or 'missing'} (asked {p.asked or 'any'})"
        for p in packages
        if (p.required and p.installed is None) or (p.installed is not None and not meets(p.installed, p.asked))
    ]
    if wrong:
        remedy = "Install what the pins say: `pip install -c constraints.txt shopkeeper`."
        return Finding("packages", "fail", listed(wrong), remedy)
    there = sum(p.installed is not None for p in packages)
    return passed("packages", f"{there} packages within their limits, {packages[0].name} {packages[0].installed}")


def meets(version: str, asked: str) -> bool:
    """Return whether a version keeps all limits such as `>=2,<3`; only numbers are compared."""
    own = _numbers(version)
    for sign, text in _LIMIT.findall(asked):
        limit = _numbers(text)
        width = max(len(own), len(limit))
        left, right = own + (0,) * (width - len(own)), limit + (0,) * (width - len(limit))
        kept = {">=": left >= right, "==": left == right, "<=": left <= right, "<": left < right, ">": left > right}
        if not kept[sign]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found.group().split(".")) if found else (0,)


def look_at_folder(name: str, path: Path) -> FolderFacts:
    """Return what this user may do with a folder."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return FolderFacts(name, str(path), exists=False, usable=False, others_write=False)
    usable = stat.S_ISDIR(mode) and os.access(path, os.R_OK | os.W_OK | os.X_OK)
    shared = bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
    return FolderFacts(name, str(path), exists=True, usable=usable, others_write=shared)


def look_at_disk(folder: Path) -> tuple[int, int]:
    """Return free and total bytes of the file system of a folder, or of the nearest folder above that is there."""
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.free, usage.total


def look_at_clock(folder: Path, wall_began: float, steady_began: float, newest: float) -> ClockFacts:
    """Return how far clocks are apart.

    Args:
        folder: Where a file can be written for a moment; when it cannot, the file system counts as in step.
        wall_began: The wall clock when the doctor began.
        steady_began: The steady clock at the same moment.
        newest: Time of the newest file of the workspace, seconds since the epoch.
    """
    drift = (time.time() - wall_began) - (time.monotonic() - steady_began)
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            apart = os.fstat(file.fileno()).st_mtime - time.time()
    except OSError:
        apart = 0.0
    return ClockFacts(drift, apart, newest - time.time())


def newest_file(folders: Sequence[Path]) -> float:
    """Return the latest change time of the files that lie directly in these folders, seconds since the epoch."""
    files = (entry for folder in folders if folder.is_dir() for entry in os.scandir(folder))
    return max((entry.stat().st_mtime for entry in files if entry.is_file()), default=0.0)


def look_at_packages() -> tuple[PackageFacts, ...]:
    """Return Python and every package this version of Shopkeeper asks for, with what is installed."""
    own = metadata.metadata("shopkeeper")
    facts = [PackageFacts("python", own["Requires-Python"] or "", platform.python_version(), required=True)]
    for text in metadata.requires("shopkeeper") or ():
        requirement, _, marker = text.partition(";")
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        if found is None or found.group() == "shopkeeper":
            continue
        asked = requirement[found.end() :].strip().strip("()")
        asked = asked.partition("]")[2] or asked if asked.startswith("[") else asked
        facts.append(PackageFacts(found.group(), asked, _installed(found.group()), "extra" not in marker))
    return tuple(facts)


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
