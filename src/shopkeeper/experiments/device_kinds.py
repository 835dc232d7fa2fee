"""Which kind of device an event came from, in few words: shops and their tools write it in many."""

from __future__ import annotations

from typing import Final

from shopkeeper.quality.ports import NamedQuery

KINDS: Final = {
    "phone": ("phone", "mobile", "smartphone"),
    "tablet": ("tablet",),
    "desktop": ("desktop", "computer", "laptop", "pc"),
    "app": ("app", "ios", "android"),
}
"""Kind -> words of events that mean it, in lower case."""
OTHER: Final = "other"
"""Kind of a device that is named by no such word."""
UNKNOWN: Final = "unknown"
"""Kind of a unit of whose device no event said anything."""


def kind_sql(column: str) -> str:
    """Return SQL of the kind of device that a column says in any of its words."""
    listed = {kind: ", ".join(f"'{word}'" for word in words) for kind, words in KINDS.items()}
    whens = "".join(f" WHEN lower({column}) IN ({words}) THEN '{kind}'" for kind, words in listed.items())
    return f"CASE{whens} ELSE '{OTHER}' END"


NOT_BY_DEVICE: Final = {"devices": "", "group": "", "group_of": "", "grouped_by": ""}
"""What `metric_sums` is filled with where units are not told apart by device."""


def by_first_device() -> dict[str, str]:
    """Return what `metric_sums` is filled with to tell units apart by the kind of their first device."""
    first = NamedQuery.load("shopkeeper.experiments", "first_devices").text
    return {
        "devices": f", first_devices AS (\n{first}\n)",
        "group": ", device",
        "group_of": f",\n    coalesce(device_kind, '{UNKNOWN}') AS device",
        "grouped_by": " LEFT JOIN first_devices ON device_store = unit_store AND device_unit = unit_name",
    }
