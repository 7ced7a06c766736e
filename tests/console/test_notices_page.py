"""The bell and the page of notices: one's own alone, read one by one or all at once; how one is warned."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest_asyncio
from uuid_utils.compat import uuid7

from app.escalation import service as escalation
from app.notify.vapid import public_key
from app.reports.intake import file_report
from app.reports.model import NewReport, Place, Report
from app.reports.watching import Watch
from tests.browser_keys import Browser
from tests.console.conftest import PAGES, Visitor, send
from tests.world import AN_XUYEN, World


async def overdue(world: World) -> Report:
    """A street light that COMPANY should have mended by now; everybody concerned is told."""
    parts = world.parts
    new = NewReport(
        text="Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay.",
        place=Place(commune_code=AN_XUYEN),
        channel="web",
        lang="vi",
        consent=True,
        category="street-light",
    )
    at = datetime.now(UTC) - timedelta(days=60)
    filed = await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, at)
    await Watch().look(parts.pool, parts.rules)
    await escalation.tell(parts.pool, parts.rules, filed.report.report_id, 1, 9)
    return filed.report


@pytest_asyncio.fixture(autouse=True)
async def nothing_yet(world: World) -> None:
    await world.parts.pool.execute("DELETE FROM notices")


async def bell(browser: httpx.AsyncClient) -> bool:
    """Whether it says that something is unread."""
    return 'class="count"' in (await browser.get(f"{PAGES}/account")).text


async def test_the_lead_finds_the_warning_behind_the_bell_and_opening_it_is_reading_it(
    visitor: Visitor, world: World
) -> None:
    lead = await visitor("lead")
    assert not await bell(lead)
    report = await overdue(world)
    assert await bell(lead)
    page = await lead.get(f"{PAGES}/notices")
    assert "Đã hết thời hạn xử lý" in page.text
    assert report.code in page.text
    notice_id = await world.parts.pool.fetchval(
        "SELECT notice_id FROM notices WHERE staff_id = $1 AND kind LIKE '%handling%'", world.people["lead"].staff_id
    )
    opened = await lead.get(f"{PAGES}/notices/{notice_id}")
    assert (opened.status_code, opened.headers["location"]) == (303, f"{PAGES}/reports/{report.code}")
    assert str(notice_id) not in (await lead.get(f"{PAGES}/notices")).text
    assert str(notice_id) in (await lead.get(f"{PAGES}/notices?show=all")).text


async def test_all_are_read_at_once_but_for_those_that_came_since(visitor: Visitor, world: World) -> None:
    lead, pool = await visitor("lead"), world.parts.pool
    report = await overdue(world)
    me = world.people["lead"].staff_id
    newest = await pool.fetchval("SELECT max(notice_id::text) FROM notices WHERE staff_id = $1", me)
    await pool.execute(
        "INSERT INTO notices (staff_id, notice_id, at, kind, report_id, seq)"
        " VALUES ($1, $2, now(), 'mentioned', $3, 99)",
        me,
        uuid7(),
        report.report_id,
    )
    page = await send(lead, "/notices/read", newest=newest)
    assert "Đã đánh dấu các thông báo là đã đọc." in page.text
    assert "Có ghi chú nhắc đến anh/chị" in page.text
    assert "Đã hết thời hạn xử lý" not in page.text


async def test_nobody_reads_or_opens_anothers_notices(visitor: Visitor, world: World) -> None:
    await overdue(world)
    other = await visitor("other_lead")
    assert "Anh/chị đã đọc hết thông báo." in (await other.get(f"{PAGES}/notices")).text
    notice_id = await world.parts.pool.fetchval("SELECT notice_id FROM notices LIMIT 1")
    assert (await other.get(f"{PAGES}/notices/{notice_id}")).status_code == 404
    assert await world.parts.pool.fetchval("SELECT count(*) FROM notices WHERE read_at IS NOT NULL") == 0


async def test_long_lists_come_in_pages(visitor: Visitor, world: World) -> None:
    lead, pool = await visitor("lead"), world.parts.pool
    report = await overdue(world)
    for seq in range(100, 170):
        await pool.execute(
            "INSERT INTO notices (staff_id, notice_id, at, kind, report_id, seq)"
            " VALUES ($1, $2, now(), 'mentioned', $3, $4)",
            world.people["lead"].staff_id,
            uuid7(),
            report.report_id,
            seq,
        )
    seen, path = 0, "/notices"
    while path:
        page = (await lead.get(PAGES + path)).text
        seen += page.count('class="notice-link"')
        path = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].removeprefix(PAGES)
        path = path.replace("&amp;", "&") if 'rel="next"' in page else ""
    assert seen == await pool.fetchval(
        "SELECT count(*) FROM notices WHERE staff_id = $1", world.people["lead"].staff_id
    )


async def test_somebody_chooses_how_they_are_warned_and_what_is_required_stays(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    page = await officer.get(f"{PAGES}/account/channels")
    assert page.text.count(" checked") == 3
    assert "Cơ quan quy định luôn gửi qua kênh này." in page.text
    saved = await send(officer, "/account/channels", ways="in_app")
    assert "Đã lưu cách nhận cảnh báo." in saved.text
    assert saved.text.count(" checked") == 1
    async with world.parts.pool.acquire() as conn:
        off = await conn.fetchval("SELECT off FROM staff_channels")
    assert off == ["chat", "mail"]
    await world.parts.pool.execute("DELETE FROM staff_channels")


async def test_somebodys_device_is_switched_on_there_and_off_from_anywhere_by_themselves_alone(
    visitor: Visitor, world: World
) -> None:
    pool, address = world.parts.pool, "https://1.1.1.1/push/phone"
    officer, lead = await visitor("officer"), await visitor("lead")
    assert (await send(officer, "/account/push", address=address, **Browser().keys)).json() == {}
    assert await pool.fetchval("SELECT staff_id FROM staff_push") == world.people["officer"].staff_id
    assert "Có một máy đang báo cho anh/chị, từ " in (await officer.get(f"{PAGES}/account/channels")).text
    assert "Có một máy đang báo" not in (await lead.get(f"{PAGES}/account/channels")).text
    await send(lead, "/account/push/off", address=address)
    for wrong in ({"address": "https://10.0.0.1/x"}, {"p256dh": "x"}):
        form = {"address": f"{address}2", **Browser().keys, **wrong}
        assert (await send(officer, "/account/push", **form)).status_code == 422
    assert await pool.fetchval("SELECT address FROM staff_push") == address
    off = await send(officer, "/account/push/off")
    assert "Có một máy đang báo" not in off.text
    assert await pool.fetchval("SELECT count(*) FROM staff_push") == 0
    script = (await officer.get(f"{PAGES}/field/sw.js")).text
    assert f'"key":"{public_key(world.parts.settings.secret_key)}"' in script
