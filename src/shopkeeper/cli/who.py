"""Who runs a verb, for the audit."""

from __future__ import annotations

import getpass


def who() -> str:
    """Return the name of the person or account at this terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container user without a name
        return "unknown"
