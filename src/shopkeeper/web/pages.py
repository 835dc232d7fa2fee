"""How a page leaves the server: rendered with everything escaped, and locked down by its headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse

from shopkeeper import __version__
from shopkeeper.web.static_files import chart_script_available, static_url

_POLICY = (
    "default-src 'self'; img-src 'self' data:; {style}object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_STRICT = _POLICY.format(style="")
# The chart script writes its own <style> elements and style attributes; scripts stay as strict as anywhere.
_WITH_CHARTS = _POLICY.format(style="style-src 'self' 'unsafe-inline'; ")

# A page that is a file of its own: styles inside it, and nothing else at all.
_ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shopkeeper.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,  # code and templates change together, at a restart
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(version=__version__, static=static_url, has_charts=chart_script_available)
    return environment


TEMPLATES = _environment()
"""All page templates; every value is escaped unless it is markup made here."""


def page(name: str, values: Mapping[str, Any], *, status: int = 200, charts: bool = False) -> HTMLResponse:
    """Render one template as a whole page.

    Args:
        name: Template file, such as `storefront/home.html`.
        values: What the template shows.
        status: HTTP status.
        charts: The page draws charts, so the chart script may set styles.
    """
    headers = {**_HEADERS, "Content-Security-Policy": _WITH_CHARTS if charts else _STRICT}
    return HTMLResponse(TEMPLATES.get_template(name).render(values), status_code=status, headers=headers)


def locked_down() -> dict[str, str]:
    """Return the headers of a page that needs nothing but itself, and so may load and run nothing."""
    return {**_HEADERS, "Content-Security-Policy": _ALONE}
