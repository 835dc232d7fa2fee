"""People through a browser: invited on the command line, they sign in, are refused, locked out, and sign out.

Everything is real: a server process of its own, the command line, its database, Chromium. Screenshots are left in
build/screenshots.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from shopkeeper.cli.demo_processes import start_server
from shopkeeper.people.limits import PAIR_TRIES

pytestmark = pytest.mark.integration
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
GOOD = "four unrelated words"
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[Scheme, int, int]] = [
    ("light", 1440, 900),
    ("dark", 1440, 900),
    ("light", 390, 844),
    ("dark", 390, 844),
]


class House:
    """A workspace, its server and its command line."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder = folder
        self.environment = {"XDG_STATE_HOME": str(state)}
        self.verb("init", str(folder))
        self.server, self.url = start_server(folder, 0)

    def verb(self, *words: str, typed: str = "") -> dict[str, Any]:
        made = [sys.executable, "-m", "shopkeeper", *words]
        environment = {**os.environ, **self.environment}
        ran = subprocess.run(
            made, input=typed, capture_output=True, text=True, timeout=60, check=False, env=environment
        )
        assert ran.returncode == 0, ran.stderr
        last = ran.stdout.strip().splitlines()[-1:] or ["{}"]
        return dict(json.loads(last[0])) if last[0].startswith("{") else {}

    def people(self, *words: str, typed: str = "") -> dict[str, Any]:
        return self.verb("people", *words, "--as-shell", "--workspace", str(self.folder), "--json", typed=typed)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    opened = House(tmp_path_factory.mktemp("people") / "shop", tmp_path_factory.mktemp("state"))
    yield opened
    opened.server.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page as somebody new."""
    opened = []

    def visitor(scheme: Scheme = "light", width: int = 1440, height: int = 900) -> Page:
        opened.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        return opened[-1].new_page()

    yield visitor
    for context in opened:
        context.close()


def sign_in(page: Page, email: str, password: str = GOOD) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_is_invited_signs_in_acts_within_their_role_and_signs_out(
    house: House, visit: Callable[..., Page]
) -> None:
    page = visit()
    page.goto(f"{house.url}/control-room")
    expect(page.locator("h1")).not_to_contain_text("Sign in")  # nobody can sign in yet, and this is the machine

    made = house.people("add", "--name", "Anna Lee", "--email", "anna@shop.example", "--role", "admin")
    page.goto(f"{house.url}/control-room/data")
    expect(page.locator("h1")).to_have_text("Sign in to the control room")

    page.goto(f"{house.url}/control-room/invitation?token={made['invitation']}")
    expect(page.locator("h1")).to_have_text("Choose a password, Anna Lee")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("Once more").fill(GOOD + "x")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("The two passwords differ")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("Once more").fill(GOOD)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("status")).to_contain_text("The password is set, Anna Lee")

    page.goto(f"{house.url}/control-room/data?store=")
    sign_in(page, "anna@shop.example", "not the one")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    sign_in(page, "anna@shop.example")
    expect(page).to_have_url(f"{house.url}/control-room/data?store=")
    expect(page.locator("#reader")).to_have_text("Anna Lee")

    page.get_by_role("link", name="Audit").click()
    expect(page.locator("h1")).to_have_text("Who did what?")
    expect(page.locator("#audit tbody tr").first).to_contain_text("Anna Lee")
    expect(page.locator("#audit tbody tr").first).to_contain_text("person.sign_in")
    cookie = next(one for one in page.context.cookies() if one["name"] == "shopkeeper")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"

    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in to the control room")
    page.go_back()
    page.reload()
    expect(page.locator("h1")).to_have_text("Sign in to the control room")


def test_a_role_without_the_right_sees_a_refused_page_and_no_link_to_it(
    house: House, visit: Callable[..., Page]
) -> None:
    house.people("add", "--name", "Vera", "--email", "vera@shop.example", "--role", "viewer")
    house.people("password", "vera@shop.example", typed=GOOD + "\n")
    page = visit()
    page.goto(f"{house.url}/control-room")
    sign_in(page, "vera@shop.example")
    expect(page.locator("#reader")).to_have_text("Vera")
    expect(page.get_by_role("link", name="Decisions")).to_have_count(0)
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)
    page.goto(f"{house.url}/control-room/audit")
    expect(page.locator("h1")).to_have_text("This is not yours to see or do")
    expect(page.locator("main")).to_contain_text(
        "Vera may not read who did what in all stores. It takes one of the roles"
    )

    house.people("remove", "vera@shop.example")
    page.goto(f"{house.url}/control-room")
    expect(page.locator("h1")).to_have_text("Sign in to the control room")


def test_who_guesses_is_locked_out_and_told_for_how_long(house: House, visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(f"{house.url}/control-room/sign-in")
    for _ in range(PAIR_TRIES):
        sign_in(page, "nobody@shop.example", "a guess")
        expect(page.get_by_role("alert")).to_contain_text("do not match")
    sign_in(page, "nobody@shop.example", "a guess")
    expect(page.get_by_role("alert")).to_contain_text("There were too many tries to sign in. Wait")


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_the_pages_fit_the_screen_and_leave_their_pictures(
    house: House, visit: Callable[..., Page], scheme: Scheme, width: int, height: int
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page = visit(scheme, width, height)

    def shoot(name: str) -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=True)

    page.goto(f"{house.url}/control-room/sign-in")
    shoot("sign-in")
    sign_in(page, "anna@shop.example", "not the one")
    shoot("sign-in-refused")
    sign_in(page, "anna@shop.example")
    page.goto(f"{house.url}/control-room/audit")
    shoot("audit")
    page.goto(f"{house.url}/control-room/stores")
    if width < 860:
        page.get_by_role("button", name="Menu").click()
        expect(page.locator("#reader")).to_be_visible()
    shoot("stores-signed-in")
