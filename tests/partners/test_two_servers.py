"""Two of our own systems, each with a database and a jurisdiction of its own: the province's, and the company's that
keeps its street lights."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio
from msgspec import Struct, structs

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor
from app.db import connect_pool
from app.embedded import EmbeddedPostgres
from app.outward import Client
from app.partners import ledger, pulling, sending, service
from app.partners.service import Means, Wanted
from app.photos.lab import PhotoLab
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import Contact, Form, NewReport, Place, Report, Status
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet
from tests import small_world
from tests.partners.conftest import AT_ONCE
from tests.serving import running
from tests.world import COMPANY, World, parts_over
from tests.world import settle as settle_world

ADMIN = small_world.ADMINISTRATOR


class Two(Struct):
    """``means``: the province's; ``theirs``: the company's world; ``partner_id``: the company at the province."""

    ours: World
    theirs: World
    means: Means
    partner_id: Any

    async def exchange(self) -> None:
        await service.follow(self.means.pool)
        async with self.means.pool.acquire() as conn:
            one = await service.get(conn, ADMIN, self.partner_id)
        await sending.send_due(self.means, one, AT_ONCE)
        await pulling.pull(self.means, one)

    async def number(self, report: Report) -> str:
        async with self.means.pool.acquire() as conn:
            push = await ledger.push(conn, self.partner_id, report.report_id)
        assert push is not None
        assert push.number, push
        return push.number

    async def now(self, report: Report) -> Report:
        async with self.means.pool.acquire() as conn:
            return await reports.get(conn, report.report_id)


def means_of(world: World, http: Client) -> Means:
    parts = world.parts
    return Means(
        parts.pool, http, parts.settings.secret_key, parts.settings.public_url, parts.rules, parts.objects, parts.lab,
        small_world.LOOPBACK,
    )  # fmt: skip


@pytest_asyncio.fixture(scope="module")
async def company(
    postgres: EmbeddedPostgres, world_template: str, lab: PhotoLab, rules: RuleSet, tmp_path_factory: Any
) -> AsyncIterator[World]:
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f'CREATE DATABASE "t_company" TEMPLATE "{world_template}"')
    pool = await connect_pool(postgres.url("t_company"))
    async with parts_over(pool, lab, rules, tmp_path_factory.mktemp("company")) as parts:
        parts.settings = structs.replace(parts.settings, public_url="https://chieusang.example")
        yield await settle_world(parts)
    await pool.close()
    await admin.execute('DROP DATABASE "t_company" WITH (FORCE)')
    await admin.close()


@pytest_asyncio.fixture(scope="module")
async def two(world: World, company: World) -> AsyncIterator[Two]:
    async with running(company.parts) as address:
        http = Client(small_world.LOOPBACK)
        means, staff = means_of(world, http), company.people["officer"]
        key = await accounts.create_token(company.parts.pool, staff.staff_id, "IOC tỉnh", ("open311",), None, SYSTEM)
        wanted = Wanted(
            name="Chiếu sáng Cà Mau", url=f"{address}/open311/v2", agency_id=COMPANY, key=key, repeat="key",
            jurisdiction="chieusang.example",
        )  # fmt: skip
        partner_id = await service.add(means, ADMIN, wanted, "test")
        # Its discovery names its public address, which is not this machine.
        found = await service.connect(means, ADMIN, partner_id)
        assert found.has_updates
        await service.map_category(means, ADMIN, partner_id, "street-light", "street-light", {})
        await service.switch(means.pool, ADMIN, partner_id, on=True)
        yield Two(world, company, means, partner_id)
        await http.close()


async def filed(two: Two, text: str) -> Report:
    parts = two.ours.parts
    new = NewReport(
        text=text, place=Place(9.22461, 105.178), channel="api", lang="vi", consent=True, category="street-light",
        contact=Contact("Nguyễn Thị Lan", "0912 345 678"),
    )  # fmt: skip
    return (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new)).report


async def act(world: World, who: str, code: str, what: Act, **form: Any) -> Report:
    person, parts = world.people[who], world.parts
    actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    report = await reports.find(parts.pool, code)
    return await reports.perform(parts.pool, parts.rules, actor, report, what, Form(**form))


async def test_a_report_goes_there_and_what_is_done_there_comes_back(two: Two) -> None:
    report = await filed(two, "Đèn đường hỏng, gọi anh Lê Văn Tám.")
    assert (report.agency_id, report.status) == (COMPANY, Status.ASSIGNED)
    await two.exchange()
    number = await two.number(report)
    there = await reports.find(two.theirs.parts.pool, number)
    assert there.channel == "open311"
    assert there.body == f"Đèn đường hỏng, gọi anh [đã ẩn tên].\n[{report.code} | {two.means.host}]"
    async with two.theirs.parts.pool.acquire() as conn:
        who = await conn.fetchrow(
            "SELECT name, phone, email FROM report_contacts WHERE report_id = $1", there.report_id
        )
    assert who is not None
    assert tuple(who) == ("", "", "")
    # Unpublished there, its words are nobody's; published, they come.
    await act(two.theirs, "officer", number, Act.PROGRESS, text="Đã đặt bóng mới.")
    await two.exchange()
    assert (await two.now(report)).status is Status.ASSIGNED
    await act(two.theirs, "coordinator", number, Act.PUBLISH)
    await two.exchange()
    assert (await two.now(report)).status is Status.IN_PROGRESS
    stored = await small_world.photo(two.theirs.parts.pool)
    await act(two.theirs, "officer", number, Act.RESOLVE, text="Đã thay bóng.", photos=(stored,))
    await two.exchange()
    await two.exchange()
    async with two.means.pool.acquire() as conn:
        case = await reports.case(conn, await two.now(report))
    said = [(message.kind, message.body.splitlines()[0]) for message in case.messages]
    assert said == [
        ("progress", f"Chiếu sáng Cà Mau (số {number}): Đã đặt bóng mới."),
        ("note", f"Chiếu sáng Cà Mau (số {number}): Đã thay bóng."),
    ]
    # Their photo is no proof that came with the update: our officer looks.
    assert case.report.status is Status.IN_PROGRESS


async def test_a_request_that_was_sent_twice_under_its_key_is_one_report_there(two: Two) -> None:
    report = await filed(two, "Đèn đường nhấp nháy suốt đêm.")
    await two.exchange()
    number = await two.number(report)
    await two.means.pool.execute(
        "UPDATE partner_pushes SET state = 'posting', number = NULL, next_at = now() WHERE report_id = $1",
        report.report_id,
    )
    await two.exchange()
    assert await two.number(report) == number
    assert await two.theirs.parts.pool.fetchval("SELECT count(*) FROM reports WHERE body LIKE '%nhấp nháy%'") == 1


async def test_two_that_send_to_each_other_send_no_report_in_circles(two: Two) -> None:
    async with running(two.ours.parts) as address:
        http = Client(small_world.LOOPBACK)
        back = means_of(two.theirs, http)
        key = await accounts.create_token(
            two.ours.parts.pool, two.ours.people["officer"].staff_id, "công ty", ("open311",), None, SYSTEM
        )
        wanted = Wanted(name="Tỉnh", url=f"{address}/open311/v2", agency_id=COMPANY, key=key)
        partner_id = await service.add(back, ADMIN, wanted, "test")
        await service.connect(back, ADMIN, partner_id)
        await service.map_category(back, ADMIN, partner_id, "street-light", "street-light", {})
        await service.switch(back.pool, ADMIN, partner_id, on=True)
        report = await filed(two, "Đèn đường hỏng cả dãy phố.")
        await two.exchange()
        before = await two.ours.parts.pool.fetchval("SELECT count(*) FROM reports")
        await service.follow(back.pool)
        async with back.pool.acquire() as conn:
            await sending.send_due(back, await service.get(conn, ADMIN, partner_id), AT_ONCE)
            there = await reports.by_code(conn, await two.number(report))
            assert there is not None
            push = await ledger.push(conn, partner_id, there.report_id)
        assert push is not None
        assert (push.state, push.reason) == ("withheld", "from_elsewhere")
        assert await two.ours.parts.pool.fetchval("SELECT count(*) FROM reports") == before
        await service.remove(back.pool, ADMIN, partner_id)
        await http.close()
