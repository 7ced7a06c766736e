"""The JSON Schema for editors: up to date, right about the shipped files, and strict enough to help."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.routing.language import SHAPES
from app.routing.schema import PATH, schema, text
from tests.routing.small import SMALL, changed
from tests.routing.test_files import MISTAKES
from tests.routing.test_language import ASKING, TABLE

ROOT = Path(__file__).parents[2]
CHECK = jsonschema.Draft202012Validator(schema())


class _AsWritten(yaml.BaseLoader):
    """Values stay text, as an editor's YAML 1.2 keeps dates and as our own reader does."""


def wrong(source: str) -> list[str]:
    document: Any = yaml.load(source, _AsWritten)  # BaseLoader makes nothing but text
    return [error.message for error in CHECK.iter_errors(document)]


def test_it_is_what_the_command_writes() -> None:
    assert PATH.read_text(encoding="utf-8") == text()


def test_it_is_a_right_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", ["routing_rules.yaml", "rules/examples.yaml"])
def test_it_accepts_the_shipped_files_which_point_to_it(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert wrong(source) == []
    written = source.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert ((ROOT / path).parent / written).resolve() == PATH.resolve()


@pytest.mark.parametrize("source", [SMALL, ASKING, TABLE])
def test_it_accepts_what_the_reader_accepts(source: str) -> None:
    assert wrong(source) == []


@pytest.mark.parametrize("guide", ["docs/rules.md", "docs/vi/quy-tac.md"])
def test_what_the_guides_show_is_right(guide: str) -> None:
    shown = re.findall(r"```yaml\n(.*?)```", (ROOT / guide).read_text(encoding="utf-8"), re.DOTALL)
    assert len(shown) >= 3
    assert [wrong(source) for source in shown] == [[]] * len(shown)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  night:", "  nigth:"),
        ("tags: [danger]", "tags: [Nguy hiểm]"),
        ("public_holidays: VN", "public_holidays: US"),
        ("kind: enterprise", "kind: company"),
        ("2 office hours", "2 hours of office"),
        ("when: {category: street-light}", "when: {time: nite}"),
        ("when: {category: street-light}", "when: {not: {channel: fax}}"),
        ("when: {category: street-light}", "when: {words: {some: [a b]}}"),
        ("    why: Nguy hiểm về điện.\n", ""),
        ('province: "96"', "province: Cà Mau"),
    ],
)
def test_it_refuses_what_an_editor_can_see(old: str, new: str) -> None:
    assert wrong(changed((old, new)))


def test_it_never_refuses_what_only_the_reader_can_know() -> None:
    assert wrong(changed(("{category: street-light}", "{category: streetlight}"))) == []
    assert any("streetlight" in new or "inner-town" in new for _, new, _ in MISTAKES)


def test_every_key_says_what_it_is_for() -> None:
    assert all(key.about.endswith((".", "…")) for keys in SHAPES.values() for key in keys.values())
