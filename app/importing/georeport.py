"""What a GeoReport v2 server (Open311) says of its requests, as the columns of a list, and what they are in our words.
Pure.

Servers differ: an empty list may be an empty body, a list may stand in a mapping, numbers come as numbers and nothing
comes as null, as "" or not at all.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.partners import answers
from app.partners.answers import Garbled
from app.reports.model import TEXT_MIN

FIELDS = (
    "service_request_id", "token", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_string", "address_id", "zipcode", "lat", "long", "media_url",
)  # fmt: skip
"""What the specification has, and where in practice an address stands."""
DETAILED = "extended_attributes.detailed_status"
"""An extension that several servers have, ours among them."""
_MOST = 10_000
_LISTS = ("requests", "service_requests", "request")
_COLUMNS: dict[str, list[str]] = {
    "number": ["service_request_id"],
    "text": ["description"],
    "category": ["service_code", "service_name"],
    "agency": ["agency_responsible"],
    "status": [DETAILED, "status"],
    "submitted_at": ["requested_datetime"],
    "finished_at": ["updated_datetime"],
    "due": ["expected_datetime"],
    "lat": ["lat"],
    "lon": ["long"],
    "address": ["address", "address_string", "zipcode"],
    "answer": ["status_notes"],
}
_STATUS = {
    "open": "assigned",
    "acknowledged": "assigned",
    "in progress": "in_progress",
    "archived": "closed",
    "closed": "closed",
    "submitted": "open",
    "received": "open",
    "returned": "open",
    "awaiting_info": "in_progress",
}
"""``open`` there is a report that its agency has; the others are of servers that say more."""


def base(heading: Collection[str]) -> dict[str, Any]:
    """What a mapping need not say."""
    there = {field: [name for name in names if name in heading] for field, names in _COLUMNS.items()}
    return {"undated": "last", "columns": there, "values": {"status": _STATUS}}


def entries(body: bytes) -> list[dict[str, Any]]:
    """The requests of an answer. Raises Garbled."""
    if body.strip() in (b"", b"null"):
        return []
    value = answers.read(body)
    if isinstance(value, dict):
        value = next((value[name] for name in _LISTS if isinstance(value.get(name), list | dict)), value)
    if value == "":  # an empty element of XML
        return []
    if isinstance(value, dict):
        value = [value] if "service_request_id" in value or "token" in value else list(value.values())
        value = value[0] if len(value) == 1 and isinstance(value[0], list) else value
    if not isinstance(value, list):
        raise Garbled("the answer is no list")
    return [each for each in value if isinstance(each, dict)]


def cells(entry: Mapping[str, Any], kept: Iterable[str]) -> dict[str, str]:
    """What is said of a request, by these names; what stands one level below is called ``extended_attributes.name``.
    Where nothing is described, the service stands for it."""
    said: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, dict):
            said |= {f"{name}.{inner}": answers.text(each, _MOST) for inner, each in value.items()}
        else:
            said[name] = answers.text(value, _MOST)
    found = {name: said[name] for name in kept if said.get(name)}
    words = found.get("description", "")
    if len(words) < TEXT_MIN and (service := said.get("service_name") or said.get("service_code")):
        found["description"] = f"{service}: {words}" if words else service
    return found


def moment(said: str, zone: ZoneInfo) -> datetime | None:
    """None: not said, or not in the way that the specification has it."""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)
