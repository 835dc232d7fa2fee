"""Where a shell keeps its sign-in: a file of the account's own, one a workspace, that nobody else can read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from shopkeeper.errors import NotAllowed
from shopkeeper.wiring.settings import Settings


def keep_token(settings: Settings, token: str) -> Path:
    """Keep a token, in place of the one before; return where."""
    path = _path(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.unlink(missing_ok=True)
    # Made closed from the start: a file that is closed afterwards could be read in between.
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return beside.replace(path)


def kept_token(settings: Settings) -> str | None:
    """Return the token kept; None where there is none.

    Raises:
        NotAllowed: others may read or change the file, so who it is from cannot be told.
    """
    path = _path(settings)
    try:
        with path.open() as file:
            facts = os.fstat(file.fileno())
            token = file.read(200).strip()
    except FileNotFoundError:
        return None
    if facts.st_mode & 0o077 or facts.st_uid != os.getuid():
        raise NotAllowed(
            f"Others than you may read the sign-in in {path} (mode {facts.st_mode & 0o777:o}).",
            "Delete the file and sign in again; end the old sign-in: `shopkeeper people sessions --end ID`.",
        )
    return token or None


def drop_token(settings: Settings) -> None:
    """Forget the token kept."""
    _path(settings).unlink(missing_ok=True)


def _path(settings: Settings) -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    name = hashlib.sha256(settings.state_url.encode()).hexdigest()[:16]
    return Path(home) / "shopkeeper" / f"{name}.session"
