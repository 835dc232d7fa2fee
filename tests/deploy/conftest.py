"""What holds for every test of deploy/."""

from __future__ import annotations

import pytest

from shopkeeper.web.app import ShopServer, create_app
from shopkeeper.wiring.settings import Settings


@pytest.fixture(scope="session")
def server() -> ShopServer:
    """Give the server, not started: its routes and its description."""
    app = create_app(Settings())
    assert isinstance(app, ShopServer)
    return app
