"""What a check says, and how checks are kept from hiding one another."""

import asyncio
import traceback
from collections.abc import Awaitable
from pathlib import Path
from typing import Literal

from msgspec import Struct

Level = Literal["ok", "warn", "bad"]
_PATIENCE = 20.0
"""Seconds any one check may take."""


class Finding(Struct, frozen=True):
    """One sentence about one part; ``advice`` says what to do, and is empty where nothing is to be done.

    Neither ever holds a secret: errors are named by their kind, or in words known to hold none.
    """

    part: str
    level: Level
    says: str
    advice: str = ""


Findings = list[Finding]


async def guarded(part: str, check: Awaitable[Findings]) -> Findings:
    """The check's findings, or one that says why it could not be made."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check
    except TimeoutError:
        says = f"No answer within {_PATIENCE:.0f} seconds."
        return [Finding(part, "bad", says, "See whether it runs and can be reached.")]
    except Exception as error:  # a fault in one check must not hide what the others find
        where = traceback.extract_tb(error.__traceback__)[-1]
        says = f"Could not be examined: {type(error).__name__} at {Path(where.filename).name}:{where.lineno}."
        return [Finding(part, "bad", says, "This is a fault of the program; please report it.")]


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
