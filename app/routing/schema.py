"""The JSON Schema of rules files, for completion and hints in editors, made from ``language``.

An editor knows less than ``phananh rules check``: which ids exist, for instance, only the reader can say.

    python -m app.routing.schema         writes rules/routing_rules.schema.json
"""

from pathlib import Path
from typing import Any

from msgspec import json

from app.routing.language import SHAPES, WEEKDAYS, Key
from app.routing.model import (
    BY_TABLE,
    CHANNELS,
    COMMUNE_KINDS,
    COMMUNE_OFFICE,
    DEPARTMENT,
    FILE_AGENCY_KINDS,
    REPORTER_KINDS,
    URGENCIES,
    VISIBILITIES,
)
from app.routing.read_conditions import TIMES

PATH = Path(__file__).parents[2] / "rules" / "routing_rules.schema.json"

_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_ID = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{1,62}$"}
_COMMUNE = {"type": "string", "pattern": "^[0-9]{5}$"}
_PROVINCE = {"type": "string", "pattern": "^[0-9]{2}$"}
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_LIMIT = {"type": "string", "pattern": "^[1-9][0-9]{0,3} +(minute|hour|day|office hour|working day)s?$"}


def _one_of(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


def _several(one: dict[str, Any]) -> dict[str, Any]:
    """A list, or a single value standing for a list of one."""
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _ref(shape: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{shape}"}


def _mapping(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": of, "propertyNames": _ID}


_ROLE = {"anyOf": [_one_of(COMMUNE_OFFICE, DEPARTMENT), {"type": "string", "pattern": f"^{BY_TABLE}"}, _ID]}
_FLAG = {"enum": [True, False, "true", "false"]}
_KINDS: dict[str, dict[str, Any]] = {
    "text": _TEXT,
    "texts": _several(_TEXT),
    "id": _ID,
    "ids": _several(_ID),
    "province": _PROVINCE,
    "provinces": _several(_PROVINCE),
    "communes": _several(_COMMUNE),
    "commune_kinds": _several(_one_of(*COMMUNE_KINDS)),
    "agency_kind": _one_of(*FILE_AGENCY_KINDS),
    "role": _ROLE,
    "roles": _several(_ROLE),
    "urgency": _one_of(*URGENCIES),
    "urgencies": _several(_one_of(*URGENCIES)),
    "visibility": _one_of(*VISIBILITIES),
    "channel": _one_of(*CHANNELS),
    "channels": _several(_one_of(*CHANNELS)),
    "reporter": _one_of(*REPORTER_KINDS),
    "reporters": _several(_one_of(*REPORTER_KINDS)),
    "times": _several(_one_of(*TIMES)),
    "weekdays": _several(_one_of(*WEEKDAYS)),
    "holidays": _one_of("VN", "none"),
    "flag": _FLAG,
    "limit": _LIMIT,
    "date": _DATE,
    "month_day": {"type": "string", "pattern": "^[0-9]{2}-[0-9]{2}$"},
    "moment": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{1,2}:[0-9]{2}$"},
    "stretch": {"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2}$"},
    "distance": {"type": "string", "pattern": "^[0-9]{1,6}(\\.[0-9]{1,3})? *k?m$"},
    "number": {"type": ["number", "string"]},
    "path": {"type": "string"},
    "intake": {"anyOf": [_LIMIT, _ref("intake")]},
    "first_answer": {"anyOf": [_LIMIT, _ref("handling")]},
    "closures": _several({"anyOf": [_DATE, _ref("closure")]}),
    "words": {"anyOf": [_several(_TEXT), _ref("words")]},
    "answers": {"type": "object", "additionalProperties": _several(_ID)},
    "area": {"anyOf": [_several(_COMMUNE), _ref("area")]},
    "table": {"type": "object", "additionalProperties": _ID},
}


def _of(kind: str) -> dict[str, Any]:
    if kind.startswith("map:"):
        return _mapping(_of(kind.removeprefix("map:")))
    if kind.startswith("list:"):
        return {"type": ["array", "null"], "items": _of(kind.removeprefix("list:"))}
    if kind.startswith("shape:"):
        return _ref(kind.removeprefix("shape:"))
    return _KINDS[kind]


def _shape(keys: dict[str, Key], *, whole: bool = True) -> dict[str, Any]:
    described = {name: {"description": key.about, **_of(key.kind)} for name, key in keys.items()}
    needed = [name for name, key in keys.items() if key.required]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": described,
        **({"required": needed} if needed and whole else {}),
    }


def schema() -> dict[str, Any]:
    """Draft 2020-12. A file that is only included has no required sections, so the main file's are not asked for."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "routing_rules.yaml",
        **_shape(dict(SHAPES["file"]), whole=False),
        "$defs": {name: _shape(dict(keys)) for name, keys in SHAPES.items() if name != "file"},
    }


def text() -> str:
    return json.format(json.encode(schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
