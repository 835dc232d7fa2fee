"""Machines that say what they are are found; no browser or app a person shops with is taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.quality.user_agents import AGENT_CLASSES, CRAWLER, EMPTY, LIBRARY, agent_class, declared_bot

PEOPLE = (Path(__file__).parent / "browser_agents.txt").read_text("utf-8").splitlines()
CASES = Path("../shared/data/stats-cases/bot-user-agents.json")


def test_the_list_of_people_has_200_different_agents() -> None:
    assert len(PEOPLE) == len(set(PEOPLE)) == 200


def test_no_current_browser_or_app_is_taken_for_a_bot() -> None:
    assert [(agent, rule) for agent in PEOPLE if (rule := declared_bot(agent)) is not None] == []


@pytest.mark.skipif(not CASES.is_file(), reason="needs the published list of crawlers in ../shared/data")
def test_at_least_99_of_100_published_crawlers_are_found() -> None:
    agents = [case["user_agent"] for case in json.loads(CASES.read_text("utf-8"))["cases"]]
    found = sum(declared_bot(agent) is not None for agent in agents)
    assert found / len(agents) >= 0.99


@pytest.mark.parametrize("agent", ["", " ", "-", "null", "None", "undefined", "Mozilla/5.0"])
def test_an_agent_that_says_nothing_is_a_machine(agent: str) -> None:
    assert declared_bot(agent) == EMPTY


@pytest.mark.parametrize(
    "agent",
    [
        "curl/8.5.0", "Wget/1.21.4", "python-requests/2.32.3", "Python-urllib/3.11", "python-httpx/0.28.1",
        "Python/3.12 aiohttp/3.11.11", "Go-http-client/2.0", "Java/17.0.9", "Apache-HttpClient/4.5.14 (Java/17.0.9)",
        "axios/1.7.9", "node-fetch/1.0", "undici", "node", "GuzzleHttp/7", "PostmanRuntime/7.43.0", "libwww-perl/6.72",
        "Ruby", "Faraday v2.9.0", "RestSharp/112.1.0.0", "k6/0.55.0 (https://k6.io/)",
    ],
)  # fmt: skip
def test_a_library_that_speaks_http_is_a_machine(agent: str) -> None:
    assert declared_bot(agent) == LIBRARY


@pytest.mark.parametrize("agent", ["okhttp/4.12.0", "MyShop/5.1 (Android 14) okhttp/4.12.0", "MyShop/3 CFNetwork/1568"])
def test_the_libraries_that_shopping_apps_speak_with_are_people(agent: str) -> None:
    assert declared_bot(agent) is None
    assert agent_class(agent) == "app"


def test_a_link_preview_is_a_machine_and_the_browser_inside_the_same_app_is_not() -> None:
    assert declared_bot("WhatsApp/2.23.20.0") == CRAWLER
    browser = "Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 Chrome/134.0 Mobile Safari/537.36 WhatsApp/2.25"
    assert declared_bot(browser) is None


def test_a_phone_called_cubot_is_no_bot() -> None:
    assert declared_bot("Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 Chrome/122 Mobile") is None


def test_a_browser_driven_by_a_program_is_a_machine() -> None:
    assert (
        declared_bot("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0 Safari") == CRAWLER
    )


@pytest.mark.parametrize(
    ("agent", "kept"),
    [
        (PEOPLE[0], "chrome desktop"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
         "safari mobile"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", "firefox mobile"),
        ("Googlebot/2.1", "bot"),
        ("something of its own", "other"),
    ],
)  # fmt: skip
def test_of_an_agent_its_class_is_kept(agent: str, kept: str) -> None:
    assert agent_class(agent) == kept


@given(st.text(max_size=500))
def test_any_text_has_a_class_and_a_class_keeps_its_meaning(agent: str) -> None:
    kept = agent_class(agent)
    assert kept in AGENT_CLASSES
    assert agent_class(kept) == kept
    assert (declared_bot(kept) is None) == (declared_bot(agent) is None)
