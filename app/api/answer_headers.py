"""The headers of answers, as the description tells of them. What they mean is ``calls.header_<name>`` in the
catalogues."""

from collections.abc import Iterable
from typing import Any

from app.addresses import Allowance
from app.api.declare import ETAG, IDEMPOTENCY_KEY, Call
from app.errors import AppError, TooMany, Unavailable
from app.i18n import Lang, t

COUNTED = "api.too_many_reports"
"""The error of calls of which one address may make only so many."""
_ALLOWANCE = {name.decode(): value.decode() for name, value in Allowance(59, 1).headers(200).items()}
_LIMITS = {"RateLimit-Policy": _ALLOWANCE["ratelimit-policy"], "RateLimit": _ALLOWANCE["ratelimit"]}


def of_success(call: Call, lang: Lang) -> dict[str, Any]:
    said = {header.name: header.example for header in call.gives}
    if ETAG in call.headers:
        said["ETag"] = ETAG.example
    if IDEMPOTENCY_KEY in call.headers and call.status == 201:
        said["Idempotency-Replayed"] = "true"
    if any(error.key == COUNTED for error in call.errors):
        said |= _LIMITS
    return _described(said, lang)


def of_failure(status: int, errors: Iterable[AppError], lang: Lang) -> dict[str, Any]:
    said: dict[str, str] = {}
    if status in (TooMany.status, Unavailable.status):
        said["Retry-After"] = "5"
    if any(error.key == COUNTED for error in errors):
        said |= _LIMITS
    return _described(said, lang)


def _described(said: dict[str, str], lang: Lang) -> dict[str, Any]:
    return {
        name: {
            "description": t(f"calls.header_{name.lower().replace('-', '_')}", lang),
            "schema": {"type": "integer"} if name == "Retry-After" else {"type": "string"},
            "example": int(example) if name == "Retry-After" else example,
        }
        for name, example in said.items()
    }
