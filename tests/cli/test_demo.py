from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shopkeeper.cli.demo_processes import check_port
from shopkeeper.cli.demo_run import judge
from shopkeeper.cli.demo_workspace import Watch, prepare
from shopkeeper.cli.output import Output
from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.simulation.truth import TRUTH_FILE, Truth, write_truth
from shopkeeper.wiring.settings import CONFIG_FILE

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)


def make(folder: Path, *, fresh: bool = False, seed: int = 1) -> None:
    out = Output()
    prepare(folder, "fast", seed, Watch(out), out, fresh=fresh)


def test_simulated_data_never_goes_into_a_workspace_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text("")
    with pytest.raises(InputError, match="mix simulated data"):
        make(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [CONFIG_FILE]


def test_fresh_removes_only_a_demo(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no demo"):
        make(tmp_path, fresh=True)
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_demo_of_another_seed_or_size_is_not_taken_for_this_one(tmp_path: Path) -> None:
    write_truth(tmp_path, Truth(seed=1, scale="full", until=UNTIL))
    with pytest.raises(InputError, match="seed 1, full; asked for is seed 1, fast"):
        make(tmp_path)
    with pytest.raises(InputError, match="--fresh"):
        make(tmp_path, seed=2)
    assert [path.name for path in tmp_path.iterdir()] == [TRUTH_FILE]


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f":{port} cannot be listened on.*--port"):
            check_port(port)
    check_port(0)


def test_steps_add_up_their_seconds_by_name() -> None:
    watch = Watch(Output())
    for _ in range(2):
        with watch.step("import", "Importing ..."):
            pass
    assert set(watch.seconds) == {"import"}
    assert 0 <= watch.seconds["import"] <= watch.total + 0.01


GOOD: dict[str, Any] = {
    "server_exit": 0,
    "check": {"status": "warn"},
    "live": {
        "failed_requests": 0,
        "refused_requests": 0,
        "unavailable_shown": 0,
        "unknown_shown": 0,
        "decisions": 5,
        "events_accepted": 40,
    },
}


def test_a_demo_where_all_went_well_is_accepted() -> None:
    judge(GOOD)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("failed_requests", 2, "2 requests failed"),
        ("refused_requests", 3, "3 were refused"),
        ("unavailable_shown", 1, "1 products shown cannot be bought"),
        ("unknown_shown", 4, "4 products shown cannot be bought"),
        ("decisions", 0, "no list was shown"),
        ("events_accepted", 0, "no event was taken"),
    ],
)
def test_a_demo_says_what_went_wrong(field: str, value: int, said: str) -> None:
    with pytest.raises(ContractNotMet, match=said):
        judge({**GOOD, "live": {**GOOD["live"], field: value}})


def test_a_server_that_does_not_end_in_order_fails_the_demo() -> None:
    with pytest.raises(ContractNotMet, match="exit code -9"):
        judge({**GOOD, "server_exit": -9})


def test_data_below_its_limits_fails_the_demo() -> None:
    with pytest.raises(ContractNotMet, match="does not meet its limits"):
        judge({**GOOD, "check": {"status": "fail"}})
