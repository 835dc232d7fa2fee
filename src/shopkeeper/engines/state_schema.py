"""Tables of the state database, the same on SQLite and PostgreSQL.

Rows of the keyed tables are kept as one JSON document beside their key and source time, so the data contract can gain
an optional column without a migration; analysis by column happens in the lake, not here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from shopkeeper.commerce.tables import KEYED_TABLES

METADATA = MetaData()
HEAD = "0012"
"""Revision the code expects; equal to the newest file in migrations/versions (held by a test)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return a time as whole microseconds since 1970-01-01 UTC, exactly; engines compare it as a number."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the UTC time of `to_micros`."""
    return _EPOCH + micros * _MICROSECOND


def _keyed(name: str, key: tuple[str, ...]) -> Table:
    # `ts` is part of no key; every other key column is text.
    columns = [Column(column, String(200), primary_key=True) for column in key]
    return Table(
        name,
        METADATA,
        *columns,
        Column("source_micros", BigInteger, nullable=False),
        Column("deleted", Boolean, nullable=False),
        Column("body", Text, nullable=False),
    )


KEYED = {table.name: _keyed(table.name, table.key) for table in KEYED_TABLES.values()}

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    Column("system", String(50), primary_key=True),
    Column("version", String(100), primary_key=True),
    Column("model", String(100), nullable=False),
    Column("folder", Text, nullable=False),
    Column("created_micros", BigInteger, nullable=False),
    Column("blessed", Boolean, nullable=False),
    Column("metrics", Text, nullable=False),
    Column("fingerprint", String(100), nullable=False),
    Column("run", String(100)),
    Column("objective", String(100)),
    Column("code", String(100), nullable=False),
    Column("champion", String(100)),
    Column("facts", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("pinned", Boolean, nullable=False),
)
MODEL_ALIASES = Table(
    "model_aliases",
    METADATA,
    Column("system", String(50), primary_key=True),
    Column("alias", String(50), primary_key=True),
    Column("version", String(100), nullable=False),
)
API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", String(20), primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("store", String(200), nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_micros", BigInteger, nullable=False),
    Column("revoked_micros", BigInteger),
)
REPORTS = Table(
    "reports",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(50), nullable=False, index=True),
    Column("store", String(200)),
    Column("created_micros", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at_micros", BigInteger, nullable=False),
    Column("who", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("detail", Text, nullable=False),
    Column("person", String(8), index=True),
    Column("session", String(8)),
)
CURSORS = Table(
    "cursors",
    METADATA,
    Column("source", String(100), primary_key=True),
    Column("moved_micros", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
EXPERIMENTS = Table(
    "experiments",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("system", String(50), nullable=False),
    Column("state", String(20), nullable=False),
    Column("started_micros", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
EXPERIMENT_ANALYSES = Table(
    "experiment_analyses",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("experiment", String(100), nullable=False, index=True),
    Column("at_micros", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("body", Text, nullable=False),
)
EXPERIMENT_DECISIONS = Table(
    "experiment_decisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("experiment", String(100), nullable=False, index=True),
    Column("at_micros", BigInteger, nullable=False),
    Column("person", String(200), nullable=False),
    Column("body", Text, nullable=False),
)
ROLLOUTS = Table(
    "rollouts",
    METADATA,
    Column("rollout", String(100), primary_key=True),
    Column("system", String(50), nullable=False, index=True),
    Column("version", String(100), nullable=False),
    Column("status", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_micros", BigInteger, nullable=False),
    Column("watched_micros", BigInteger),
    Column("watched_word", String(20)),
    Column("body", Text, nullable=False),
)
VERDICTS = Table(
    "verdicts",
    METADATA,
    Column("rollout", String(100), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at_micros", BigInteger, nullable=False, index=True),
    Column("stage", String(20), nullable=False),
    Column("word", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("objective", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("verdict", Text, nullable=False),
)
LIVE_TESTS = Table(
    "live_tests",
    METADATA,
    Column("test", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("system", String(50), nullable=False),
    Column("started_micros", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
COUNTERS = Table(
    "counters",
    METADATA,
    Column("counter", String(50), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
STOP_ORDERS = Table(
    "stop_orders",
    METADATA,
    Column("system", String(50), primary_key=True),
    Column("store", String(200), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(50), nullable=False),
)
PEOPLE = Table(
    "people",
    METADATA,
    Column("person_id", String(8), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("email", String(200), nullable=False, unique=True),
    Column("active", Boolean, nullable=False),
    Column("created_micros", BigInteger, nullable=False),
    Column("signed_in_micros", BigInteger),
)
PERSON_ROLES = Table(
    "person_roles",
    METADATA,
    Column("person_id", String(8), primary_key=True),
    Column("store", String(200), primary_key=True),
    Column("role", String(20), primary_key=True),
)
PERSON_PASSWORDS = Table(
    "person_passwords",
    METADATA,
    Column("person_id", String(8), primary_key=True),
    Column("password_hash", String(200), nullable=False),
    Column("changed_micros", BigInteger, nullable=False),
)
PERSON_SESSIONS = Table(
    "person_sessions",
    METADATA,
    Column("session_id", String(8), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", String(8), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("address", String(200), nullable=False),
    Column("created_micros", BigInteger, nullable=False),
    Column("seen_micros", BigInteger, nullable=False),
    Column("ends_micros", BigInteger, nullable=False),
    Column("revoked_micros", BigInteger),
)
SIGN_IN_TRIES = Table(
    "sign_in_tries",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("at_micros", BigInteger, nullable=False, index=True),
)
RULE_SETS = Table(
    "rule_sets",
    METADATA,
    Column("store", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_micros", BigInteger, nullable=False),
    Column("who", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("body", Text, nullable=False),
)
CONTENT_PIECES = Table(
    "content_pieces",
    METADATA,
    Column("piece", String(20), primary_key=True),
    Column("store", String(200), nullable=False),
    Column("product", String(200), nullable=False, index=True),
    Column("locale", String(50), nullable=False),
    Column("field", String(30), nullable=False),
    Column("wording", String(60), nullable=False, server_default=""),
    Column("state", String(20), nullable=False, index=True),
    Column("audit", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
CONTENT_VERSIONS = Table(
    "content_versions",
    METADATA,
    Column("piece", String(20), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("run", String(200), nullable=False, index=True),
    Column("cost", Float, nullable=False),
    Column("body", Text, nullable=False),
)
CONTENT_STEPS = Table(
    "content_steps",
    METADATA,
    Column("piece", String(20), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at_micros", BigInteger, nullable=False, index=True),
    Column("act", String(20), nullable=False),
    Column("person", Boolean, nullable=False),
    Column("writer", String(200), nullable=False),
    Column("body", Text, nullable=False),
)
CONTENT_PAUSES = Table(
    "content_pauses",
    METADATA,
    Column("run", String(200), primary_key=True),
    Column("who", String(200), nullable=False),
    Column("at_micros", BigInteger, nullable=False),
)
PRICE_RUNS = Table(
    "price_runs",
    METADATA,
    Column("run", String(100), primary_key=True),
    Column("status", String(20), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("created_micros", BigInteger, nullable=False, index=True),
    Column("publish_micros", BigInteger),
    Column("body", Text, nullable=False),
)
PRICE_RUN_ROWS = Table(
    "price_run_rows",
    METADATA,
    Column("run", String(100), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("moved", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("category", Text, nullable=False, server_default=""),
    Column("marks", Text, nullable=False, server_default=""),
    Index("ix_price_run_rows_run_moved_size", "run", "moved", "size"),
)
PRICE_CHANGES = Table(
    "price_changes",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", BigInteger, nullable=False),
    Column("run", String(100), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("store", String(200), nullable=False),
    Column("price_list", String(200), nullable=False),
    Column("product", String(200), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("price_millionths", BigInteger, nullable=False),
    Column("before_millionths", BigInteger, nullable=False),
    Column("at_micros", BigInteger, nullable=False, index=True),
    Column("handed_micros", BigInteger, index=True),
    Column("handed_by", String(20), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("observed_millionths", BigInteger),
    Column("outcome_micros", BigInteger),
    Column("mismatch_micros", BigInteger, index=True),
    Column("mismatch_millionths", BigInteger),
)
PUBLISHED_PRICES = Table(
    "published_prices",
    METADATA,
    Column("store", String(200), primary_key=True),
    Column("price_list", String(200), primary_key=True),
    Column("product", String(200), primary_key=True),
    Column("number", BigInteger, nullable=False, index=True),
    Column("run", String(100), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("price_millionths", BigInteger, nullable=False),
    Column("good_millionths", BigInteger, nullable=False),
    Column("at_micros", BigInteger, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("observed_millionths", BigInteger),
    Column("touched", BigInteger, nullable=False, index=True),
)
PRICE_TESTS = Table(
    "price_tests",
    METADATA,
    Column("test", String(100), primary_key=True),
    Column("state", String(20), nullable=False, index=True),
    Column("body", Text, nullable=False),
)
PRICE_TEST_MEMBERS = Table(
    "price_test_members",
    METADATA,
    Column("test", String(100), primary_key=True),
    Column("store", String(200), primary_key=True),
    Column("product", String(200), primary_key=True),
    Column("cluster", Text, nullable=False),
)
SECRET = frozenset({API_KEYS, PERSON_PASSWORDS, PERSON_SESSIONS, SIGN_IN_TRIES})
"""Tables that leave the house by no export: keys, passwords and sign-ins are made anew where the data go."""
