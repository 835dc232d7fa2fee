"""The state database: opened, migrated and handed out as its ports."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from shopkeeper.engines.state_audit import StateAudit
from shopkeeper.engines.state_cursors import StateCursors
from shopkeeper.engines.state_engine import open_engine, shown
from shopkeeper.engines.state_experiments import StateExperiments
from shopkeeper.engines.state_keys import StateKeys
from shopkeeper.engines.state_live_tests import StateLiveTests
from shopkeeper.engines.state_mark import StateMark
from shopkeeper.engines.state_migration import bring_up_to_date
from shopkeeper.engines.state_people import StatePeople
from shopkeeper.engines.state_pieces import StatePieces
from shopkeeper.engines.state_price_runs import StatePriceRuns
from shopkeeper.engines.state_price_tests import StatePriceTests
from shopkeeper.engines.state_prices import StatePrices
from shopkeeper.engines.state_registry import StateRegistry
from shopkeeper.engines.state_reports import StateReports
from shopkeeper.engines.state_rollouts import StateRollouts
from shopkeeper.engines.state_rules import StateRules
from shopkeeper.engines.state_sessions import StateSessions, StateTries
from shopkeeper.engines.state_stops import StateStops
from shopkeeper.engines.state_tables import StateTables
from shopkeeper.errors import Unavailable


@dataclass(frozen=True, slots=True)
class State:
    """The state database by its ports. Close it when done."""

    engine: Engine
    mark: StateMark
    tables: StateTables
    registry: StateRegistry
    keys: StateKeys
    reports: StateReports
    audit: StateAudit
    cursors: StateCursors
    experiments: StateExperiments
    rollouts: StateRollouts
    live_tests: StateLiveTests
    stops: StateStops
    people: StatePeople
    sessions: StateSessions
    tries: StateTries
    rules: StateRules
    pieces: StatePieces
    price_runs: StatePriceRuns
    prices: StatePrices
    price_tests: StatePriceTests

    def close(self) -> None:
        """Give every connection back."""
        self.mark.close()
        self.engine.dispose()


def open_state(url: str) -> State:
    """Open the SQLite or PostgreSQL database at a SQLAlchemy URL and bring its tables up to date.

    Raises:
        ConfigError: the URL names neither.
        Unavailable: the database does not answer.
    """
    engine = open_engine(url)
    try:
        bring_up_to_date(engine)
    except DatabaseError as error:  # also a file that is no database any more
        engine.dispose()
        raise Unavailable(
            f"The state database at {shown(engine.url)} does not answer: {error.orig}.",
            "Check that it is there and that this user may write to it.",
        ) from error
    return State(
        engine,
        StateMark(engine),
        StateTables(engine),
        StateRegistry(engine),
        StateKeys(engine),
        StateReports(engine),
        StateAudit(engine),
        StateCursors(engine),
        StateExperiments(engine),
        StateRollouts(engine),
        StateLiveTests(engine),
        StateStops(engine),
        StatePeople(engine),
        StateSessions(engine),
        StateTries(engine),
        StateRules(engine),
        StatePieces(engine),
        StatePriceRuns(engine),
        StatePrices(engine),
        StatePriceTests(engine),
    )
