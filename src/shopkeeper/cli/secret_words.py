"""Passwords from a terminal that does not show them, or from a pipe; never from an argument, which others can read."""

from __future__ import annotations

import getpass
import sys

from shopkeeper.errors import InputError


def read_password(prompt: str) -> str:
    """Return a password. Raises InputError where none is given."""
    try:
        given = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    except EOFError:
        given = ""
    if not given:
        raise InputError("No password was given.", "Type it, or pipe it in as the first line of stdin.")
    return given


def new_password() -> str:
    """Return a new password, typed twice at a terminal. Raises InputError where the two differ."""
    first = read_password("New password: ")
    if sys.stdin.isatty() and read_password("Once more: ") != first:
        raise InputError("The two passwords differ.", "Type the same one twice.")
    return first
