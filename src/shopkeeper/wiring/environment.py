"""Secrets in settings: `${NAME}` stands for an environment variable, so that no password lies in the settings file."""

from __future__ import annotations

import os
import re

from shopkeeper.errors import ConfigError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def expanded(text: str, what: str) -> str:
    """Return a setting with what it takes from the environment.

    Args:
        what: The setting, as an error names it.

    Raises:
        ConfigError: a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            raise ConfigError(
                f"{what} needs the environment variable {match[1]}, which is not set.",
                f"Set it, for example: export {match[1]}=...",
            )
        return found

    return _VARIABLE.sub(value, text)
