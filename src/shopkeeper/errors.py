"""Every error Shopkeeper raises on purpose.

ShopkeeperError                 what happened, the offending value, what to do
├── InputError                  the caller can mend it (exit 2, HTTP 4xx)
│   ├── ConfigError             shopkeeper.toml or the environment is wrong
│   ├── MappingError            a mapping file does not fit its source
│   ├── UnknownStore            a store nobody declared
│   ├── UnknownTable            a table the data contract does not have
│   ├── UnknownModel            a model name or version that is not registered
│   ├── UnknownRollout          a rollout or verdict nobody knows
│   ├── UnknownPriceRun         a price run nobody knows
│   ├── UnknownText             a written text that nobody knows
│   ├── RequestRejected         a request body that breaks the interface, with its rows and fields
│   ├── NotAuthenticated        no API key, or one that is not valid
│   ├── NotAllowed              a valid key without the scope or for another store, or a person without the right
│   ├── ChangedMeanwhile        somebody else changed it first; read it again
│   └── TooManyTries            somebody tried to sign in too often; later again
├── ContractNotMet              data or a model is below its written limit (exit 1)
│   └── NotEnoughData           too little to train or judge on
├── RefusedBudget               a call might cost more than people allow (exit 1)
├── NeedsWholeRun               what is kept of the last price run does not tell these prices; a whole run does
├── JobCancelled                somebody asked a run to stop
├── ShardFailed                 one shard of a job raised, or killed its worker each time
├── BundleDamaged               a model bundle whose files do not match its manifest
├── LogDamaged                  an event log that is damaged before its tail
└── Unavailable                 a dependency does not answer; the caller degrades or retries
    ├── TooLate                 an answer that came not in the caller's time; the next one may
    └── Overloaded              the disk or a queue is behind; retry later
        └── LogBehind           events come faster than the disk writes them; send fewer at a time
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field.

    Attributes:
        field: Name of the field as the caller wrote it, `$` for the row as a whole.
        reason: What is wrong, with the offending value.
        remedy: What to do about it.
        row: Position of the row in the batch or file, counted from 1; None when there is only one.
    """

    field: str
    reason: str
    remedy: str = ""
    row: int | None = None


class ShopkeeperError(Exception):
    """Base of all errors raised on purpose.

    Args:
        reason: What happened, with the offending value.
        remedy: What the reader should do next.
        problems: The fields behind it, where there are any.
    """

    def __init__(self, reason: str, remedy: str = "", problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy
        self.problems = problems


class InputError(ShopkeeperError):
    """The caller gave something that cannot be used, and can mend it."""


class ConfigError(InputError):
    """shopkeeper.toml or an environment variable is wrong."""


class MappingError(InputError):
    """A mapping file does not fit its source."""


class UnknownStore(InputError):
    """A store that nobody declared."""

    def __init__(self, store: str, known: tuple[str, ...] = ()) -> None:
        listed = ", ".join(known) if known else "none yet"
        super().__init__(
            f"Store {store!r} is not known (known: {listed}).",
            "Declare it with `PUT /v1/stores`, or import data with `shopkeeper import PATH --store NAME`.",
            (FieldProblem("store", f"{store!r} is not a known store", f"Use one of: {listed}."),),
        )
        self.store = store


class UnknownTable(InputError):
    """A table the data contract does not have."""


class UnknownModel(InputError):
    """A model name or version that is not registered."""


class UnknownRollout(InputError):
    """A rollout or a verdict that nobody knows."""


class UnknownPriceRun(InputError):
    """A price run that nobody knows."""


class UnknownText(InputError):
    """A written text that nobody knows."""


class RequestRejected(InputError):
    """A request body that breaks the interface; `problems` names rows and fields."""


class NotAuthenticated(InputError):
    """No API key was sent, or it is not valid."""


class NotAllowed(InputError):
    """The key is valid but lacks the scope, or belongs to another store; or a person lacks the right."""


class TooManyTries(InputError):
    """Somebody tried to sign in too often; they may again after `retry_after_seconds`."""

    def __init__(self, reason: str, retry_after_seconds: float) -> None:
        super().__init__(reason, "An admin on the machine can let a person in by a new invitation.")
        self.retry_after_seconds = retry_after_seconds


class ChangedMeanwhile(InputError):
    """Somebody else changed it after it was read; nothing was changed now."""


class ContractNotMet(ShopkeeperError):
    """Data or a model is below its written limit."""


class NotEnoughData(ContractNotMet):
    """There is too little data to train on or to judge with."""


class RefusedBudget(ShopkeeperError):
    """A call might cost more than is left of what people allow."""


class NeedsWholeRun(ShopkeeperError):
    """What is kept in memory of the last price run does not tell some prices; a whole run does.

    Args:
        reason: Why, as the end of a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "A whole run tells them.")


class JobCancelled(ShopkeeperError):
    """Somebody asked a run to stop."""


class ShardFailed(ShopkeeperError):
    """One shard of a job raised, or killed its worker each time it was run.

    Attributes:
        shard: Its number, from 0.
    """

    def __init__(self, shard: int, what: str, remedy: str) -> None:
        super().__init__(f"Shard {shard} failed: {what}.", remedy)
        self.shard = shard


class BundleDamaged(ShopkeeperError):
    """A model bundle whose files do not match its manifest."""


class LogDamaged(ShopkeeperError):
    """An event log that is damaged before its tail, so cutting the tail would lose acknowledged rows."""


class Unavailable(ShopkeeperError):
    """A dependency does not answer; the caller degrades or retries."""


class TooLate(Unavailable):
    """An answer did not come in the time its caller has, which says nothing of the next one."""


class Overloaded(Unavailable):
    """The disk or a queue is behind; the caller should retry after `retry_after_seconds`."""

    def __init__(self, reason: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(reason, f"Retry after {retry_after_seconds:g} s.")
        self.retry_after_seconds = retry_after_seconds


class LogBehind(Overloaded):
    """More rows wait for the disk than may; nothing is wrong with it, so who sends should send more slowly."""
