"""The mapping file (TOML): which column of a list is what, and what its values mean here. Pure."""

import tomllib
from collections.abc import Collection, Mapping
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from app.errors import Invalid, Problem
from app.i18n.text import fold, nfc
from app.importing.model import COLUMNS, NEEDED, VALUES, Field
from app.reports.model import Channel, Rating
from app.reports.past import Stage
from app.routing.ruleset import RuleSet

ANYTHING = "*"
"""In a table of values: whatever else."""
BY_RULES = ""
"""What an agency or a category is that the rules, or the words, are to find."""
_TOP = {"source", "encoding", "separator", "time_zone", "dates", "undated", "columns", "values"}
_STAGES: dict[str, Stage] = {stage: stage for stage in get_args(Stage)} | {
    "resolved": "closed",
    "duplicate": "rejected",
}


class Columns(Struct, frozen=True, kw_only=True):
    """What is read, and how. ``columns``: our name → theirs, several where they are put together or stand in for each
    other; ``values``: our field → folded value of theirs → ours. ``undated``: the last date a row has stands in for the
    date of its end."""

    source: str
    columns: Mapping[Field, tuple[str, ...]]
    values: Mapping[Field, Mapping[str, str]] = {}
    dates: tuple[str, ...] = ()
    zone: ZoneInfo = ZoneInfo("Asia/Ho_Chi_Minh")
    encoding: str | None = None
    separator: str | None = None
    undated: bool = False


class Known(Struct, frozen=True):
    """What a value may mean: agencies that are open, and the rules in force."""

    rules: RuleSet
    agencies: Collection[str]


def read(text: str) -> dict[str, Any]:
    """What a mapping file says. Raises Invalid."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("importing.map_broken", said=str(error)) from None


def joined(base: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """``base``: what is so where nothing is said; of values each one by itself."""
    found = {**base, **said}
    for table in ("columns", "values"):
        if isinstance(said.get(table), dict) and isinstance(base.get(table), dict):
            found[table] = {**base[table], **said[table]}
    for field, values in base.get("values", {}).items():
        if isinstance(found["values"], dict) and isinstance(found["values"].get(field), dict):
            found["values"][field] = {**values, **found["values"][field]}
    return found


def understood(said: Mapping[str, Any], known: Known) -> Columns:
    """Raises Invalid with everything that is wrong."""
    problems = [Problem("importing.map_key", {"key": each}, each) for each in said if each not in _TOP]
    source = said.get("source")
    if not isinstance(source, str) or not 1 <= len(nfc(source)) <= 60:
        problems.append(Problem("importing.map_source", field="source"))
    columns = _columns(said.get("columns"), problems)
    values = _values(said.get("values", {}), known, problems)
    zone = _zone(said.get("time_zone", "Asia/Ho_Chi_Minh"), problems)
    dates = said.get("dates", [])
    if not isinstance(dates, list) or not all(isinstance(each, str) for each in dates):
        problems.append(Problem("importing.map_dates", field="dates"))
        dates = []
    strange = [name for name in ("encoding", "separator") if not isinstance(said.get(name, ""), str)]
    problems += [Problem("importing.map_words", {"key": name}, name) for name in strange]
    if said.get("undated", "refuse") not in ("refuse", "last"):
        problems.append(Problem("importing.map_undated", field="undated"))
    if problems:
        raise Invalid.many(problems)
    return Columns(
        source=nfc(str(source)),
        columns=columns,
        values=values,
        dates=tuple(dates),
        zone=zone,
        encoding=said.get("encoding"),
        separator=said.get("separator"),
        undated=said.get("undated") == "last",
    )


def _columns(said: Any, problems: list[Problem]) -> dict[Field, tuple[str, ...]]:
    if not isinstance(said, dict):
        problems.append(Problem("importing.map_columns", field="columns"))
        return {}
    found: dict[Field, tuple[str, ...]] = {}
    for field, names in said.items():
        several = [names] if isinstance(names, str) else names
        if field not in COLUMNS:
            problems.append(Problem("importing.map_field", {"field": field[:40], "known": ", ".join(COLUMNS)}, field))
        elif not isinstance(several, list) or not several or not all(isinstance(each, str) for each in several):
            problems.append(Problem("importing.map_words", {"key": f"columns.{field}"}, field))
        else:
            found[field] = tuple(nfc(each) for each in several)
    problems += [Problem("importing.map_needs", {"field": each}, each) for each in NEEDED if each not in said]
    return found


def _zone(said: Any, problems: list[Problem]) -> ZoneInfo:
    try:
        return ZoneInfo(str(said))
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(Problem("importing.map_zone", {"zone": str(said)[:40]}, "time_zone"))
        return ZoneInfo("UTC")


def _values(said: Any, known: Known, problems: list[Problem]) -> dict[Field, dict[str, str]]:
    if not isinstance(said, dict):
        problems.append(Problem("importing.map_words", {"key": "values"}, "values"))
        return {}
    ours = {field: _ours(field, known) for field in VALUES}
    found: dict[Field, dict[str, str]] = {}
    for field, table in said.items():
        if field not in VALUES or not isinstance(table, dict):
            problems.append(Problem("importing.map_field", {"field": field[:40], "known": ", ".join(VALUES)}, field))
            continue
        found[field] = {}
        for theirs, meant in table.items():
            if not isinstance(meant, str) or (meant not in ours[field] and not _may_be_open(field, meant)):
                where = {"field": field, "value": theirs[:60], "ours": str(meant)[:60]}
                problems.append(Problem("importing.map_value", where, field))
            else:
                found[field][theirs if theirs == ANYTHING else fold(theirs)] = meant
    return found


def _may_be_open(field: Field, meant: str) -> bool:
    return field in ("agency", "category") and meant == BY_RULES


def _ours(field: Field, known: Known) -> Collection[str]:
    match field:
        case "category":
            return known.rules.categories
        case "agency":
            return known.agencies
        case "status":
            return _STAGES
        case "channel":
            return get_args(Channel)
        case _:
            return [str(each) for each in Rating]


def names_of(field: Field, known: Known, agency_names: Mapping[str, str]) -> dict[str, str]:
    """What values mean that nobody has translated: our own ids and names, folded."""
    names: dict[str, str] = {fold(each): each for each in _ours(field, known)}
    if field == "category":
        for category in known.rules.categories.values():
            names |= {fold(category.name): category.category_id, fold(category.name_en): category.category_id}
    if field == "agency":
        names |= {fold(name): agency_id for agency_id, name in agency_names.items() if agency_id in known.agencies}
    return names


def stage_of(meant: str) -> Stage:
    return _STAGES[meant]
