"""A report's page: whose it is, what a stranger sees, and what its reporter does there."""

import asyncio
import html
import re

import httpx

from app.photos import uploads
from app.photos.uploads import Upload
from app.reports import service as reports
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests.console.reports import act as done_by
from tests.portal.test_send_page import filed, post
from tests.world import World, photo


async def sent(browser: httpx.AsyncClient, world: World, **changed: str) -> tuple[Report, str]:
    """A report sent from this browser, and its personal link."""
    answer = await post(browser, world, **changed)
    return await filed(world, answer), answer.headers["location"].replace("&sent=1", "")


def secret_of(link: str) -> str:
    return link.partition("k=")[2]


async def state(world: World, report: Report) -> Report:
    return await reports.find(world.parts.pool, report.code)


async def do(
    browser: httpx.AsyncClient, report: Report, link: str, what: str, photos: list[bytes] | None = None, **form: str
) -> httpx.Response:
    files = [("photos", ("a.jpg", each, "image/jpeg")) for each in photos or []] or {"photos": ("", b"")}
    said = {"k": secret_of(link), "act": what, "key": f"{what}-1", **form}
    return await browser.post(f"/r/{report.code}", data=said, files=files)


async def test_the_browser_that_sent_it_is_the_reporters_a_stranger_sees_no_word(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    report, link = await sent(browser, world)
    assert "12 Lý Bôn hỏng ba đêm" in (await browser.get(f"/r/{report.code}")).text
    async with httpx.AsyncClient(base_url=address) as stranger:
        seen = await stranger.get(f"/r/{report.code}")
        assert seen.status_code == 200
        assert "Lý Bôn" not in seen.text
        assert "Đèn đường hỏng" in seen.text
        assert 'name="act"' not in seen.text
        assert secret_of(link) not in seen.text
        by_link = await stranger.get(link)
        assert "12 Lý Bôn hỏng ba đêm" in by_link.text
        wrong = await stranger.get(f"/r/{report.code}?k={'x' * 24}")
        assert wrong.status_code == 403
        assert "Liên kết riêng này không đúng" in html.unescape(wrong.text)


async def test_a_private_report_shows_a_stranger_its_status_alone(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    report, _ = await sent(browser, world, category="", text="Hàng xóm đánh con rất nhiều lần, cháu bé kêu khóc")
    if report.visibility == "public":
        await world.parts.pool.execute("UPDATE reports SET visibility = 'private' WHERE code = $1", report.code)
    async with httpx.AsyncClient(base_url=address) as stranger:
        seen = await stranger.get(f"/r/{report.code}")
    assert "Phản ánh không công khai" in seen.text
    for told in ("An Xuyên", "đánh con", "Quá trình xử lý"):
        assert told not in seen.text


async def test_a_code_is_found_however_it_is_typed_and_a_wrong_one_is_told(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, _ = await sent(browser, world)
    typed = report.code.lower().replace("-", " ")
    assert (await browser.get("/track", params={"code": typed})).headers["location"] == f"/r/{report.code}"
    wrong = await browser.get("/track", params={"code": "PA-1234"})
    assert wrong.status_code == 404
    assert 'id="code-wrong"' in wrong.text
    mine = (await browser.get("/track")).text
    assert f'href="/r/{report.code}"' in mine
    await browser.post("/track/forget")
    assert f'href="/r/{report.code}"' not in (await browser.get("/track")).text
    assert "Lý Bôn" not in (await browser.get(f"/r/{report.code}")).text


async def test_the_reporter_adds_words_and_photos_once_and_withdraws(browser: httpx.AsyncClient, world: World) -> None:
    report, link = await sent(browser, world)
    for _ in range(2):
        assert (await do(browser, report, link, "add_info", text="Có dây điện hở.")).status_code == 303
    page = (await browser.get(link)).text
    assert page.count("Có dây điện hở.") == 1
    assert (await do(browser, report, link, "add_photos", [photo("more")])).status_code == 303
    assert (await browser.get(link)).text.count('loading="lazy"') == 1
    none = await do(browser, report, link, "add_photos", [b"no photo"])
    assert none.status_code == 422
    assert 'id="wrong-add_photos"' in none.text
    assert (await do(browser, report, link, "withdraw")).status_code == 303
    assert (await state(world, report)).status is Status.WITHDRAWN
    late = await do(browser, report, link, "withdraw")
    assert late.status_code in (303, 409)


async def test_nobody_acts_by_the_cookie_alone_nor_with_another_reports_secret(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, link = await sent(browser, world)
    _, other = await sent(browser, world, address="30 Lý Bôn, phường An Xuyên")
    for wrong in ("?k=", other):
        assert (await do(browser, report, wrong, "withdraw")).status_code == 403
    for unknown in ("assign", "publish", ""):
        assert (await do(browser, report, link, unknown)).status_code == 422
    assert (await state(world, report)).status is report.status


async def test_a_question_is_answered_a_result_is_seen_rated_or_disputed(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, link = await sent(browser, world)
    await done_by(world, "officer", report.code, Act.START)
    await done_by(world, "officer", report.code, Act.ASK, text="Trụ số mấy?")
    page = (await browser.get(link)).text
    assert "Trụ số mấy?" in page
    assert "Trả lời của anh/chị" in page
    assert (await do(browser, report, link, "add_info", text="Trụ số 24.")).status_code == 303
    assert (await state(world, report)).status is Status.IN_PROGRESS
    await resolve(world, report)
    page = html.unescape((await browser.get(link)).text)
    assert "Đã thay bóng." in page
    assert "hài lòng" in page
    empty = await do(browser, report, link, "dispute", text="")
    assert empty.status_code == 422
    assert re.search(r"<details open><summary>Tôi không đồng ý", empty.text)
    assert (await do(browser, report, link, "dispute", text="Vẫn chưa sáng.")).status_code == 303
    assert (await state(world, report)).status is Status.IN_PROGRESS
    await resolve(world, report)
    assert (await do(browser, report, link, "rate", rating="satisfied")).status_code == 303
    closed = await state(world, report)
    assert str(closed.rating) == "satisfied"
    assert "Anh/chị đã đánh giá" in (await browser.get(link)).text


async def resolve(world: World, report: Report) -> None:
    parts, shot = world.parts, Upload("sau.jpg")
    await shot.add(photo("sau", colour="#4a7c59"))
    stored, _ = await uploads.store(parts.pool, parts.objects, parts.lab, asyncio.Semaphore(1), [shot])
    await done_by(world, "officer", report.code, Act.RESOLVE, text="Đã thay bóng.", photos=stored)


async def test_the_notice_on_data_is_there(browser: httpx.AsyncClient) -> None:
    assert "Dữ liệu của anh/chị" in (await browser.get("/privacy")).text
