"""Passwords: which are taken, and how they are kept: scrypt with a salt each, never the words themselves."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode
from typing import Final

from shopkeeper.errors import FieldProblem, InputError

SHORTEST: Final = 12
LONGEST: Final = 256

_LOG_N, _R, _P = 15, 8, 3
"""32 MB and about 0.3 s of CPU a try. Source: OWASP Password Storage Cheat Sheet, scrypt N=2^15, r=8, p=3."""
_MEMORY: Final = 256 * 1024 * 1024


def check_password(password: str, name: str, email: str) -> None:
    """Refuse a password that is short, all of one kind, or made of the person's own name.

    Raises:
        InputError: it is refused; its text is not repeated.
    """
    small = password.casefold()
    own = [word for word in (*name.casefold().split(), email.casefold().partition("@")[0]) if len(word) > 3]
    reason = None
    if not SHORTEST <= len(password) <= LONGEST:
        reason = f"it has {len(password)} characters"
    elif len(set(small)) < 5:
        reason = "it repeats the same few characters"
    elif any(len(small.replace(word, "")) < SHORTEST - 4 for word in own if word in small):
        reason = "it is little more than the person's own name"
    if reason is not None:
        remedy = f"Choose {SHORTEST} to {LONGEST} characters; four unrelated words are good."
        raise InputError(f"This password is not taken: {reason}.", remedy, (FieldProblem("password", reason, remedy),))


def hashed(password: str) -> str:
    """Return a password as it is kept: `scrypt$LOG2N$R$P$SALT$HASH`."""
    salt = secrets.token_bytes(16)
    return "$".join(
        ("scrypt", str(_LOG_N), str(_R), str(_P), b64encode(salt).decode(), _encoded(password, salt, _LOG_N, _R, _P))
    )


def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the kept one; it takes as long where nothing is kept, so nobody learns who exists."""
    log_n, r, p, salt, expected = _read(kept) if kept is not None else (_LOG_N, _R, _P, b"nobody-is-called", "")
    found = _encoded(password[:LONGEST], salt, log_n, r, p)
    return hmac.compare_digest(found.encode(), expected.encode()) and kept is not None


def outdated(kept: str) -> bool:
    """Say whether a kept password was hashed with weaker settings than today's."""
    log_n, r, p, _, _ = _read(kept)
    return (log_n, r, p) != (_LOG_N, _R, _P)


def _read(kept: str) -> tuple[int, int, int, bytes, str]:
    _, log_n, r, p, salt, expected = kept.split("$")
    return int(log_n), int(r), int(p), b64decode(salt), expected


def _encoded(password: str, salt: bytes, log_n: int, r: int, p: int) -> str:
    # Two ways to type one accented letter are one password.
    words = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return b64encode(hashlib.scrypt(words, salt=salt, n=2**log_n, r=r, p=p, maxmem=_MEMORY)).decode()
