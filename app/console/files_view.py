"""Files of a case and what is known of the photos of its result, as the page shows them. Pure, given what was read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from msgspec import Struct

from app.accounts.model import Actor
from app.attachments.model import AT_ONCE
from app.casefile.model import CaseFile
from app.casefile.proving import Line, lines, size_words
from app.console.case_view import Reader, Shot
from app.errors import Problem
from app.reports.files import may_remove
from app.reports.workflow import Act

_LINK = "/api/v1/staff/reports/{code}/attachments/{id}"


class FileView(Struct, frozen=True):
    """A file with its link. ``removable``: the reader may take it out."""

    file_id: str
    name: str
    link: str
    about: str
    proof: bool
    who: str
    at: datetime
    removable: bool


class FilesView(Struct, frozen=True):
    """``key`` of the next form, so that pressing twice adds once; ``problems``: what was wrong with the last one."""

    rows: tuple[FileView, ...]
    may_add: bool
    most: int
    key: str
    problems: tuple[Problem, ...] = ()
    kept: str = ""
    """The words that came with it."""


class Proven(Struct, frozen=True):
    """A photo of the result, and what is known of it."""

    shot: Shot
    lines: tuple[Line, ...]


class ProofView(Struct, frozen=True):
    """What the last result was proved with."""

    photos: tuple[Proven, ...]
    documents: int


def files(case: CaseFile, reader: Reader, who: Actor, problems: Sequence[Problem] = (), kept: str = "") -> FilesView:
    removing = Act.DETACH in case.acts
    rows = tuple(
        FileView(
            str(file.attachment_id),
            file.name,
            _LINK.format(code=case.report.code, id=file.attachment_id),
            size_words(file, reader.lang),
            file.proof,
            case.names.get(file.added_by, ""),
            file.at,
            removing and may_remove(who, case.report, file),
        )
        for file in case.attachments
    )
    return FilesView(rows, Act.ATTACH in case.acts, AT_ONCE, uuid4().hex, tuple(problems), kept)


def proof(case: CaseFile, shots: Sequence[Shot], reader: Reader, who: Actor) -> ProofView | None:
    """None before there is a result, and for results from before facts were taken."""
    last = case.last_proof
    if last is None:
        return None
    shown = {shot.picture.sha256: shot for shot in shots if shot.picture.stage == "after"}
    photos = tuple(
        Proven(shown[photo.sha256], tuple(lines(photo, who, reader.lang)))
        for photo in last.photos
        if photo.sha256 in shown
    )
    return ProofView(photos, last.documents)
