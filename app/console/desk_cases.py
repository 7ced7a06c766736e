"""What the desk shows of cases that an agency has: whose each is, what the citizen objects to, who wants more time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Agency
from app.casefile.proving import lines
from app.casefile.spans import span
from app.casefile.words import agency_name, category_name, status_word
from app.console.countdowns import Countdown, countdown
from app.console.desk_rows import Writer, people
from app.db import Conn
from app.history.model import Event, Kind
from app.i18n import Lang
from app.reports.model import Report
from app.reports.proof import proof_of
from app.reports.suggestion import suggest
from app.worklist.competence import holdings
from app.worklist.desk import Row

_A_DAY = timedelta(days=1)


class Case(Struct, frozen=True):
    """What every row has. ``key``: of the one act that this rendering of the row stands for."""

    report: Report
    status: str
    category: str
    agency: str
    photo: str
    voices: int
    clock: Countdown
    key: str


class Held(Struct, frozen=True):
    """An agency's time with the case, in words. ``ended``: returned, transferred, assigned; "" while it has it."""

    agency: str
    since: datetime
    until: datetime | None
    office: str
    ended: str
    reason: str
    by: str


class Competence(Struct, frozen=True):
    """``agency_id``: whose it is by the rules; None where they name nobody."""

    case: Case
    held: tuple[Held, ...]
    agency_id: str | None
    agency: str
    reasons: tuple[str, ...]


class Objection(Struct, frozen=True):
    """``result``: what the agency had answered; ``objection``: what the citizen says to it."""

    case: Case
    result: str
    objection: str
    at: datetime
    supervisor: str


class Extension(Struct, frozen=True):
    """``longer``: how much later than now is asked for; ``before``: the deadline was put off once already."""

    case: Case
    asked_at: datetime
    by: str
    reason: str
    wanted: datetime
    longer: str
    before: bool


class Doubtful(Struct, frozen=True):
    """A result whose proof is odd. ``photos``: the photos that prove it, each with what is odd about it."""

    case: Case
    at: datetime
    by: str
    result: str
    photos: tuple[tuple[str, tuple[str, ...]], ...]


class CaseWriter:
    """Writes rows of one list for one request."""

    def __init__(self, writer: Writer, lang: Lang, now: datetime) -> None:
        self._writer, self._rules, self._lang, self._now = writer, writer.rules, lang, now
        self._agencies: Mapping[str, Agency] = {}
        self._names: Mapping[UUID, str] = {}

    async def write(
        self, conn: Conn, name: str, rows: Sequence[Row]
    ) -> list[Competence] | list[Objection] | list[Extension] | list[Doubtful]:
        self._agencies = await self._writer.agencies({row.report.agency_id for row in rows})
        self._names = await accounts.staff_names(conn, people(rows))
        cases = [(row, await self._case(row)) for row in rows]
        if name == "competence":
            return [self._competence(row, case) for row, case in cases]
        if name == "objections":
            return [self._objection(row, case) for row, case in cases]
        if name == "proof":
            return [await self._doubtful(row, case) for row, case in cases]
        return [self._extension(row, case) for row, case in cases]

    async def _case(self, row: Row) -> Case:
        report = row.report
        return Case(
            report=report,
            status=status_word(report.status, self._lang),
            category=category_name(self._rules, report.category, self._lang),
            agency=self._agency(report.agency_id),
            photo=await self._writer.photo(row.photo),
            voices=row.voices,
            clock=countdown(report.due_at, self._now, self._lang, _A_DAY),
            key=uuid4().hex,
        )

    def _agency(self, agency_id: str) -> str:
        return agency_name(self._agencies, agency_id, self._lang)

    def _by(self, event: Event | None) -> str:
        return self._names.get(event.actor_id, "") if event and event.actor_id else ""

    def _competence(self, row: Row, case: Case) -> Competence:
        had = holdings(row.events, row.words, self._rules.calendar, self._now)
        suggestion = suggest(self._rules, row.report, self._now, category=row.report.category, has_photo=row.has_photo)
        agency_id = suggestion.agency_id
        return Competence(
            case=case,
            held=tuple(
                Held(
                    agency=self._agency(one.agency_id),
                    since=one.since,
                    until=one.until,
                    office=span(one.office, self._lang),
                    ended=one.ended or "",
                    reason=one.reason,
                    by=self._names.get(one.by, "") if one.by else "",
                )
                for one in had
            ),
            agency_id=agency_id,
            agency=self._agency(agency_id) if agency_id else "",
            reasons=suggestion.reasons(self._lang),
        )

    def _objection(self, row: Row, case: Case) -> Objection:
        objected = row.last(Kind.DISPUTED)
        return Objection(
            case=case,
            result=row.said_at(row.last(Kind.RESOLVED)),
            objection=row.said_at(objected),
            at=objected.at if objected else row.report.updated_at,
            supervisor=self._agency(row.report.supervisor_id or ""),
        )

    async def _doubtful(self, row: Row, case: Case) -> Doubtful:
        resolved = row.last(Kind.RESOLVED)
        proof = proof_of(resolved) if resolved else None
        photos = []
        for photo in proof.photos if proof else ():
            odd = (line.text for line in lines(photo, self._writer.reader, self._lang) if line.sign == "odd")
            photos.append((await self._writer.photo(photo.sha256), tuple(odd)))
        return Doubtful(
            case=case,
            at=resolved.at if resolved else row.report.updated_at,
            by=self._by(resolved),
            result=row.said_at(resolved),
            photos=tuple(photos),
        )

    def _extension(self, row: Row, case: Case) -> Extension:
        report, asked = row.report, row.last(Kind.EXTENSION_ASKED)
        wanted = report.extension_wanted or report.due_at
        return Extension(
            case=case,
            asked_at=asked.at if asked else report.updated_at,
            by=self._by(asked),
            reason=row.said_at(asked),
            wanted=wanted,
            longer=span(wanted - report.due_at, self._lang),
            before=report.extended_to is not None,
        )
