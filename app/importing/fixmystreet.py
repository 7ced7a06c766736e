"""The list of reports that FixMyStreet's dashboard exports as CSV: its columns and its states in our words.

Source: mysociety/fixmystreet, perllib/FixMyStreet/Reporting.pm. Times are those of the site's own clocks; where it
groups its categories, "Category" is the group and "Subcategory" what we call the category.
"""

from collections.abc import Sequence
from typing import Any

_COLUMNS: dict[str, list[str]] = {
    "number": ["Report ID"],
    "text": ["Title", "Detail"],
    "category": ["Subcategory", "Category"],
    "status": ["Status"],
    "channel": ["Device Type"],
    "submitted_at": ["Created", "Confirmed"],
    "received_at": ["Acknowledged"],
    "finished_at": ["Fixed", "Closed"],
    "lat": ["Latitude"],
    "lon": ["Longitude"],
    "address": ["Query", "Ward"],
    "contact_name": ["User Name"],
}
_STATUS = {
    "confirmed": "assigned",
    "investigating": "in_progress",
    "planned": "in_progress",
    "action scheduled": "in_progress",
    "in progress": "in_progress",
    "fixed": "closed",
    "fixed - council": "closed",
    "fixed - user": "closed",
    "closed": "closed",
    "internal referral": "closed",
    "not responsible": "rejected",
    "unable to fix": "rejected",
    "duplicate": "rejected",
    "hidden": "rejected",
}
_CHANNEL = {"website": "web", "desktop": "web", "mobile": "web", "open311": "open311", "*": "import"}


def base(heading: Sequence[str]) -> dict[str, Any]:
    """What a mapping file need not say. Sites leave columns out, and a fixed report may have no date of it."""
    columns = {field: [name for name in names if name in heading] for field, names in _COLUMNS.items()}
    needed = {field: names or _COLUMNS[field] for field, names in columns.items() if names or field in _NEEDED}
    return {
        "source": "FixMyStreet",
        "undated": "last",
        "columns": needed,
        "values": {"status": _STATUS, "channel": _CHANNEL},
    }


_NEEDED = ("number", "text", "status", "submitted_at")
