"""`PUT` and `DELETE` of products, inventory, prices and the other keyed tables."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import parse_qsl

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES, USERS, TableSchema
from shopkeeper.errors import FieldProblem, NotAllowed, RequestRejected
from shopkeeper.intake.live import Taken, take_rows
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.ports import ApiKey, Scope
from shopkeeper.web.answer import Answer, json_answer
from shopkeeper.web.auth import ALL, authorise, check_rows, default_store
from shopkeeper.web.batch import SOURCE_TIMES, Batch, decode, read_batch
from shopkeeper.web.events import all_rejected, quarantine
from shopkeeper.web.problem import HttpProblem, field_problems
from shopkeeper.web.raw import Call, RawRoute
from shopkeeper.wiring.serving import Serving

NEEDS: Scope = "manage"


class Table(RawRoute):
    """The way in for one keyed table."""

    def __init__(self, table: TableSchema) -> None:
        self._table = table

    async def answer(self, call: Call) -> Answer:
        """Take what is right, keep what is not in quarantine; every later answer obeys what was taken."""
        serving, table = call.serving, self._table
        key = await authorise(call.scope, serving.keys, NEEDS)
        limit = serving.settings.serving.batch_rows
        body = await call.body()
        withdrawn = call.method == "DELETE"
        batch = read_withdrawal(call, body, table, limit) if withdrawn else read_batch(body, table.name, limit)
        rows = dated(batch)
        check_rows(key, rows)
        store = default_store(key)
        judged = take_rows(rows, serving.validators.keyed(table, store), store, withdrawn=withdrawn)
        if table is STORES:
            check_groups(serving, key, judged)
        upserted = await serving.tables.take(table, judged.rows)
        document: dict[str, Any] = {
            "accepted": len(judged.rows),
            "stale": upserted.stale,
            "rejected": len(judged.rejected),
            "errors": field_problems(judged.problems),
        }
        if judged.rejected:
            await quarantine(serving, table.name, list(judged.rejected))
            if not judged.rows:
                return all_rejected(judged)
        if table is USERS and (erased := [row for row in judged.rows if row.deleted]):
            document["erasure"] = await serving.erasure.begin(erased)
        return json_answer(document, 202)


def dated(batch: Batch) -> list[Any]:
    """Return rows, those without a source time given the one of the body."""
    if batch.source_time is None:
        return batch.rows
    return [
        {SOURCE_TIMES[0]: batch.source_time, **row}
        if isinstance(row, dict) and not any(row.get(name) for name in SOURCE_TIMES)
        else row
        for row in batch.rows
    ]


def read_withdrawal(call: Call, body: bytes, table: TableSchema, limit: int) -> Batch:
    """Return the rows to withdraw: a body of rows, `{"store": ..., "KEY": [...]}`, or `?store=...&ids=a,b`.

    Raises:
        RequestRejected: none of these; names the key.
        HttpProblem: 413 for too many.
    """
    name = "store" if table is STORES else table.key[1]
    remedy = f'Send {{"store": "NAME", "{name}": ["ID", ...]}}, rows with their keys, or ?store=NAME&ids=ID,ID.'
    if not body:
        asked = dict(parse_qsl(call.scope["query_string"].decode("latin-1")))
        ids: list[Any] = [one for one in asked.pop("ids", "").split(",") if one]
        shared: dict[str, Any] = asked
    else:
        document = decode(body, remedy)
        if not isinstance(document, dict) or not isinstance(document.get(name), list):
            return read_batch(body, table.name, limit)
        ids = document.pop(name)
        shared = document
    if not ids:
        raise RequestRejected(f"No {name} to withdraw was given.", remedy, (FieldProblem(name, "is missing", remedy),))
    if len(ids) > limit:
        raise HttpProblem(413, f"{len(ids):,} rows are more than {limit:,}.", f"Send at most {limit:,} at a time.")
    return Batch([{**shared, name: one} for one in ids])


def check_groups(serving: Serving, key: ApiKey, judged: Taken[SourcedRow]) -> None:
    """Raise NotAllowed where a key of one store would let it share shoppers with others; only `*` may say that."""
    if key.store == ALL:
        return
    for sourced in judged.rows:
        store = cast("Store", sourced.row)
        known = serving.catalogue.store(store.store)
        group = known.customer_group if known is not None else ""
        if store.customer_group != group and not sourced.deleted:
            raise NotAllowed(
                f"This key ({key.key_id}) may not change customer_group from {group!r} to {store.customer_group!r}.",
                "Stores that share shoppers are declared with a key made with `--store *`.",
            )
