"""A case on paper: who reads it, and what a page-setting process is given."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from app.accounts.model import Actor, Agency
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet

PHOTOS_MOST = 12
"""Photos that are printed; what is beyond is counted."""
EDGE = 1000
"""Pixels of a printed photo's longest side: half a page wide, that is 280 to the inch."""


class Reader(Struct, frozen=True, kw_only=True):
    """Who has it printed, when, and with what names. ``notes``: with everything that staff alone may read; without, it
    is a copy to hand out."""

    actor: Actor
    name: str
    lang: Lang
    rules: RuleSet
    agencies: Mapping[str, Agency]
    gazetteer: Gazetteer
    at: datetime
    notes: bool


class Job(Struct, frozen=True):
    """What the process sets: texts by name, and pictures (JPEG) by the name they have in them."""

    data: dict[str, Any]
    photos: dict[str, bytes]
