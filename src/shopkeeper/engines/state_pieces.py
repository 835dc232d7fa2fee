"""Texts in the state database: one row a text as it stands, one for each version, one for each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)

from shopkeeper.content.kept import JUDGING, Change, KeptPiece, PieceKey, PieceState, Step, Version, Wanted, WrittenBy
from shopkeeper.content.review import Judged, Trust
from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import (
    CONTENT_PAUSES,
    CONTENT_PIECES,
    CONTENT_STEPS,
    CONTENT_VERSIONS,
    to_micros,
)
from shopkeeper.errors import InputError, UnknownText

_PARAMETERS: Final = 500  # ids asked for at once; SQLite takes no more than 32,766 values
_PAGE: Final = 2_000
_PIECE = msgspec.json.Decoder(KeptPiece)
_VERSION = msgspec.json.Decoder(Version)
_STEP = msgspec.json.Decoder(Step)


class StatePieces:
    """Implements `content.ports.PieceStore`. What a person does is in the audit as well, what a job writes is not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, changes: Sequence[Change]) -> tuple[str, ...]:
        """Write changes; return the ids of texts that somebody else changed meanwhile."""
        with self._engine.begin() as connection:
            queue_up(connection, "content pieces")
            there = _revisions(connection, {change.piece.id for change in changes})
            standing, taken = dict(there), list[tuple[str, Change]]()
            refused: dict[str, None] = {}
            for change in changes:
                name = change.piece.id
                if name in refused or standing.get(name, 0) != change.piece.revision - 1:
                    refused[name] = None
                else:
                    standing[name] = change.piece.revision
                    taken.append((name, change))
            _write(connection, [(name, change) for name, change in taken if name not in refused], there)
        return tuple(refused)

    def get(self, piece: str) -> KeptPiece:
        """Return one text."""
        body = self._one(select(CONTENT_PIECES.c.body).where(CONTENT_PIECES.c.piece == piece))
        if body is None:
            raise UnknownText(f"There is no text {piece!r}.", "See the ids with `shopkeeper content list`.")
        return _PIECE.decode(body)

    def of_products(self, products: Sequence[str]) -> Sequence[KeptPiece]:
        """Return all texts of some products."""
        found: list[KeptPiece] = []
        for some in _few(products):
            query = select(CONTENT_PIECES.c.body).where(CONTENT_PIECES.c.product.in_(some))
            found += [_PIECE.decode(row.body) for row in self._rows(query)]
        return sorted(found, key=lambda piece: piece.id)

    def find(self, wanted: Wanted) -> Sequence[KeptPiece]:
        """Return the texts that are wanted."""
        query = select(CONTENT_PIECES.c.body).order_by(CONTENT_PIECES.c.piece).limit(wanted.limit)
        if wanted.store is not None:
            query = query.where(CONTENT_PIECES.c.store == wanted.store)
        for name, value in (("product", wanted.product), ("field", wanted.field), ("locale", wanted.locale)):
            if value:
                query = query.where(CONTENT_PIECES.c[name] == value)
        if wanted.wording is not None:
            query = query.where(CONTENT_PIECES.c.wording == wanted.wording)
        states = CONTENT_PIECES.c.state.in_(wanted.states) if wanted.states else true()
        query = query.where(or_(states, CONTENT_PIECES.c.audit) if wanted.audit else states)
        if wanted.after:
            query = query.where(CONTENT_PIECES.c.piece > wanted.after)
        return [_PIECE.decode(row.body) for row in self._rows(query)]

    def version(self, piece: str, version: int) -> Version:
        """Return one version."""
        found = self.read({piece: version}).get(piece)
        if found is None:
            raise InputError(f"Text {piece!r} has no version {version}.", "Ask for the newest.")
        return found

    def read(self, wanted: Mapping[str, int]) -> Mapping[str, Version]:
        """Return a version of each of some texts."""
        found: dict[str, Version] = {}
        of = CONTENT_VERSIONS.c
        for some in _few(wanted):
            numbers = {wanted[name] for name in some}
            query = select(of.piece, of.version, of.body).where(of.piece.in_(some), of.version.in_(numbers))
            found |= {
                row.piece: _VERSION.decode(row.body) for row in self._rows(query) if wanted[row.piece] == row.version
            }
        return found

    def versions(self, piece: str, limit: int = 100) -> Sequence[Version]:
        """Return the versions of a text, newest first."""
        of = CONTENT_VERSIONS.c
        query = select(of.body).where(of.piece == piece).order_by(of.version.desc()).limit(limit)
        return [_VERSION.decode(row.body) for row in self._rows(query)]

    def steps(self, piece: str, limit: int = 100) -> Sequence[Step]:
        """Return the steps of a text, newest first."""
        of = CONTENT_STEPS.c
        query = select(of.body).where(of.piece == piece).order_by(of.revision.desc()).limit(limit)
        return [_STEP.decode(row.body) for row in self._rows(query)]

    def counts(self, store: str | None = None) -> Mapping[PieceState, int]:
        """Return how many texts there are by state."""
        query = select(CONTENT_PIECES.c.state, func.count().label("texts")).group_by(CONTENT_PIECES.c.state)
        if store is not None:
            query = query.where(CONTENT_PIECES.c.store == store)
        return {row.state: row.texts for row in self._rows(query)}

    def audits(self, store: str | None = None) -> int:
        """Return how many texts that a rule approved wait to be looked over."""
        query = select(func.count()).select_from(CONTENT_PIECES).where(CONTENT_PIECES.c.audit)
        if store is not None:
            query = query.where(CONTENT_PIECES.c.store == store)
        return int(self._one(query) or 0)

    def trust(self, since: datetime) -> Mapping[Judged, Trust]:
        """Return how each writer's texts fared with people from a moment on."""
        of, text = CONTENT_STEPS.c, CONTENT_PIECES.c
        whose = (text.store, text.field, text.locale, of.writer)
        query = (
            select(*whose, of.act, func.count().label("texts"))
            .join(CONTENT_PIECES, of.piece == text.piece)
            .where(of.person, of.act.in_(JUDGING), of.at_micros >= to_micros(since), _stands())
            .group_by(*whose, of.act)
        )
        found: dict[Judged, Trust] = {}
        for row in self._rows(query):
            judged = Judged(row.store, row.field, row.locale, row.writer)
            before = found.get(judged, Trust())
            accepted = row.texts if row.act == "approve" else 0
            found[judged] = Trust(before.accepted + accepted, before.judged + row.texts)
        return found

    def history(self, since: datetime) -> Iterator[Sequence[tuple[PieceKey, Step]]]:
        """Yield what was written and judged from a moment on, a page at a time."""
        of, text = CONTENT_STEPS.c, CONTENT_PIECES.c
        key = (text.store, text.product, text.locale, text.field, text.wording)
        after = (to_micros(since), "", 0)
        while True:
            beyond = tuple_(of.at_micros, of.piece, of.revision) > tuple_(*(literal(one) for one in after))
            query = (
                select(*key, of.at_micros, of.piece, of.revision, of.body)
                .join(CONTENT_PIECES, of.piece == text.piece)
                .where(of.act.in_(("write", *JUDGING)), of.at_micros >= to_micros(since), beyond, _stands())
                .order_by(of.at_micros, of.piece, of.revision)
                .limit(_PAGE)
            )
            rows = self._rows(query)
            if not rows:
                return
            after = (rows[-1].at_micros, rows[-1].piece, rows[-1].revision)
            yield [
                (PieceKey(row.store, row.product, row.locale, row.field, row.wording), _STEP.decode(row.body))
                for row in rows
            ]

    def written_by(self, run: str) -> WrittenBy:
        """Return what a job wrote."""
        of = CONTENT_VERSIONS.c
        query = select(func.count().label("versions"), func.sum(of.cost).label("dollars")).where(of.run == run)
        (row,) = self._rows(query)
        return WrittenBy(row.versions, float(row.dollars or 0.0))

    def pause(self, run: str, who: str, at: datetime) -> None:
        """Let a job wait until `resume`."""
        with self._engine.begin() as connection:
            queue_up(connection, "content pauses")
            connection.execute(delete(CONTENT_PAUSES).where(CONTENT_PAUSES.c.run == run))
            connection.execute(insert(CONTENT_PAUSES), {"run": run, "who": who, "at_micros": to_micros(at)})
            write_audit(connection, who, "content.pause", {"run": run})

    def resume(self, run: str) -> bool:
        """Let a job go on; say if it was paused."""
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(CONTENT_PAUSES).where(CONTENT_PAUSES.c.run == run)).rowcount)

    def paused(self, run: str) -> str:
        """Return who paused a job; empty where nobody did."""
        return str(self._one(select(CONTENT_PAUSES.c.who).where(CONTENT_PAUSES.c.run == run)) or "")

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()

    def _one(self, query: Select[Any]) -> Any:  # noqa: ANN401 - the value of one column
        with self._engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).scalar()


def _stands() -> ColumnElement[bool]:
    """Whether a step stands: it was not undone, or that was undone in its turn."""
    of, undone, again = CONTENT_STEPS.c, CONTENT_STEPS.alias("undone").c, CONTENT_STEPS.alias("again").c
    taken_back = exists().where(undone.piece == of.piece, undone.revision == of.revision + 1, undone.act == "undo")
    restored = exists().where(again.piece == of.piece, again.revision == of.revision + 2, again.act == "undo")
    return or_(not_(taken_back), restored)


def _few(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield names a few at a time, each once."""
    ordered = sorted(set(names))
    for start in range(0, len(ordered), _PARAMETERS):
        yield ordered[start : start + _PARAMETERS]


def _revisions(connection: Connection, names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _few(names):
        query = select(CONTENT_PIECES.c.piece, CONTENT_PIECES.c.revision).where(CONTENT_PIECES.c.piece.in_(some))
        found |= {row.piece: row.revision for row in connection.execute(query)}
    return found


def _write(connection: Connection, taken: Sequence[tuple[str, Change]], there: Mapping[str, int]) -> None:
    if not taken:
        return
    last = {name: change.piece for name, change in taken}
    new = [_piece_row(name, piece) for name, piece in last.items() if name not in there]
    moved = [_piece_row(name, piece) for name, piece in last.items() if name in there]
    if new:
        connection.execute(insert(CONTENT_PIECES), new)
    if moved:
        columns: dict[str, Any] = {name: bindparam(name) for name in ("state", "audit", "revision", "body")}
        changing = update(CONTENT_PIECES).where(CONTENT_PIECES.c.piece == bindparam("of")).values(columns)
        connection.execute(changing, [{"of": row["piece"], **{name: row[name] for name in columns}} for row in moved])
    versions = [_version_row(name, change.version) for name, change in taken if change.version is not None]
    if versions:
        connection.execute(insert(CONTENT_VERSIONS), versions)
    connection.execute(insert(CONTENT_STEPS), [_step_row(name, change) for name, change in taken])
    for name, change in taken:
        if change.step.person:
            key, step = change.piece.key, change.step
            detail = {"piece": name, **key._asdict(), "version": step.version, "reason": step.reason}
            write_audit(connection, step.who, f"content.{step.act}", detail)


def _piece_row(name: str, piece: KeptPiece) -> dict[str, Any]:
    return {
        "piece": name, **piece.key._asdict(), "state": piece.state, "audit": piece.audit, "revision": piece.revision,
        "body": msgspec.json.encode(piece).decode(),
    }  # fmt: skip


def _version_row(name: str, version: Version) -> dict[str, Any]:
    return {
        "piece": name, "version": version.version, "run": version.run, "cost": version.cost,
        "body": msgspec.json.encode(version).decode(),
    }  # fmt: skip


def _step_row(name: str, change: Change) -> dict[str, Any]:
    step = change.step
    return {
        "piece": name, "revision": change.piece.revision, "at_micros": to_micros(step.at), "act": step.act,
        "person": step.person, "writer": step.writer, "body": msgspec.json.encode(step).decode(),
    }  # fmt: skip
