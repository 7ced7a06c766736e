"""Taking a report in with its photos, whichever form or program brought it: what is wrong with the words is said before
any photo is worked on, and a photo that cannot be used is told without losing the report."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from app.db import Pool
from app.errors import Problem
from app.photos.model import StoredPhoto
from app.places.gazetteer import Gazetteer
from app.reports.intake import check, file_report
from app.reports.model import Filed, NewReport
from app.routing.ruleset import RuleSet
from app.watchwords.model import WordList

Stored = tuple[tuple[StoredPhoto, ...], list[Problem]]
Storing = Callable[[], Awaitable[Stored]]


class _Settings(Protocol):
    @property
    def secret_key(self) -> bytes: ...


class Means(Protocol):
    """What a report is taken in with; ``app.wiring.Parts``."""

    @property
    def pool(self) -> Pool: ...
    @property
    def rules(self) -> RuleSet: ...
    @property
    def gazetteer(self) -> Gazetteer: ...
    @property
    def settings(self) -> _Settings: ...
    @property
    def words(self) -> WordList: ...


async def receive(means: Means, new: NewReport, store: Storing, *, photos: bool) -> tuple[Filed, list[Problem]]:
    """File the report. ``store`` puts its photos away, if there are any (``photos``), and says which it cannot take.

    Raises like ``file_report``.
    """
    # Taken once: while photos are worked on, new rules may come into force.
    rules, gazetteer = means.rules, means.gazetteer
    refused: list[Problem] = []
    if photos:
        check(rules, gazetteer, new)
        stored, refused = await store()
        new = msgspec.structs.replace(new, photos=stored)
    filed = await file_report(means.pool, rules, gazetteer, means.settings.secret_key, new, words=means.words)
    return filed, refused
