"""Sending a report from the web, over HTTP, as a browser without scripts does it."""

import html
import re
import time
from typing import Any

import httpx
import pytest

from app import forms
from app.photos import uploads
from app.portal import trap
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.limits import A_SPOT_AN_HOUR
from app.reports.model import NewReport, Place, Report
from tests.world import World, photo

GOOD = {
    "text": "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay",
    "address": "12 Lý Bôn, phường An Xuyên",
    "category": "street-light",
    "consent": "on",
}


def ticket(world: World, seconds_ago: float = 10) -> str:
    return trap.ticket(world.parts.settings.secret_key, time.time() - seconds_ago)


async def post(browser: httpx.AsyncClient, world: World, *photos: tuple[str, bytes], **changed: str) -> httpx.Response:
    form = {"ticket": ticket(world), **GOOD, **changed}
    files: Any = [("photos", (name, data, "image/jpeg")) for name, data in photos] or {"photos": ("", b"")}
    return await browser.post("/", data=form, files=files)


async def filed(world: World, answer: httpx.Response) -> Report:
    assert answer.status_code == 303, answer.text
    return await reports.find(world.parts.pool, answer.headers["location"].split("/r/")[1].split("?")[0])


async def test_a_report_with_a_photo_is_sent_without_scripts_and_its_page_is_the_reporters(
    browser: httpx.AsyncClient, world: World
) -> None:
    page = await browser.get("/")
    assert page.status_code == 200
    assert 'name="ticket"' in page.text
    answer = await post(browser, world, ("den.jpg", photo("den")), phone="0912 345 678")
    report = await filed(world, answer)
    assert (report.channel, report.category, report.commune_name) == ("web", "street-light", "Phường An Xuyên")
    assert report.body == GOOD["text"]
    seen = await browser.get(answer.headers["location"])
    assert "Đã gửi phản ánh" in seen.text
    assert report.code in seen.text
    assert seen.text.count("<img") == 2  # the sign of the page and the photo
    assert "0912" not in seen.text
    assert "Bổ sung thông tin" in seen.text


async def test_the_same_form_sent_twice_is_one_report(browser: httpx.AsyncClient, world: World) -> None:
    once = ticket(world)
    one, two = [await post(browser, world, ticket=once) for _ in range(2)]
    assert one.headers["location"] == two.headers["location"]
    changed = await post(browser, world, ticket=once, text="Đống rác to ở đầu hẻm bốc mùi")
    assert changed.status_code == 409
    assert "đã được gửi thành một phản ánh" in changed.text
    assert once not in changed.text  # it will be another report


@pytest.mark.parametrize(
    "changed",
    [
        {"ticket": ""},
        {"ticket": "0.0.0"},
        {"ticket": "ab.x.00000000000000000000000000000000"},
        {"ticket": trap.ticket(b"another key", time.time() - 10)},
    ],
    ids=["none", "made up", "no number", "another key"],
)
async def test_a_form_that_was_not_ours_is_shown_again_with_everything_in_it(
    changed: dict[str, str], browser: httpx.AsyncClient, world: World
) -> None:
    answer = await post(browser, world, **changed)
    assert answer.status_code == 422
    assert "bấm gửi thêm một lần nữa" in answer.text
    assert GOOD["text"] in html.unescape(answer.text)
    assert 'value="street-light" selected' in answer.text


async def test_a_program_that_fills_the_form_in_at_once_is_held_off_and_a_person_presses_again(
    browser: httpx.AsyncClient, world: World
) -> None:
    found = re.search(r'name="ticket" value="([^"]+)"', (await browser.get("/")).text)
    assert found
    fast = await post(browser, world, ticket=found[1])
    assert fast.status_code == 422
    assert found[1] in fast.text  # the same ticket is good a little later
    key = world.parts.settings.secret_key
    assert not trap.holds(key, found[1], time.time())
    assert trap.holds(key, found[1], time.time() + trap.LEAST_SECONDS)
    assert not trap.holds(key, found[1], time.time() + trap.LIFETIME + 9)


async def test_everything_wrong_is_told_at_its_field_and_nothing_typed_is_lost(
    browser: httpx.AsyncClient, world: World
) -> None:
    answer = await post(
        browser,
        world,
        ("a.jpg", photo("a")),
        text="đèn",
        address="",
        phone="không có",
        consent="",
        category="duong-xa",
    )
    assert answer.status_code == 422
    for field in ("text", "address", "phone", "consent", "category"):
        assert f'id="{field}-wrong"' in answer.text, field
    assert "chọn lại ảnh" in answer.text
    assert "không có" in answer.text


async def test_a_photo_that_is_none_never_loses_the_report(browser: httpx.AsyncClient, world: World) -> None:
    answer = await post(browser, world, ("a.jpg", photo("b")), ("a.txt", b"no photo at all"))
    report = await filed(world, answer)
    seen = await browser.get(answer.headers["location"])
    assert "Có 1 ảnh không dùng được" in seen.text
    async with world.parts.pool.acquire() as conn:
        assert len((await reports.case(conn, report)).pictures) == 1


async def test_what_is_written_so_far_shows_what_it_may_be_and_where(browser: httpx.AsyncClient, world: World) -> None:
    await filed(world, await post(browser, world, address="20 Lý Bôn, phường An Xuyên"))
    found = await browser.post("/look", data={"text": "den duong hong o ly bon", "address": "phuong an xuyen"})
    assert found.status_code == 200
    assert 'data-suggest="street-light"' in found.text
    assert "Phường An Xuyên" in found.text
    chosen = await browser.post(
        "/look", data={"text": "ngap nuoc", "category": "flooding", "lat": "9.2", "lon": "105.1"}
    )
    assert 'name="answer_' in chosen.text
    nothing = await browser.post("/look", data={"text": "", "address": "", "lat": "north", "lon": "x"})
    assert nothing.status_code == 200


async def test_the_page_speaks_english_when_asked_and_remembers_it(browser: httpx.AsyncClient) -> None:
    assert "Send a field report" in (await browser.get("/", headers={"Accept-Language": "en"})).text
    answer = await browser.get("/language/en?next=/track")
    assert answer.headers["location"] == "/track"
    assert "Find a report" in (await browser.get("/track", headers={"Accept-Language": "vi"})).text
    assert (await browser.get("/language/en?next=//elsewhere.example")).headers["location"] == "/"
    assert (await browser.get("/language/xx")).status_code == 404


async def test_the_first_page_is_light(browser: httpx.AsyncClient) -> None:
    """80 KB without photos; what is fetched, as it travels."""
    page = await browser.get("/")
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    weight = len(page.content)
    for path in dict.fromkeys(paths):
        async with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            weight += len(b"".join([chunk async for chunk in answer.aiter_raw()]))
    assert weight < 80_000, weight


async def test_what_cannot_be_read_is_said_so(browser: httpx.AsyncClient) -> None:
    broken = await browser.post("/", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert broken.status_code == 400
    assert "Gửi phản ánh hiện trường" in broken.text


async def test_who_fills_the_memory_or_the_disk_is_refused_in_words(
    browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "a" * (forms.WORDS_BYTES + 1)
    for answer in (
        await browser.post("/", data={"text": words}, files={"photos": ("a.jpg", b"x")}),
        await browser.post("/", data={"text": words[:-9], "address": words[:-9]}, files={"photos": ("a.jpg", b"x")}),
        await browser.post("/follow", data={"email": words}),
        await browser.post("/console/signin", data={"username": words}),
    ):
        assert (answer.status_code, "tối đa 1 MB" in answer.text) == (413, True)
    monkeypatch.setattr(uploads, "_SPARE", 1 << 60)
    full = await browser.post("/", files={"photos": ("a.jpg", b"x" * 300_000)})
    assert (full.status_code, "quá nhiều ảnh" in full.text) == (503, True)
    small = await browser.post("/", files={"photos": ("a.jpg", b"x" * 1_000)})
    assert small.status_code == 422


async def test_a_spot_that_many_have_reported_waits_with_the_form_kept_unless_life_is_in_danger(
    browser: httpx.AsyncClient, world: World
) -> None:
    spot = {"lat": "9.1769", "lon": "105.1500", "address": ""}
    parts, place = world.parts, Place(9.1769, 105.15)
    for number in range(A_SPOT_AN_HOUR):
        new = NewReport(
            text=GOOD["text"], place=place, channel="web", lang="vi", consent=True, category="street-light",
            key=("web", f"spot-{number}"),
        )  # fmt: skip
        await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, new)
    answer = await post(browser, world, **spot)
    assert answer.status_code == 429
    assert "ở ngay chỗ này" in answer.text
    assert GOOD["text"] in html.unescape(answer.text)
    guessed = await post(browser, world, **spot, category="", text="den duong hong toi thui")
    assert guessed.status_code == 429
    danger = await post(browser, world, **spot, text="Dây điện của cột đèn đứt rơi xuống đường, có người bị điện giật")
    assert (await filed(world, danger)).urgency == "urgent"
    elsewhere = await post(browser, world, **(spot | {"lat": "9.1800"}))
    assert elsewhere.status_code == 303
