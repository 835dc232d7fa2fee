"""What the documents say is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from shopkeeper.cli.main import build
from shopkeeper.wiring.settings import (
    EngineSettings,
    IntakeSettings,
    PeopleSettings,
    TrainingSettings,
)
from shopkeeper.wiring.settings_content import ContentSettings
from shopkeeper.wiring.settings_prices import PriceWebhookSettings
from shopkeeper.wiring.settings_serving import ServingSettings

ROOT = Path(__file__).parents[2]
SECTIONS: dict[str, type[BaseModel]] = {
    "engines": EngineSettings,
    "serving": ServingSettings,
    "intake": IntakeSettings,
    "people": PeopleSettings,
    "training": TrainingSettings,
    "content": ContentSettings,
    "price_webhook": PriceWebhookSettings,
}


def _section(name: str) -> str:
    text = (ROOT / "docs/guides/settings.md").read_text("utf-8")
    return text.split(f"## `[{name}]`", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", _section(name), re.MULTILINE))
    expected = {}
    for field, info in SECTIONS[name].model_fields.items():
        default = info.get_default(call_default_factory=True)
        expected[field] = f"{default:g}" if isinstance(default, float) else str(default)
    assert rows == expected


def test_every_verb_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    verbs = [command.name for command in build().registered_commands] + [g.name for g in build().registered_groups]
    assert [verb for verb in verbs if f"shopkeeper {verb}" not in readme] == []


def test_every_direct_dependency_has_its_reason() -> None:
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text("utf-8")
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    names = set(re.findall(r'"([A-Za-z][\w-]*)(?:[><=]=?[^"]*)?"', _dependencies(pyproject)))
    assert {name for name in names if f"`{name}`" not in reasons} == set()


def test_every_link_to_a_file_leads_somewhere() -> None:
    broken = []
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8")):
            if not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_every_dependency_is_pinned() -> None:
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in _pins()}
    names = re.findall(r'"([A-Za-z][\w-]*)(?:[><=]=?[^"]*)?"', _dependencies((ROOT / "pyproject.toml").read_text()))
    assert {name for name in names if name.lower().replace("_", "-") not in pinned} == set()


def _pins() -> list[str]:
    return [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]


def _dependencies(pyproject: str) -> str:
    """Return the text of the dependency lists, without the extra that only names other extras."""
    text = pyproject.split("dependencies = [", 1)[1].split("[project.scripts]", 1)[0]
    return "\n".join(line for line in text.splitlines() if "shopkeeper[" not in line)
