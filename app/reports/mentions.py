"""Colleagues called into a case by ``@username`` in a note."""

import re
from collections.abc import Iterable
from uuid import UUID

from app.accounts.model import Staff

_CALLED = re.compile(r"(?<![\w.@-])@([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?)")
"""Not the middle of an e-mail address, and without the full stop behind it."""


def names_in(text: str) -> list[str]:
    """User names that are called, each once, small as accounts have them."""
    return list(dict.fromkeys(found.lower() for found in _CALLED.findall(text)))


def called(text: str, people: Iterable[Staff]) -> list[UUID]:
    """Those of ``people`` who are called. Other names with an @ are words like any other."""
    by_name = {one.username: one.staff_id for one in people}
    return [by_name[name] for name in names_in(text) if name in by_name]
