"""What comes before a body is bounded on a real connection, however it arrives."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from shopkeeper.web.http_protocol import HEAD_BYTES

pytestmark = pytest.mark.integration
REQUEST = b"GET /livez HTTP/1.1\r\nHost: shop\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    workspace = tmp_path_factory.mktemp("limits")
    (workspace / "shopkeeper.toml").touch()
    command = [sys.executable, "-m", "shopkeeper", "serve", "--port", "0", "--json", "--workspace", str(workspace)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
    process.terminate()
    process.wait(20)
    process.stdout.close()


def answer_to(port: int, *chunks: bytes) -> tuple[int, str]:
    """Send bytes until they are all sent or the server hangs up; return status and text of what came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for chunk in chunks:
                connection.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass  # hung up on us, as it should; the answer may still be there to read
        received = b""
        try:
            while part := connection.recv(65_536):
                received += part
                if b"\r\n\r\n" in received and b"connection: close" not in received:
                    break
        except ConnectionResetError:
            pass
    return (int(received.split(b" ", 2)[1]) if received else 0), received.decode("latin-1")


def test_headers_below_the_limit_are_read(port: int) -> None:
    filling = b"X-Filling: " + b"a" * (HEAD_BYTES - 1_000) + b"\r\n\r\n"
    assert answer_to(port, REQUEST + filling)[0] == 200


def test_headers_above_the_limit_are_a_problem(port: int) -> None:
    status, text = answer_to(port, REQUEST + b"X-Filling: " + b"a" * HEAD_BYTES + b"\r\n\r\n")
    assert status == 431
    assert "application/problem+json" in text
    assert '"status":431' in text


def test_an_address_above_the_limit_is_refused(port: int) -> None:
    assert answer_to(port, b"GET /livez?" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\nHost: shop\r\n\r\n")[0] == 431


def test_headers_without_end_are_cut_off_long_before_they_fill_the_memory(port: int) -> None:
    chunks = [REQUEST] + [b"X-%d: " % n + b"a" * 100_000 + b"\r\n" for n in range(640)]
    status, _ = answer_to(port, *chunks)
    assert status in (0, 431)  # 0: reset while still sending


def test_what_is_no_http_is_a_problem(port: int) -> None:
    status, text = answer_to(port, b"HELLO\r\n\r\n")
    assert (status, "application/problem+json" in text) == (400, True)


def test_a_connection_is_used_again_after_a_large_body(port: int) -> None:
    """The bytes of a body are not counted as those of the next head."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/v1/events", b"x" * 1_000_000)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["status"]) == (401, 401)
    connection.request("GET", "/livez", headers={"X-Filling": "a" * (HEAD_BYTES - 1_000)})
    assert connection.getresponse().status == 200
    connection.close()
