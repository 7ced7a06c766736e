"""Versions of the rules and when each came into force."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

How = Literal["file", "command", "rollback"]
CHANNEL = "phananh_rules"
"""Processes that LISTEN here hear of a new version the moment it is committed."""


class Activation(Struct, frozen=True):
    """One change of the rules in force. ``by``: who, in words; ``warnings``: what the check said and was accepted."""

    activation_id: int
    version: str
    previous: str | None
    at: datetime
    by: str
    how: How
    note: str
    warnings: tuple[str, ...] = ()


def before(log: Sequence[Activation]) -> str | None:
    """The version that a rollback leads to; None when there is none. ``log``: oldest first.

    A rollback undoes the last change that has not been undone, so a second one goes back further, never forth.
    """
    line: list[str] = []
    for activation in log:
        if activation.how == "rollback":
            line.pop()
        elif activation.version != activation.previous:
            line.append(activation.version)
    return line[-2] if len(line) > 1 else None
