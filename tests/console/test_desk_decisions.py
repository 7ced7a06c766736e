"""Decisions that end an argument, over HTTP: whose a case is, and whether an agency gets more time."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from app.accounts.model import Actor
from app.errors import Conflict
from app.history import service as history
from app.photos import service as photos
from app.reports import service
from app.reports.model import Form, Report, Status
from app.reports.workflow import Act
from app.routing.calendar import VIETNAM
from tests.console.conftest import PAGES, Visitor
from tests.console.desk_world import act, asking, disputed, light
from tests.console.test_desk import HTMX, fields, now, row_of, words
from tests.world import COMPANY, POWER, World, photo

REASON = "Trụ đèn nằm trên tuyến do công ty quản lý theo hợp đồng năm 2026."


@pytest_asyncio.fixture
async def oanh(visitor: Visitor) -> httpx.AsyncClient:
    return await visitor("coordinator")


async def decide(
    browser: httpx.AsyncClient, what: str, report: Report, form: dict[str, str], **headers: str
) -> httpx.Response:
    form = form | {"csrf": browser.headers["x-token"]}
    return await browser.post(f"{PAGES}/desk/{what}/{report.code}", data=form, headers=headers)


async def test_a_dispute_shows_who_had_it_how_long_and_each_ones_reason(oanh: httpx.AsyncClient, world: World) -> None:
    report = await disputed(world)
    said = words(await row_of(oanh, report, "competence"))
    for each in (
        "Công ty Cổ phần Môi trường Đô thị Cà Mau",
        "Trả lại, Trần Thị Bích: “Trụ đèn này không do công ty quản lý.”",
        "Trả lại, Phạm Minh Khang: “Đèn chiếu sáng công cộng không thuộc điện lực.”",
        "Theo quy tắc: Công ty Cổ phần Môi trường Đô thị Cà Mau.",
    ):
        assert each in said


async def test_the_decision_binds_whoever_gets_the_case(oanh: httpx.AsyncClient, world: World) -> None:
    report = await disputed(world)
    form = fields(await row_of(oanh, report, "competence")) | {"agency": COMPANY, "text": REASON}
    for _ in range(2):
        answer = await decide(oanh, "competence", report, form, **HTMX)
        assert answer.status_code == 200, answer.text
        assert "đã quyết định giao cho Công ty Cổ phần Môi trường Đô thị Cà Mau" in words(answer.text)
    after = await now(world, report)
    assert (after.status, after.agency_id) == (Status.ASSIGNED, COMPANY)
    async with world.parts.pool.acquire() as conn:
        decided = [event for event in await history.of_report(conn, report.report_id) if event.data.get("binding")]
        case = await service.case(conn, after)
    assert len(decided) == 1
    assert [m.body for m in case.messages if m.body == REASON] == [REASON]
    for key, what in (("officer", Act.RETURN), ("lead", Act.TRANSFER)):
        with pytest.raises(Conflict) as refused:
            await act(world, key, after, what, text="Không phải của chúng tôi.", agency_id=POWER)
        assert refused.value.key == "reports.competence_dispute"
    assert await row_of(oanh, report, "competence") == ""


async def test_a_decision_needs_an_agency_and_a_reason_and_keeps_what_was_typed(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await disputed(world)
    form = fields(await row_of(oanh, report, "competence"))
    for more, said in (
        ({"agency": COMPANY, "text": "vì"}, "Vui lòng ghi lý do, ít nhất 5 ký tự"),
        ({"agency": "", "text": REASON}, "Vui lòng chọn cơ quan sẽ xử lý"),
    ):
        for headers in ({}, HTMX):
            answer = await decide(oanh, "competence", report, form | more, **headers)
            assert answer.status_code == 422
            assert said in answer.text
            assert f">{more['text']}</textarea>" in answer.text
    assert (await now(world, report)).version == report.version


async def test_what_is_no_dispute_cannot_be_decided(oanh: httpx.AsyncClient, world: World) -> None:
    report = await light(world)
    form = {"version": "1", "key": "a", "agency": POWER, "text": REASON}
    answer = await decide(oanh, "competence", report, form, **HTMX)
    assert (answer.status_code, "không còn chờ quyết định về thẩm quyền" in answer.text) == (409, True)
    assert (await now(world, report)).agency_id == COMPANY


async def test_more_time_is_granted_as_asked_once_and_the_reporter_reads_why(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await asking(world)
    row = await row_of(oanh, report, "extensions")
    assert "Trần Thị Bích xin gia hạn lúc" in words(row)
    assert "“Chờ vật tư từ nhà cung cấp.”" in words(row)
    form = fields(row) | {"decision": "grant", "text": "Vật tư về chậm do mưa bão."}
    for _ in range(2):
        assert (await decide(oanh, "extension", report, form, **HTMX)).status_code == 200
    after = await now(world, report)
    assert after.due_at == after.extended_to == report.extension_wanted
    async with world.parts.pool.acquire() as conn:
        case = await service.case(conn, after)
    assert [(m.body, m.visibility) for m in case.messages][-1] == ("Vật tư về chậm do mưa bão.", "reporter")


async def test_more_time_is_granted_until_another_day(oanh: httpx.AsyncClient, world: World) -> None:
    report = await asking(world, days=10)
    day = (datetime.now(VIETNAM) + timedelta(days=12)).date()
    form = fields(await row_of(oanh, report, "extensions"))
    form |= {"decision": "grant", "text": "Chỉ đủ lý do cho thời gian này.", "due": day.isoformat()}
    answer = await decide(oanh, "extension", report, form)
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"{PAGES}/desk?s=extensions&done={report.code}&did=granted",
    )  # fmt: skip
    after = await now(world, report)
    local = after.due_at.astimezone(VIETNAM)
    assert local.date() >= day
    assert world.parts.rules.calendar.office_hours_between(after.due_at - timedelta(minutes=1), after.due_at)
    page = await oanh.get(answer.headers["location"])
    assert f"{report.code}: đã gia hạn đến {local:%d/%m/%Y %H:%M}" in words(page.text)


async def test_more_time_is_refused_with_a_reason_for_staff_alone(oanh: httpx.AsyncClient, world: World) -> None:
    report = await asking(world)
    form = fields(await row_of(oanh, report, "extensions")) | {"decision": "refuse", "text": "Vật tư có sẵn trong kho."}
    assert (await decide(oanh, "extension", report, form, **HTMX)).status_code == 200
    after = await now(world, report)
    assert (after.extension_wanted, after.due_at) == (None, report.due_at)
    async with world.parts.pool.acquire() as conn:
        case = await service.case(conn, after)
    assert case.messages[-1].visibility == "staff"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"text": ""}, "Vui lòng ghi lý do"),
        ({"due": "2020-01-01"}, "Thời hạn mới phải sau"),
        ({"due": "hôm nay"}, "Ngày chưa đúng"),
        ({"due": "9999-12-31"}, "Ngày chưa đúng"),
        ({"decision": "maybe"}, "không đầy đủ"),
    ],
)
async def test_an_answer_that_is_none_is_refused_and_nothing_typed_is_lost(
    more: dict[str, str], said: str, oanh: httpx.AsyncClient, world: World
) -> None:
    report = await asking(world)
    good = {"decision": "grant", "text": "Chờ vật tư về."}
    form = fields(await row_of(oanh, report, "extensions")) | good | more
    answer = await decide(oanh, "extension", report, form, **HTMX)
    assert answer.status_code == 422
    assert said in answer.text
    assert f">{form['text']}</textarea>" in answer.text
    assert (await now(world, report)).version == report.version


async def test_an_answer_after_another_coordinators_is_told_so(oanh: httpx.AsyncClient, world: World) -> None:
    report = await asking(world)
    form = fields(await row_of(oanh, report, "extensions")) | {"decision": "refuse", "text": "Không đủ lý do."}
    await act(world, "coordinator", report, Act.GRANT_EXTENSION, text="Đồng ý gia hạn.")
    answer = await decide(oanh, "extension", report, form, **HTMX)
    assert (answer.status_code, "không còn chờ trả lời xin gia hạn" in answer.text) == (409, True)
    assert (await now(world, report)).extended_to is not None


async def test_a_citizen_who_does_not_agree_is_heard_beside_what_was_answered(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await light(world)
    parts = world.parts
    stored = await photos.store_photo(parts.pool, parts.objects, parts.lab, photo("đã thay"))
    report = await act(world, "officer", report, Act.START)
    report = await act(world, "officer", report, Act.RESOLVE, text="Đã thay bóng đèn mới.", photos=(stored,))
    await service.perform(
        parts.pool,
        parts.rules,
        Actor("citizen"),
        report,
        Act.DISPUTE,
        Form(text="Đèn vẫn chưa sáng."),
        at=datetime.now(UTC),
    )
    said = words((await oanh.get(f"{PAGES}/desk?s=objections")).text)
    assert "“Đã thay bóng đèn mới.”" in said
    assert "“Đèn vẫn chưa sáng.”" in said
    assert "Sở Xây dựng tỉnh Cà Mau theo dõi việc xử lý lại" in said
    assert re.search(r"Người dân chưa đồng ý 1", said)
