"""Rollouts and verdicts in the state database; what a step changes is changed in one transaction, by revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_live_tests import put_live_test, remove_live_test
from shopkeeper.engines.state_registry import move_alias
from shopkeeper.engines.state_schema import ROLLOUTS, VERDICTS, from_micros, to_micros
from shopkeeper.errors import ChangedMeanwhile, InputError, UnknownRollout
from shopkeeper.rollout.record import JudgedVerdict, VerdictRecord, written
from shopkeeper.rollout.stages import live_test
from shopkeeper.rollout.state import ALIVE, RolloutState


class StateRollouts:
    """Implements `rollout.ports.Rollouts`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, state: RolloutState, who: str, ends: RolloutState | None = None) -> None:
        """Keep a new rollout, and in the same moment end the one before it."""
        with self._engine.begin() as connection:
            queue_up(connection, f"rollouts of {state.system}")
            if ends is not None:
                _change(connection, ends.revision, ends, who, f"made room for {state.id}")
            _refuse_second(connection, state.system)
            row = {"rollout": state.id, "system": state.system, "created_micros": to_micros(state.started_at)}
            try:
                connection.execute(insert(ROLLOUTS), row | _columns(state))
            except IntegrityError as error:
                raise InputError(f"There is a rollout {state.id} already.", "Ids never come again.") from error
            _tell(connection, state)
            write_audit(connection, who, "rollout.start", _named(state) | {"why": state.why})

    def step(
        self, before: RolloutState, after: RolloutState, who: str, what: str, judged: JudgedVerdict | None = None
    ) -> RolloutState:
        """Replace a rollout by its next state and return that as it is kept."""
        with self._engine.begin() as connection:
            queue_up(connection, f"rollouts of {before.system}")
            if judged is not None:
                _keep(connection, judged, what)
            if after == before:
                _must_be(connection, before)
                return before
            kept = _change(connection, before.revision, after, who, what)
            if kept.champion != before.champion:
                why = f"rollout {kept.id}: {what}"
                move_alias(connection, kept.system, "champion", kept.champion or None, who, why)
                if kept.status == "rolled_back":  # a version that was taken back is nobody's way back
                    move_alias(connection, kept.system, "previous", None, who, why)
        return kept

    def get(self, rollout: str) -> RolloutState:
        """Return one rollout. Raises UnknownRollout."""
        row = self._first(select(ROLLOUTS.c.body).where(ROLLOUTS.c.rollout == rollout))
        if row is None:
            raise UnknownRollout(f"There is no rollout {rollout!r}.", "`shopkeeper rollout history` lists them.")
        return _state(row)

    def newest(self, system: str | None = None, limit: int = 50) -> Sequence[RolloutState]:
        """Return rollouts, newest first."""
        query = select(ROLLOUTS.c.body).order_by(ROLLOUTS.c.created_micros.desc(), ROLLOUTS.c.rollout.desc())
        if system is not None:
            query = query.where(ROLLOUTS.c.system == system)
        return [_state(row) for row in self._rows(query.limit(limit))]

    def alive(self) -> Sequence[RolloutState]:
        """Return every rollout that may still change."""
        query = select(ROLLOUTS.c.body).where(ROLLOUTS.c.status.in_(ALIVE)).order_by(ROLLOUTS.c.system)
        return [_state(row) for row in self._rows(query)]

    def note_watch(self, rollout: str, at: datetime, word: str) -> None:
        """Note that harm was looked for."""
        noted = update(ROLLOUTS).where(ROLLOUTS.c.rollout == rollout)
        with self._engine.begin() as connection:
            connection.execute(noted.values(watched_micros=to_micros(at), watched_word=word))

    def watched(self, rollout: str) -> tuple[datetime, str] | None:
        """Return when harm was last looked for, and what the verdict said."""
        query = select(ROLLOUTS.c.watched_micros, ROLLOUTS.c.watched_word).where(ROLLOUTS.c.rollout == rollout)
        row = self._first(query)
        if row is None or row.watched_micros is None:
            return None
        return from_micros(row.watched_micros), str(row.watched_word)

    def verdicts(
        self, rollout: str | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[VerdictRecord]:
        """Return kept verdicts, newest first."""
        query = select(VERDICTS).order_by(VERDICTS.c.at_micros.desc(), VERDICTS.c.sequence.desc()).limit(limit)
        if rollout is not None:
            query = query.where(VERDICTS.c.rollout == rollout)
        if since is not None:
            query = query.where(VERDICTS.c.at_micros >= to_micros(since))
        return [_record(row) for row in self._rows(query)]

    def verdict(self, verdict: str) -> VerdictRecord:
        """Return one verdict by its id, such as `ROLLOUT/3`. Raises UnknownRollout."""
        rollout, _, number = verdict.rpartition("/")
        row = None
        if number.isdecimal() and len(number) < 10:  # more than a column of the database holds
            query = select(VERDICTS).where(VERDICTS.c.rollout == rollout, VERDICTS.c.sequence == int(number))
            row = self._first(query)
        if row is None:
            raise UnknownRollout(f"There is no verdict {verdict!r}.", "`shopkeeper rollout history` lists them.")
        return _record(row)

    def _rows(self, query: Any) -> Sequence[Row[Any]]:  # noqa: ANN401 - a select of any columns
        with self._engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()

    def _first(self, query: Any) -> Row[Any] | None:  # noqa: ANN401 - a select of any columns
        return next(iter(self._rows(query.limit(1))), None)


def _change(connection: Connection, revision: int, after: RolloutState, who: str, what: str) -> RolloutState:
    """Write the next state over `revision`, tell serving, and note who did it."""
    kept = msgspec.structs.replace(after, revision=revision + 1)
    row = update(ROLLOUTS).where(ROLLOUTS.c.rollout == kept.id, ROLLOUTS.c.revision == revision)
    if not connection.execute(row.values(_columns(kept))).rowcount:
        raise _changed(kept)
    _tell(connection, kept)
    write_audit(connection, who, "rollout.step", _named(kept) | {"what": what, "stage": kept.stage})
    return kept


def _tell(connection: Connection, state: RolloutState) -> None:
    told = live_test(state)
    if told is None:
        remove_live_test(connection, state.id)
    else:
        put_live_test(connection, told)


def _keep(connection: Connection, judged: JudgedVerdict, effect: str) -> None:
    evidence, verdict = judged.evidence, judged.verdict
    last = select(func.max(VERDICTS.c.sequence)).where(VERDICTS.c.rollout == evidence.rollout)
    row = {
        "rollout": evidence.rollout,
        "sequence": int(connection.execute(last).scalar() or 0) + 1,
        "at_micros": to_micros(evidence.at),
        "stage": evidence.stage,
        "word": verdict.word,
        "why": verdict.why,
        "effect": effect,
        "digest": verdict.objective,
        "objective": written(judged.objective),
        "evidence": written(evidence),
        "verdict": written(verdict),
    }
    connection.execute(insert(VERDICTS), row)


def _refuse_second(connection: Connection, system: str) -> None:
    alive = select(ROLLOUTS.c.rollout).where(ROLLOUTS.c.system == system, ROLLOUTS.c.status.in_(ALIVE))
    there = connection.execute(alive).scalar()
    if there is not None:
        raise InputError(
            f"Rollout {there} of {system} is under way.",
            "One at a time: see it with `shopkeeper rollout status`, or end it with `shopkeeper rollout rollback`.",
        )


def _must_be(connection: Connection, state: RolloutState) -> None:
    query = select(ROLLOUTS.c.revision).where(ROLLOUTS.c.rollout == state.id)
    if connection.execute(query).scalar() != state.revision:
        raise _changed(state)


def _changed(state: RolloutState) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Rollout {state.id} was changed meanwhile; nothing was changed now.",
        "See where it is with `shopkeeper rollout status` and try again.",
    )


def _named(state: RolloutState) -> dict[str, Any]:
    return {"rollout": state.id, "system": state.system, "version": state.version}


def _columns(state: RolloutState) -> dict[str, Any]:
    return {
        "version": state.version,
        "status": state.status,
        "revision": state.revision,
        "body": msgspec.json.encode(state).decode(),
    }


def _state(row: Row[Any]) -> RolloutState:
    return msgspec.json.decode(row.body, type=RolloutState)


def _record(row: Row[Any]) -> VerdictRecord:
    return VerdictRecord(
        id=f"{row.rollout}/{row.sequence}",
        rollout=row.rollout,
        at=from_micros(row.at_micros),
        stage=row.stage,
        word=row.word,
        why=row.why,
        effect=row.effect,
        digest=row.digest,
        objective=row.objective,
        evidence=row.evidence,
        verdict=row.verdict,
    )
