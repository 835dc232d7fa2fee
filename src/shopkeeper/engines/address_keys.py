"""Keys that turn network addresses into hashes: a new one every day, kept in one file, the old ones destroyed.

Without the key of its day a hash leads nowhere: not even who holds the whole workspace finds the address again, or can
tell that two days saw the same one.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from shopkeeper.engines.durable_files import held_lock, replace_file
from shopkeeper.errors import Unavailable

FILE: Final = "address-keys.json"
KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 12


class AddressKeys:
    """Hashes addresses under the key of the UTC day. All processes of a workspace share the key; thread-safe.

    Args:
        folder: Where the file of keys lies; made readable by its owner alone.
        now: The clock, UTC.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._path = folder / FILE
        self._now = now
        self._held: tuple[date, bytes] | None = None
        self._lock = threading.Lock()

    def __call__(self, address: str) -> str:
        """Return 24 hex characters, the same for the same address within a day.

        Raises:
            Unavailable: the file of keys cannot be read or written.
        """
        today = self._now().astimezone(UTC).date()
        held = self._held
        if held is None or held[0] != today:
            with self._lock:
                held = self._held = (today, self._key(today))
        return blake2b(address.encode("utf-8", "replace"), digest_size=DIGEST_BYTES, key=held[1]).hexdigest()

    def rotate(self) -> int:
        """Destroy the keys of days before today and return how many there were."""
        if not self._path.is_file():
            return 0
        today = self._now().astimezone(UTC).date().isoformat()
        with held_lock(self._path.with_suffix(".lock"), wait=True):
            keys = self._read()
            kept = {day: key for day, key in keys.items() if day >= today}
            if len(kept) < len(keys):
                self._write(kept)
            return len(keys) - len(kept)

    def _key(self, today: date) -> bytes:
        """Return the key of a day, made by the first process that asks; keys of days before it are destroyed."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = today.isoformat()
        with held_lock(self._path.with_suffix(".lock"), wait=True):
            keys = self._read()
            if name not in keys:
                keys = {day: key for day, key in keys.items() if day >= name}
                keys[name] = secrets.token_hex(KEY_BYTES)
                self._write(keys)
            return bytes.fromhex(keys[name])

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            raise Unavailable(
                f"The keys of addresses in {self._path} cannot be read: {error}.",
                "Delete the file: new keys are made, and addresses of today count as new ones.",
            ) from error

    def _write(self, keys: dict[str, str]) -> None:
        try:
            replace_file(self._path, msgspec.json.encode(keys))
        except OSError as error:
            raise Unavailable(
                f"The keys of addresses in {self._path} cannot be written: {error}.", "Free disk space."
            ) from error
