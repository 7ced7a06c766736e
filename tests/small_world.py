"""A small world for the tests of the core: a few agencies and rules, people with fixed ids, reports in any status."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from app import db
from app.accounts import citizens
from app.accounts.model import SYSTEM, Actor, Role
from app.db import Conn, Pool
from app.errors import AppError
from app.history import service as history
from app.history.model import NO_HASH
from app.photos import store as photo_store
from app.photos.model import StoredPhoto
from app.places.service import embedded_default
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Contact, Filed, Form, NewReport, Place, Rating, Report, Status
from app.reports.workflow import Act
from app.routing import service as routing
from app.routing.ruleset import load


class Business(msgspec.Struct, frozen=True):
    """What decides whose business a report is."""

    agency_id: str
    supervisor_id: str | None = None
    category: str = "pothole"
    commune_code: str | None = None


RULES = load("""\
province: "96"
calendar:
  office_hours:
    monday: 07:00-11:00, 13:00-17:00
    tuesday: 07:00-11:00, 13:00-17:00
    wednesday: 07:00-11:00, 13:00-17:00
    thursday: 07:00-11:00, 13:00-17:00
    friday: 07:00-11:00, 13:00-17:00
  public_holidays: VN
agencies:
  ioc: {kind: operations_centre, name: Trung tâm điều hành, name_en: Operations centre}
  roads: {kind: department, name: Sở Xây dựng, name_en: Construction}
  power: {kind: enterprise, parent: roads, name: Điện lực, name_en: Power company}
  police: {kind: security, name: Công an tỉnh, name_en: Police}
groups:
  streets:
    name: Đường sá
    name_en: Streets
    icon: 🛣️
    categories:
      pothole:
        name: Ổ gà
        name_en: Pothole
        keywords: [ổ gà, mặt đường hư hỏng]
        examples: [Đường nhiều ổ gà.]
        handling: {normal: 3 working days}
      street-light:
        name: Đèn đường
        name_en: Street light
        urgency: urgent
        keywords: [đèn đường, trụ đèn]
        examples: [Đèn đường hư.]
        handling: {urgent: 16 office hours}
  others:
    name: Khác
    name_en: Other
    icon: 📌
    categories:
      noise:
        name: Tiếng ồn
        name_en: Noise
        visibility: private
        keywords: [hát karaoke]
        examples: [Hát karaoke ồn ào.]
      litter:
        name: Rác
        name_en: Litter
        keywords: [bãi rác]
        examples: [Bãi rác.]
      other:
        name: Việc khác
        name_en: Something else
        keywords: [việc khác]
        examples: [Việc khác.]
deadlines:
  intake: {working_days: 2 office hours, days_off: 12 hours}
  handling: {urgent: 1 working day, normal: 5 working days, complex: 15 working days}
rules:
  - {id: lights, when: {category: street-light}, then: {agency: power}, why: Đèn do Điện lực quản lý.}
  - {id: streets, when: {group: streets}, then: {agency: roads}, why: Đường do Sở Xây dựng quản lý.}
  - {id: noise, when: {category: noise}, then: {agency: police}, why: Tiếng ồn do Công an xử lý.}
  - {id: litter, when: {category: litter}, then: {agency: commune office of the place}, why: Rác do xã xử lý.}
fallback: {category: other, agency: ioc, why: Điều phối viên xem xét.}
""")
GAZETTEER = embedded_default()
LOOPBACK = (ip_network("127.0.0.0/8"),)
"""Where the servers of tests stand."""
KEY = b"small world secret key, 32 bytes"
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Nine in the morning in Vietnam, an ordinary working day."""
AN_XUYEN, TAN_THANH = "32002", "32025"
HERE = (9.22461, 105.178)
"""The centre of Phường An Xuyên."""


def _staff(number: int, role: Role, agency_id: str, *below: str) -> Actor:
    return Actor("staff", UUID(int=number), role, agency_id, frozenset({agency_id, *below}))


OFFICER = _staff(1, Role.OFFICER, "roads", "power")
COLLEAGUE = _staff(2, Role.OFFICER, "roads", "power")
LEAD = _staff(3, Role.LEAD, "roads", "power")
ELECTRICIAN = _staff(4, Role.OFFICER, "power")
POLICE = _staff(5, Role.OFFICER, "police")
POLICE_LEAD = _staff(6, Role.LEAD, "police")
COORDINATOR = _staff(7, Role.COORDINATOR, "ioc")
LEADER = _staff(8, Role.LEADER, "ioc")
ADMINISTRATOR = _staff(9, Role.ADMINISTRATOR, "ioc")
STAFF = (OFFICER, COLLEAGUE, LEAD, ELECTRICIAN, POLICE, POLICE_LEAD, COORDINATOR, LEADER, ADMINISTRATOR)
CITIZEN = Actor("citizen")
NAME, PHONE, MAIL = "Nguyễn Thị Lan", "0912 345 678", "lan@example.vn"
TEXT = "Mặt đường nhiều ổ gà trước số 12 Lý Bôn, rất nguy hiểm."


async def settle(pool: Pool) -> None:
    """Agencies and staff for an empty database. Nobody signs in, so nobody has a password."""
    communes = [(c.code, c.full_name) for c in GAZETTEER.communes if c.province_code == "96"]
    await routing.install(pool, RULES, communes, note="", by="test")
    async with pool.acquire() as conn:
        await conn.executemany(
            """
            INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)
            VALUES ($1, $2, $3, $4, $5, '')
            """,
            [(a.id, a.agency_id, f"staff.{a.id.int}", f"Cán bộ {a.id.int}", a.role) for a in STAFF if a.id],
        )


@pytest_asyncio.fixture(scope="module")
async def settled(pool: Pool) -> Pool:
    """A pool on a database in which the small world stands."""
    await settle(pool)
    return pool


@asynccontextmanager
async def counting(database_url: str) -> AsyncIterator[tuple[Pool, list[str]]]:
    """A pool of one connection, and every statement that it sends for us."""
    statements: list[str] = []

    def note(query: LoggedQuery) -> None:
        statements.append(query.query)

    async def watch(conn: db.Conn) -> None:
        conn.add_query_logger(note)

    settings: dict[str, Any] = {"init": db._setup, "reset": db._leave, "setup": watch}
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, **settings) as pool:
        yield pool, statements


async def counted(statements: list[str]) -> list[str]:
    """What was sent since the last time somebody asked."""
    await asyncio.sleep(0)  # the driver tells of a statement in the loop's next round
    sent = statements[:]
    statements.clear()
    return sent


def new(**changes: Any) -> NewReport:
    """A good report as a channel hands it over."""
    usual = NewReport(
        text=TEXT, place=Place(*HERE, "12 Lý Bôn"), channel="api", lang="vi", consent=True, category="pothole",
        contact=Contact(NAME, PHONE, MAIL),
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changes)


async def file(pool: Pool, at: datetime = MONDAY, **changes: Any) -> Filed:
    return await file_report(pool, RULES, GAZETTEER, KEY, new(**changes), at)


async def do(
    pool: Pool,
    actor: Actor,
    report: Report,
    act: Act,
    *,
    at: datetime | None = None,
    version: int | None = None,
    **form: Any,
) -> Report:
    """One act, an hour after the last change unless said otherwise."""
    at = at or report.updated_at + timedelta(hours=1)
    return await service.perform(pool, RULES, actor, report, act, Form(**form), version=version, at=at)


async def photo(pool: Pool, number: int = 1) -> StoredPhoto:
    """A stored photo; of its bytes only the hash matters here."""
    sha256 = hashlib.sha256(f"photo {number}".encode()).hexdigest()
    stored = StoredPhoto(sha256, number, 640, 480, 1000, "image/jpeg", None, None, None)
    async with pool.acquire() as conn:
        await photo_store.touch_blob(conn, stored)
    return stored


async def chat(pool: Pool, user_id: str, channel: str = "telegram", lang: str = "vi") -> UUID:
    """A citizen known by a chat; gives the citizen's id."""
    async with pool.acquire() as conn:
        person = await citizens.citizen(conn, channel, user_id, f"Chị {user_id}", "en" if lang == "en" else "vi")
    return person.citizen_id


_DESK: Sequence[tuple[Actor, Act]] = ()
_WAYS: Mapping[Status, Sequence[tuple[Actor, Act]]] = {
    Status.SUBMITTED: _DESK,
    Status.RECEIVED: ((COORDINATOR, Act.ACCEPT),),
    Status.ASSIGNED: (),
    Status.IN_PROGRESS: ((OFFICER, Act.START),),
    Status.AWAITING_INFO: ((OFFICER, Act.START), (OFFICER, Act.ASK)),
    Status.RETURNED: ((OFFICER, Act.RETURN),),
    Status.RESOLVED: ((OFFICER, Act.START), (OFFICER, Act.RESOLVE)),
    Status.CLOSED: ((OFFICER, Act.START), (OFFICER, Act.RESOLVE), (SYSTEM, Act.CLOSE)),
    Status.REJECTED: ((COORDINATOR, Act.REJECT),),
    Status.DUPLICATE: ((COORDINATOR, Act.MERGE),),
    Status.WITHDRAWN: ((CITIZEN, Act.WITHDRAW),),
}


async def reach(pool: Pool, status: Status, **changes: Any) -> Report:
    """A report in this status, brought there by real acts: in the hands of ``roads`` where an agency has it."""
    if status in (Status.SUBMITTED, Status.RECEIVED):
        changes = {"category": "other"} | changes
    report = (await file(pool, **changes)).report
    for actor, act in _WAYS[status]:
        form: dict[str, Any] = {"text": f"Lời nhắn khi {act}."}
        if act is Act.RESOLVE:
            form["photos"] = (await photo(pool),)
        if act is Act.MERGE:
            form["target"] = (await file(pool)).report.code
        report = await do(pool, actor, report, act, **form)
    assert report.status is status
    return report


async def resolve(pool: Pool, report: Report, actor: Actor = OFFICER) -> Report:
    return await do(pool, actor, report, Act.RESOLVE, text="Đã vá xong.", photos=(await photo(pool, 9),))


async def refusal(pool: Pool, actor: Actor, report: Report, act: Act, **form: Any) -> AppError:
    """Why the act is refused; and nothing at all is written."""
    async with pool.acquire() as conn:
        before = await written(conn)
        with pytest.raises(AppError) as error:
            await do(pool, actor, report, act, **form)
        assert await written(conn) == before
    return error.value


async def kinds(pool: Pool, report: Report) -> list[str]:
    """What has happened to a report."""
    async with pool.acquire() as conn:
        return [event.kind for event in await history.of_report(conn, report.report_id)]


async def written(conn: Conn) -> list[list[tuple[Any, ...]]]:
    """Everything the core's tables hold, to see that nothing was written."""
    tables = ("reports", "report_events", "report_messages", "report_photos", "report_contacts", "report_codes",
              "idempotency_keys", "report_followers", "notifications", "pgqueuer", "pgqueuer_log")  # fmt: skip
    return [[tuple(row) for row in await conn.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")] for table in tables]


def bare(status: Status = Status.ASSIGNED, **changes: Any) -> Report:
    """A report that was never in a database, as it looks in this status."""
    ended = status in (Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN)
    desk = status in (Status.SUBMITTED, Status.RECEIVED, Status.RETURNED)
    had_agency = status not in (Status.SUBMITTED, Status.RECEIVED)
    usual = Report(
        report_id=UUID(int=100),
        code="PA-0000-0000",
        version=3,
        last_seq=4,
        last_hash=NO_HASH,
        status=status,
        category="pothole",
        body=TEXT,
        channel="api",
        lang="vi",
        lat=HERE[0],
        lon=HERE[1],
        address="",
        commune_code=AN_XUYEN,
        commune_name="Phường An Xuyên",
        province_code="96",
        place_approximate=False,
        agency_id="ioc" if desk else "roads",
        assignee_id=None,
        urgency="normal",
        visibility="public",
        published_at=None,
        rule_set=RULES.version,
        rule_id="streets",
        submitted_at=MONDAY,
        assigned_at=MONDAY if had_agency else None,
        resolved_at=MONDAY if status in (Status.RESOLVED, Status.CLOSED) else None,
        ended_at=MONDAY if ended else None,
        intake_due_at=MONDAY + timedelta(hours=2),
        due_at=RULES.calendar.add_working_days(MONDAY, 3),
        handling="3 working days",
        paused_at=MONDAY if status is Status.AWAITING_INFO else None,
        handovers=1 if status is Status.RETURNED else 0,
        supervisor_id=None,
        duplicate_of=UUID(int=101) if status is Status.DUPLICATE else None,
        rating=Rating.SATISFIED if status is Status.CLOSED else None,
        updated_at=MONDAY,
    )
    return msgspec.structs.replace(usual, **changes)
