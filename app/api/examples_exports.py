"""Example orders of files and what is answered. ``tests/api/test_openapi.py`` holds each against its schema."""

from typing import Any

_ID = "019cd46a-1b2c-7000-8000-5a1d3c0f9e77"
ORDER: dict[str, Any] = {"format": "xlsx", "period": "2026-10", "agency": ["cong-an-tinh"], "tell": True}

WAITING: dict[str, Any] = {
    "id": _ID,
    "format": "xlsx",
    "state": "waiting",
    "question": "period=2026-10&agency=cong-an-tinh&as_of=2026-11-01T00%3A00%3A00",
    "as_of": "2026-10-31T17:00:00Z",
    "columns": ["code", "submitted_at", "channel", "category", "commune", "agency", "status", "due_at", "timeliness"],
    "rows_done": 0,
    "rows_total": None,
    "ordered_at": "2026-11-02T01:20:05Z",
    "ended_at": None,
    "kept_until": "2026-11-09T01:20:05Z",
    "rule_set": None,
    "read_at": None,
    "file": None,
    "file_name": "phan-anh-2026-10-20261101-0000.xlsx",
    "content_type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "sha256": None,
    "size_bytes": None,
    "problem": None,
}
MAKING = WAITING | {"state": "making", "rows_done": 8_200, "rows_total": 12_431}
CANCELLED = MAKING | {"state": "cancelled", "ended_at": "2026-11-02T01:20:08Z"}
READY = WAITING | {
    "state": "ready",
    "rows_done": 12_431,
    "rows_total": 12_431,
    "ended_at": "2026-11-02T01:20:09Z",
    "rule_set": "0f9e1c7a4b2d",
    "read_at": "2026-11-02T01:20:04Z",
    "file": f"/api/v1/exports/{_ID}/file",
    "sha256": "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
    "size_bytes": 1_783_112,
}
