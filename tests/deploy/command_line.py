"""Whether arguments in a file of deploy/ are ones that the command takes."""

from __future__ import annotations

from typing import Any

import typer.main

from shopkeeper.cli.main import build


def understood(arguments: list[str]) -> str:
    """Return the verb, such as `retrain check`; raise what the command raises for arguments it does not take."""
    command: Any = typer.main.get_command(build())
    left, verb = list(arguments), []
    while hasattr(command, "commands"):
        verb.append(left.pop(0))
        command = command.commands[verb[-1]]
    command.make_context(" ".join(verb), left)
    return " ".join(verb)
