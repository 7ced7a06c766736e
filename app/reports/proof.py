"""What can be known of the photos that prove a result: when and where each was taken, and whether it was seen before.

Facts, not verdicts: nothing is refused because of them. A camera's clock may be wrong and most chats strip time and
place, so that "unknown" is the usual answer and means nothing. What is odd is a *doubt*; the report keeps the doubts of
the result that stands until a coordinator has looked. Pure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct, convert, to_builtins

from app.history.model import Event, Kind
from app.photos.model import StoredPhoto
from app.places.geo import distance_m
from app.reports.model import Report, Stage

Taken = Literal["unknown", "before_report", "long_ago", "fits"]
Where = Literal["unknown", "far", "near"]
Use = Literal["same_as_before", "used_earlier", "used_elsewhere", "alike_elsewhere"]

CLOCKS_DIFFER = timedelta(minutes=10)
LONG_AGO = timedelta(days=7)
"""A photo of the finished work is taken when it is finished, or on the next round: not a week before it is told."""
FAR_METRES = 300
"""What a phone in a street and a pin on a map may differ by, and some more."""
SHOWN = 5


class Seen(Struct, frozen=True):
    """A photo of a report that is, or looks, the same. ``same``: byte for byte."""

    of: str  # the new photo, sha256 hex
    code: str
    stage: Stage
    at: datetime
    same: bool
    own: bool


class Used(Struct, frozen=True):
    """Where else the photo was seen. ``same``: the very file; else it looks the same."""

    how: Use
    code: str
    same: bool


class PhotoFacts(Struct, frozen=True):
    """One photo of a result. ``metres`` from the report's place, where both are known."""

    sha256: str
    taken: Taken
    taken_at: datetime | None
    where: Where
    metres: int | None
    used: tuple[Used, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        odd: list[str] = [self.taken] if self.taken in ("before_report", "long_ago") else []
        odd += ["far"] if self.where == "far" else []
        return tuple(dict.fromkeys([*odd, *(used.how for used in self.used)]))


class Proof(Struct, frozen=True):
    """What was brought with a result: photos with what is known of them, and the number of documents."""

    photos: tuple[PhotoFacts, ...]
    documents: int

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(doubt for photo in self.photos for doubt in photo.doubts))


def examine(report: Report, photos: Iterable[StoredPhoto], documents: int, seen: Sequence[Seen], at: datetime) -> Proof:
    """What is known of the photos brought with a result at ``at``. ``seen``: photos of any report like one of them."""
    return Proof(tuple(_facts(report, photo, seen, at) for photo in photos), documents)


def as_data(proof: Proof) -> dict[str, Any]:
    """How the history says it."""
    said: dict[str, Any] = to_builtins(proof)
    return said | {"doubts": list(proof.doubts)}


def proof_of(event: Event) -> Proof | None:
    """What the event of a result says of its proof; None for other events, and for results from before facts were
    taken."""
    said = event.data.get("proof") if event.kind == Kind.RESOLVED else None
    return convert({name: said[name] for name in ("photos", "documents")}, Proof) if said else None


def has_document(event: Event) -> bool:
    """Whether a document came with the result that this event tells of. That one did may be told to everybody; the
    document itself is for staff."""
    return event.kind == Kind.RESOLVED and bool(event.data.get("proof", {}).get("documents"))


def _facts(report: Report, photo: StoredPhoto, seen: Sequence[Seen], at: datetime) -> PhotoFacts:
    metres = _metres(report, photo)
    return PhotoFacts(
        photo.sha256,
        _taken(report, photo.taken_at, at),
        photo.taken_at,
        "unknown" if metres is None else "far" if metres > FAR_METRES else "near",
        metres,
        _used(photo.sha256, seen),
    )


def _taken(report: Report, taken_at: datetime | None, at: datetime) -> Taken:
    if taken_at is None:
        return "unknown"
    if taken_at < report.submitted_at - CLOCKS_DIFFER:
        return "before_report"
    return "long_ago" if taken_at < at - LONG_AGO else "fits"


def _metres(report: Report, photo: StoredPhoto) -> int | None:
    if report.lat is None or report.lon is None or photo.lat is None or photo.lon is None:
        return None
    return round(distance_m(report.lat, report.lon, photo.lat, photo.lon))


def _used(sha256: str, seen: Sequence[Seen]) -> tuple[Used, ...]:
    """Each report once, with the strongest that can be said of it; the same file before what only looks the same."""
    found: dict[tuple[Use, str], Used] = {}
    for each in sorted(seen, key=lambda one: (not one.same, not one.own, one.at)):
        if each.of != sha256:
            continue
        how: Use
        if each.own:
            how = "used_earlier" if each.stage == "after" else "same_as_before"
        else:
            how = "used_elsewhere" if each.same else "alike_elsewhere"
        if not any(code == each.code and not each.own for _, code in found):
            found.setdefault((how, each.code), Used(how, each.code, each.same))
    return tuple(found.values())[:SHOWN]
