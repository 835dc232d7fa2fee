"""The pages' own scripts and styles, and the chart script of the `[ui]` extra where it is installed."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

FOLDER = Path(__file__).parent / "static"
CHART_SCRIPT = "plotly.min.js"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@cache
def chart_script() -> Path | None:
    """Return where the chart script lies; None when the `[ui]` extra is not installed.

    Found without importing the package, which would cost a serving process memory and start-up time.
    """
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder) / "package_data" / CHART_SCRIPT
        if script.is_file():
            return script
    return None


def chart_script_available() -> bool:
    """Say whether charts can be drawn; without them pages show the tables behind the charts."""
    return chart_script() is not None


@cache
def _files() -> dict[str, Path]:
    """Return every file that may be served, by name; nothing outside this list ever is."""
    files = {path.name: path for path in FOLDER.iterdir() if path.suffix in _TYPES}
    if script := chart_script():
        files[CHART_SCRIPT] = script
    return files


@cache
def _fingerprint(name: str) -> str:
    return sha256(_files()[name].read_bytes()).hexdigest()[:16]


def static_url(name: str) -> str:
    """Return the address of a shipped file; it changes with the content, so browsers may keep it."""
    return f"/static/{name}?v={_fingerprint(name)}" if name in _files() else f"/static/{name}"


@router.get("/static/{name}")
def static_file(name: str, request: Request) -> Response:
    """Send one shipped file."""
    path = _files().get(name)
    if path is None:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    tag = f'"{_fingerprint(name)}"'
    # A script imported by another script carries no version in its address, so it is checked again each time.
    fresh = "public, max-age=31536000, immutable" if request.query_params.get("v") else "no-cache"
    headers = {"ETag": tag, "Cache-Control": fresh, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=headers)
