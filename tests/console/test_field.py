"""Field mode over HTTP: what the phone keeps, and how an act that was kept is taken."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx

from app.console.field_install import LATER
from app.photos import service as photos
from app.places.service import embedded_default
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Contact, NewReport, Place, Report
from tests.console.conftest import PAGES, Visitor
from tests.world import AN_XUYEN, HERE, World, photo

WORDS = "Đèn trước nhà tắt, gọi chị Nguyễn Thị Lan 0912 345 678 <b>nhé</b>."
FIELD = f"{PAGES}/field"


async def light(world: World, *, pictures: tuple[bytes, ...] = (), category: str = "street-light") -> Report:
    """A report whose reporter put their name and number into it."""
    parts = world.parts
    stored = [await photos.store_photo(parts.pool, parts.objects, parts.lab, data) for data in pictures]
    new = NewReport(
        text=WORDS, place=Place(HERE["lat"], HERE["lon"], "12 Lý Bôn", AN_XUYEN), channel="web", lang="vi",
        consent=True, category=category, contact=Contact("Nguyễn Thị Lan", "0912 345 678"), photos=tuple(stored),
    )  # fmt: skip
    return (await file_report(parts.pool, parts.rules, embedded_default(), b"k" * 40, new)).report


async def work(browser: httpx.AsyncClient) -> dict[str, Any]:
    answer = await browser.get(f"{FIELD}/work")
    assert answer.status_code == 200
    return dict(answer.json())


async def card_of(browser: httpx.AsyncClient, code: str) -> dict[str, Any] | None:
    return next((card for card in (await work(browser))["cards"] if card["code"] == code), None)


async def act(browser: httpx.AsyncClient, report: Report, name: str, **more: Any) -> httpx.Response:
    """As the phone sends it; ``pictures`` are files."""
    pictures = more.pop("pictures", ())
    files = {f"photo{at}": (f"{at}.jpg", data, "image/jpeg") for at, data in enumerate(pictures)}
    csrf = (await browser.get(f"{FIELD}/session")).json()["csrf"]
    form = {"csrf": csrf, "client_key": str(uuid4()), "code": report.code, "act": name, "version": report.version}
    return await browser.post(f"{FIELD}/acts", data=form | more, files=files or None)


async def kinds(world: World, report: Report) -> list[str]:
    rows = await world.parts.pool.fetch(
        "SELECT kind FROM report_events WHERE report_id = $1 ORDER BY seq", report.report_id
    )
    return [row["kind"] for row in rows]


# ---------------------------------------------------------------- what the phone keeps


async def test_a_phone_keeps_the_agencys_open_cases_and_nothing_of_the_reporter(visitor: Visitor, world: World) -> None:
    report = await light(world, pictures=(photo("trước"),))
    officer = await visitor("officer")
    kept = await officer.get(f"{FIELD}/work")
    assert "Lan" not in kept.text
    assert "345" not in kept.text
    card = await card_of(officer, report.code)
    assert card is not None
    assert (card["version"], card["commune"], card["mine"]) == (report.version, "Phường An Xuyên", False)
    assert (card["lat"], card["lon"], card["address"]) == (HERE["lat"], HERE["lon"], "12 Lý Bôn")
    assert card["acts"] == ["claim", "start", "progress", "resolve", "ask", "return", "note"]
    assert (await work(officer))["then"]["resolved"] == ["note"]
    small = await officer.get(f"{FIELD}/photos/{report.code}/{card['photos'][0]['photo_id']}")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    assert b"Exif" not in small.content


async def test_another_agency_sees_neither_case_nor_picture(visitor: Visitor, world: World) -> None:
    report = await light(world, pictures=(photo("của công ty"),))
    card = await card_of(await visitor("officer"), report.code)
    assert card is not None
    stranger = await visitor("other_officer")
    assert await card_of(stranger, report.code) is None
    picture = await stranger.get(f"{FIELD}/photos/{report.code}/{card['photos'][0]['photo_id']}")
    assert picture.status_code == 404
    refused = await act(stranger, report, "start")
    assert (refused.status_code, refused.json()["card"]) == (404, None)
    assert report.code in refused.json()["problems"][0]
    assert "started" not in await kinds(world, report)


async def test_whoever_is_limited_to_some_categories_keeps_only_those(visitor: Visitor, world: World) -> None:
    report = await light(world)
    limit = "UPDATE staff SET categories = $2 WHERE staff_id = $1"
    who = world.people["officer"].staff_id
    await world.parts.pool.execute(limit, who, ["tree"])
    assert await card_of(await visitor("officer"), report.code) is None
    await world.parts.pool.execute(limit, who, [])
    assert await card_of(await visitor("officer"), report.code) is not None


async def test_nobody_keeps_anything_without_signing_in(stranger: httpx.AsyncClient) -> None:
    for path in ("", "/session", "/work"):
        assert (await stranger.get(FIELD + path)).status_code == 303


# ---------------------------------------------------------------- acts


async def test_an_act_is_done_and_the_card_comes_back_as_it_is_then(visitor: Visitor, world: World) -> None:
    report = await light(world)
    answer = await act(await visitor("officer"), report, "start")
    assert answer.status_code == 200
    card = answer.json()["card"]
    assert (answer.json()["version"], card["version"]) == (report.version + 1, report.version + 1)
    assert (card["status"], card["mine"], "start" in card["acts"]) == ("in_progress", True, False)


async def test_an_act_sent_again_because_the_answer_was_lost_is_done_once(visitor: Visitor, world: World) -> None:
    report, officer, key = await light(world), await visitor("officer"), str(uuid4())
    proof = {"text": "Đã thay bóng.", "pictures": (photo("sau khi thay"),), "client_key": key}
    first, again = [await act(officer, report, "resolve", **proof) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (await kinds(world, report)).count("resolved") == 1
    case = await service.find(world.parts.pool, report.code)
    async with world.parts.pool.acquire() as conn:
        assert [one.stage for one in (await service.case(conn, case)).pictures] == ["after"]


async def test_what_takes_the_case_away_is_answered_again_all_the_same(visitor: Visitor, world: World) -> None:
    report, officer, key = await light(world), await visitor("officer"), str(uuid4())
    first, again = [await act(officer, report, "return", text="Không phải.", client_key=key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["card"] is None
    assert (await kinds(world, report)).count("returned") == 1


async def test_a_stale_act_is_refused_with_the_case_as_it_is_now(visitor: Visitor, world: World) -> None:
    report = await light(world)
    await act(await visitor("lead"), report, "start")
    answer = await act(await visitor("officer"), report, "progress", text="Đã đến nơi.")
    assert answer.status_code == 409
    assert answer.json()["problems"] == ["Vụ việc vừa được người khác cập nhật."]
    assert answer.json()["card"]["version"] == report.version + 1
    assert "progress" not in await kinds(world, report)


async def test_what_an_act_lacks_is_said_in_words(visitor: Visitor, world: World) -> None:
    report, officer = await light(world), await visitor("officer")
    for form, words in (
        ({"act": "resolve", "text": "Xong."}, "ảnh"),
        ({"act": "dance"}, "không đầy đủ"),
        ({"act": "assign", "agency": "ioc"}, "không đầy đủ"),
        ({"act": "note", "text": "Có.", "version": "một"}, "không đầy đủ"),
        ({"act": "note", "text": "Có.", "client_key": "k"}, "không đầy đủ"),
    ):
        answer = await act(officer, report, form.pop("act"), **form)
        assert answer.status_code == 422
        assert words in answer.json()["problems"][0]
    answer = await act(officer, report, "resolve", text="Xong.", pictures=(b"GIF89a",))
    assert answer.status_code == 422
    assert await kinds(world, report) == ["submitted", "assigned"]


# ---------------------------------------------------------------- an app


async def test_it_can_be_installed(stranger: httpx.AsyncClient) -> None:
    manifest = await stranger.get(f"{FIELD}/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    said = manifest.json()
    assert (said["start_url"], said["scope"], said["display"]) == (FIELD, FIELD, "standalone")
    for icon in said["icons"]:
        picture = await stranger.get(icon["src"])
        width = int.from_bytes(picture.content[16:20])
        assert (picture.headers["content-type"], f"{width}x{width}") == ("image/png", icon["sizes"])


async def test_the_worker_knows_everything_the_page_needs(visitor: Visitor, stranger: httpx.AsyncClient) -> None:
    script = await stranger.get(f"{FIELD}/sw.js")
    assert script.headers["service-worker-allowed"] == FIELD
    setup = json.loads(script.text.splitlines()[0].removeprefix("const SETUP = ").removesuffix(";"))
    page = await (await visitor("officer")).get(FIELD)
    needed = set(re.findall(r'(?:href|src)="(/console/static/[^"]+\.(?:css|js|svg))"', page.text))
    assert needed <= set(setup["assets"])
    assert {one.rpartition("/")[2] for one in setup["assets"]} >= {"field.js", "style.css", *LATER}
    for one in setup["assets"]:
        assert (await stranger.get(one)).status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self'")
    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=|https?://", page.text)
