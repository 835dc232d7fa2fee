"""The check as one HTML page that needs nothing else: no script, no server, no network.

With `charts` the chart script of the `[ui]` extra is put into the page, and the daily events can be looked at closely.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import jinja2
import msgspec
from markupsafe import Markup

from shopkeeper.quality.report import QualityReport, shown_figure

_WIDTH, _HEIGHT = 640, 120


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shopkeeper.quality", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(shown=shown_figure, line=line, width=_WIDTH, height=_HEIGHT)
    return environment


def line(values: Sequence[float], width: float, height: float) -> str:
    """Return the points of an SVG polyline from left to right, 0 at the bottom unless values lie below it."""
    low, high = min(0.0, *values), max(values)
    span = (high - low) or 1.0
    step = width / max(1, len(values) - 1)
    return " ".join(
        f"{n * step:.1f},{height - 2 - (value - low) / span * (height - 4):.1f}" for n, value in enumerate(values)
    )


def chart_script() -> Path | None:
    """Return where the chart script lies; None without the `[ui]` extra."""
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder) / "package_data" / "plotly.min.js"
        if script.is_file():
            return script
    return None


def report_page(report: QualityReport, *, charts: bool = False) -> str:
    """Return the page of a check.

    Args:
        charts: Put the chart script into the page (about 5 MB), where it is installed; else plots are plain drawings.
    """
    script = chart_script() if charts else None
    plots = [{"store": day.store, "days": day.days, "counts": day.counts} for day in report.daily]
    # Inside a script element only `<` can end it; everything else of the names is data to the browser.
    data = msgspec.json.encode(plots).decode().replace("<", "\\u003c")
    return _PAGE.render(
        report=report,
        parts=[report.of_store(store) for store in report.stores],
        # The package's own script and JSON made here; nothing of the data reaches them unescaped.
        script=Markup(script.read_text("utf-8")) if script is not None else "",  # noqa: S704
        data=Markup(data),  # noqa: S704
    )


_PAGE = _environment().get_template("report_page.html")
