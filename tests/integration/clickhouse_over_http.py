"""ClickHouse's own code behind HTTP, for the unmodified client: run as `python clickhouse_over_http.py FOLDER`.

Prints the port it listens on. One statement at a time; what it leaves out of a server: users, quotas, replication.
"""

from __future__ import annotations

import gzip
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb.state
import lz4.frame  # type: ignore[import-untyped]
from backports import zstd

_OF_HTTP = re.compile(
    r"query|database|default_format|.*_id|user|password|role|client_.*|wait_end_.*|buffer_size|param_.*|.*compress.*"
)
"""Names in the address that are no settings of the engine."""
_INSERT = re.compile(rb"\s*INSERT INTO .*? FORMAT \w+", re.DOTALL)
_INSERT = re.compile(rb"\s*INSERT INTO .*? FORMAT \w+", re.DOTALL)
_DECODE = {"gzip": gzip.decompress, "lz4": lz4.frame.decompress, "zstd": zstd.decompress}


class _Engine:
    def __init__(self, folder: str) -> None:
        self._connection = chdb.state.connect(folder)
        self._lock = threading.Lock()
        self._set: dict[str, str] = {}

    def run(self, statement: str, data: bytes, options: dict[str, str]) -> bytes:
        parameters = {name[6:]: value for name, value in options.items() if name.startswith("param_")}
        output = options.get("default_format", "TabSeparated")
        with self._lock:
            self._query(f"USE {options.get('database') or 'default'}")
            for name, value in options.items():
                if not _OF_HTTP.fullmatch(name) and self._set.get(name) != value:
                    self._query(f"SET {name} = '{value}'")
                    self._set[name] = value
            if not data:
                return self._query(statement, output, parameters)
            with tempfile.NamedTemporaryFile() as file:
                file.write(data)
                file.flush()
                into, _, form = statement.rpartition("FORMAT ")
                return self._query(f"{into} FROM INFILE '{file.name}' FORMAT {form}", output, parameters)

    def _query(self, statement: str, output: str = "TabSeparated", parameters: dict[str, Any] | None = None) -> bytes:
        answer = self._connection.query(statement, output, params=parameters or {})
        return bytes(answer.bytes() or b"")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    engine: _Engine

    def do_GET(self) -> None:
        self._answer(200, b"Ok.\n") if self.path.startswith("/ping") else self.do_POST()

    def do_POST(self) -> None:
        options = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self._sized() else self._chunks()
        body = _DECODE.get(self.headers.get("Content-Encoding", ""), bytes)(body)
        if "query" in options:
            statement, data = options["query"], body
        elif (insert := _INSERT.match(body)) is not None:
            statement, data = insert[0].decode(), body[insert.end() :].removeprefix(b"\n")
        else:
            statement, data = body.decode(), b""
        try:
            self._answer(200, self.engine.run(statement.strip(), data, options))
        except RuntimeError as error:
            self._answer(500, str(error).encode())

    def _sized(self) -> bool:
        return self.headers.get("Transfer-Encoding", "") != "chunked"

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Query-Id", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden method
        pass


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _Handler.engine = _Engine(str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
