"""The map page over HTTP: whose link it is, that it works once, and what gets into the chat."""

import asyncio
import gzip
import html
import re

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute
from uuid_utils.compat import uuid7

from app import pins
from app.addresses import Limiter
from app.portal.app import portal_app
from app.settings import Tiles
from app.settings.channels import Telegram
from app.wiring import Parts
from bot.conversation import store_inbox
from bot.conversation.channel import Update
from tests.portal.conftest import HERE, SCRIPT, asked_where, opened
from tests.serving import running
from tests.world import World


async def test_every_page_says_who_may_open_it(parts: Parts) -> None:
    routes = [route for route in portal_app(parts, Limiter(), secure=False).routes if isinstance(route, HTTPRoute)]
    said = {
        (route.path_format, handler.opt["who"])
        for route in routes
        for handler in route.route_handlers
        if handler.http_methods != {"OPTIONS"}
    }
    assert said == {
        ("/", "anyone"),
        ("/look", "anyone"),
        ("/language/{wanted}", "anyone"),
        ("/track", "anyone"),
        ("/track/forget", "anyone"),
        ("/r/{code}", "anyone"),
        ("/r/{code}", "secret"),
        ("/r/{code}/card.png", "anyone"),
        ("/reports", "anyone"),
        ("/reports/points", "anyone"),
        ("/communes/{code}", "anyone"),
        ("/mine", "anyone"),
        ("/mine/move", "secret"),
        ("/mine/push", "secret"),
        ("/mine/push/off", "link"),
        ("/mine/cancel", "link"),
        ("/mine/take", "link"),
        ("/waiting", "anyone"),
        ("/waiting/ticket", "anyone"),
        ("/manifest.webmanifest", "anyone"),
        ("/sw.js", "anyone"),
        ("/offline", "anyone"),
        ("/faq", "anyone"),
        ("/embeds", "anyone"),
        ("/embed/button", "anyone"),
        ("/embed/map", "anyone"),
        ("/embed/points", "anyone"),
        ("/privacy", "anyone"),
        ("/m/{token}", "link"),
        ("/map/{version}/{province}", "anyone"),
        ("/map/search", "anyone"),
        ("/static/{version}/{name}", "anyone"),
        ("/opendata", "anyone"),
        ("/opendata/catalog.jsonld", "anyone"),
        ("/opendata/{name}", "anyone"),
        ("/feeds/{last}", "anyone"),
        ("/feeds/communes/{code}", "anyone"),
        ("/feeds/communes/{code}/{kind}/{last}", "anyone"),
        ("/feeds/groups/{last}", "anyone"),
        ("/feeds/categories/{last}", "anyone"),
        ("/feeds/photos/{last}", "anyone"),
        ("/follow", "anyone"),
        ("/follow/sent", "anyone"),
        ("/follow/confirm", "link"),
        ("/follow/mine", "link"),
        ("/follow/end", "link"),
    }


async def test_a_point_reaches_the_bots_inbox_once_however_often_it_is_sent(
    browser: httpx.AsyncClient, world: World
) -> None:
    chat = await asked_where(world.parts)
    assert (await browser.get(chat.path)).status_code == 200
    answers = await asyncio.gather(*(browser.post(chat.path, data=HERE, headers=SCRIPT) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7
    assert {answer.text for answer in answers if answer.status_code == 200} == {'{"sent":true}'}
    draft_id = str(chat.link.draft_id)
    assert await chat.pins() == [{"draft_id": draft_id, "lang": "vi", "lat": 9.22461, "lon": 105.178, "address": ""}]


async def test_a_pin_is_answered_after_what_the_chat_brought_before_it(
    browser: httpx.AsyncClient, world: World
) -> None:
    chat = await asked_where(world.parts)
    async with world.parts.pool.acquire() as conn:
        await store_inbox.receive(conn, chat.link.bot, [Update(7, chat.link.chat_id, {})])
        await browser.post(chat.path, data=HERE)
        await store_inbox.receive(conn, chat.link.bot, [Update(8, chat.link.chat_id, {})])
        found = await store_inbox.unprocessed(conn, chat.link.bot)
    mine = [update.update_id for update in found if update.chat_id == chat.link.chat_id]
    assert mine == [7, chat.link.update_id, 8]
    assert -(2**63) <= chat.link.update_id < 0


async def test_sending_a_pin_wakes_the_bot(browser: httpx.AsyncClient, world: World) -> None:
    chat = await asked_where(world.parts)
    woken = asyncio.Event()
    async with world.parts.pool.acquire() as conn:
        await conn.add_listener(pins.WAKE, lambda *_: woken.set())
        await browser.post(chat.path, data=HERE)
        await asyncio.wait_for(woken.wait(), 10)
        await conn.reset()


async def test_without_scripts_an_address_in_words_is_sent(browser: httpx.AsyncClient, world: World) -> None:
    chat = await asked_where(world.parts)
    page = await browser.get(chat.path)
    assert '<form id="place" method="post"' in page.text
    sent = await browser.post(chat.path, data={"address": "  12 Lý Bôn,\x00 phường\nAn Xuyên ", "init_data": ""})
    assert "Đã gửi vị trí" in sent.text
    [pin] = await chat.pins()
    assert (pin["address"], pin["lat"]) == ("12 Lý Bôn, phường An Xuyên", None)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "chưa ghi địa chỉ"),
        ({"address": " … "}, "chưa ghi địa chỉ"),
        ({"address": "a" * 301}, "dài quá 300 ký tự"),
        ({"lat": "48.85", "lon": "2.35"}, "nằm ngoài Việt Nam"),
        ({"lat": "105.178", "lon": "9.2246"}, "bị đảo ngược"),
        ({"lat": "9,2", "lon": "105.178"}, "không đọc được"),
        ({"lat": "nan", "lon": "inf"}, "không đọc được"),
        ({"lat": "9.2"}, "không đọc được"),
    ],
)
async def test_what_cannot_be_a_place_is_said_beside_the_field_and_the_link_stays_good(
    browser: httpx.AsyncClient, world: World, form: dict[str, str], said: str
) -> None:
    chat = await asked_where(world.parts)
    page = await browser.post(chat.path, data=form)
    assert page.status_code == 422
    assert said in html.unescape(page.text)
    assert 'aria-invalid="true"' in page.text
    script = await browser.post(chat.path, data=form, headers=SCRIPT)
    assert (script.status_code, said in script.json()["problem"]) == (422, True)
    assert (await browser.post(chat.path, data=HERE)).status_code == 200


async def test_a_body_that_is_no_form_and_one_that_is_too_long(browser: httpx.AsyncClient, world: World) -> None:
    chat = await asked_where(world.parts)
    for body, status in ((b"lat=%ff\xff", 422), (b"a=b&" * 20, 422), (b"address=" + b"a" * 40_000, 413)):
        answer = await browser.post(chat.path, content=body, headers=SCRIPT)
        assert (answer.status_code, bool(answer.json()["problem"])) == (status, True)
    assert await chat.pins() == []


async def test_a_used_an_ended_and_an_overtaken_link_say_what_to_do(browser: httpx.AsyncClient, world: World) -> None:
    used, ended, over = [await asked_where(world.parts, lasts=lasts) for lasts in (600, -1, 600)]
    await browser.post(used.path, data=HERE)
    await over.drop()
    for chat, said in (
        (used, "Vị trí đã được gửi bằng đường dẫn này"),
        (ended, "quá 24 giờ"),
        (over, "đã gửi hoặc đã bỏ"),
    ):
        for answer in (await browser.get(chat.path), await browser.post(chat.path, data=HERE)):
            assert (answer.status_code, said in answer.text) == (410, True)
            assert answer.headers["content-language"] == "vi"
    assert len(await used.pins()) == 1
    assert await ended.pins() == await over.pins() == []


async def test_a_link_is_not_good_for_the_chats_next_report(browser: httpx.AsyncClient, world: World) -> None:
    before = await asked_where(world.parts)
    await before.drop()
    after = await asked_where(world.parts, chat_id=before.link.chat_id)
    assert (await browser.post(before.path, data=HERE)).status_code == 410
    assert (await browser.post(after.path, data=HERE)).status_code == 200


async def test_a_link_that_we_did_not_sign_is_nobodys(browser: httpx.AsyncClient, world: World) -> None:
    chat = await asked_where(world.parts)
    other = msgspec.structs.replace(chat.link, chat_id="1")
    foreign = pins.sign(b"another secret", chat.link)
    token = chat.path.removeprefix("/m/")
    mixed = token[:20] + pins.sign(world.parts.settings.secret_key, other)[20:]
    for wrong in (foreign, mixed, token[:-1], token + "A", token[:10], "A", "é", "." * 40):
        answer = await browser.get(f"/m/{wrong}")
        assert (answer.status_code, "không đúng" in answer.text) == (404, True), wrong
        assert (await browser.post(f"/m/{wrong}", data=HERE)).status_code == 404
    assert (await browser.get("/m/")).status_code == (await browser.get("/m/a/b")).status_code == 404
    assert await chat.pins() == []


async def test_it_is_in_the_citizens_language(browser: httpx.AsyncClient, world: World) -> None:
    chat = await asked_where(world.parts, lang="en")
    page = await browser.get(chat.path, headers={"Accept-Language": "vi"})
    assert '<html lang="en">' in page.text
    assert "Where did it happen?" in page.text
    sent = await browser.post(chat.path, data=HERE)
    assert "Place sent" in sent.text
    assert "go back to the chat" in (await browser.get(chat.path)).text.lower()
    assert "There is no such page" in (await browser.get("/map/nothing", headers={"Accept-Language": "en"})).text


# ---------------------------------------------------------------- inside Telegram


async def test_a_page_for_telegram_takes_a_place_only_from_the_person_it_was_sent_to(
    browser: httpx.AsyncClient, world: World
) -> None:
    chat = await asked_where(world.parts, "telegram")
    mine = opened(chat.link.chat_id)
    bent = mine[:-1] + ("1" if mine.endswith("0") else "0")
    for data in ("", "nonsense", bent, opened("123456"), opened(chat.link.chat_id, token="1:other")):
        answer = await browser.post(chat.path, data=HERE | {"init_data": data}, headers=SCRIPT)
        assert (answer.status_code, "chính anh/chị mở" in answer.json()["problem"]) == (403, True), data
    late = await browser.post(chat.path, data=HERE | {"init_data": opened(chat.link.chat_id, ago=4000)})
    assert (late.status_code, "mở quá lâu" in late.text) == (403, True)
    assert await chat.pins() == []
    assert (await browser.post(chat.path, data=HERE | {"init_data": mine})).status_code == 200
    assert len(await chat.pins()) == 1


async def test_only_the_chat_page_may_frame_it_and_with_a_real_bot_only_telegram(
    browser: httpx.AsyncClient, world: World
) -> None:
    chat = await asked_where(world.parts)
    policy = (await browser.get(chat.path)).headers["content-security-policy"]
    assert policy.endswith("img-src 'self' data:; frame-ancestors http://127.0.0.1:8081 http://localhost:8081")
    real = msgspec.structs.replace(
        world.parts.settings,
        telegram=Telegram("1:real", None, None),
        tiles=Tiles("https://{s}.tiles.example/{z}/{x}/{y}.png", "© <b>Sở</b>"),
    )
    async with running(msgspec.structs.replace(world.parts, settings=real)) as address:
        page = await browser.get(f"{address}{chat.path}")
    policy = page.headers["content-security-policy"]
    assert policy.endswith("img-src 'self' data: https://*.tiles.example; frame-ancestors https://web.telegram.org")
    assert "© \\u003cb\\u003eSở" in page.text
    assert "frame-ancestors 'none'" in (await browser.get("/console/signin")).headers["content-security-policy"]
    # What a page says when it cannot be shown is framed by whoever may frame the page itself.
    ours = "frame-ancestors http://127.0.0.1:8081 http://localhost:8081"
    assert ours in (await browser.get(f"{pins.PAGE}/no-such-link")).headers["content-security-policy"]
    for path in ("/r/PA-0000-0000", "/communes/00000", "/reports/nothing/at/all"):
        failed = await browser.get(path)
        assert failed.status_code >= 400
        assert "frame-ancestors 'none'" in failed.headers["content-security-policy"], path


# ---------------------------------------------------------------- map and search


def areas_of(page: httpx.Response) -> str:
    found = re.search(r'data-areas="([^"]+)"', page.text)
    assert found
    return found[1]


async def test_the_provinces_communes_come_packed_and_are_kept_for_good(
    browser: httpx.AsyncClient, world: World
) -> None:
    path = areas_of(await browser.get((await asked_where(world.parts)).path))
    areas = await browser.get(path)
    assert "immutable" in areas.headers["cache-control"]
    assert areas.headers["content-encoding"] == "gzip"
    assert len(areas.json()["features"]) == 64
    assert areas.json()["features"][0]["geometry"]["type"] == "Point"
    plain = await browser.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == areas.content
    etag = areas.headers["etag"]
    assert (await browser.get(path, headers={"If-None-Match": etag})).status_code == 304
    older = await browser.get("/map/000000000000/96")
    assert (older.headers["cache-control"], older.content) == ("no-cache", areas.content)
    assert (await browser.get("/map/000000000000/00")).status_code == 404


async def test_a_search_gives_places_of_the_province_or_the_very_point(browser: httpx.AsyncClient) -> None:
    async def found(words: str) -> list[dict[str, object]]:
        return list((await browser.get("/map/search", params={"q": words})).json())

    [one] = await found("duong ly bon phuong an xuyen")
    assert (one["name"], round(float(str(one["lat"])), 3)) == ("Phường An Xuyên", 9.225)
    assert len(await found("tắc vân")) == 2
    assert await found("9.2246, 105.178") == [{"name": "", "lat": 9.2246, "lon": 105.178}]
    assert await found("quận 1, thành phố Hồ Chí Minh") == await found("") == await found("x" * 5000) == []
    abroad = await browser.get("/map/search", params={"q": "48.85, 2.35"}, headers=SCRIPT)
    assert (abroad.status_code, "ngoài Việt Nam" in abroad.json()["problem"]) == (422, True)


async def test_scripts_and_styles_come_packed_under_their_hash(browser: httpx.AsyncClient, world: World) -> None:
    page = await browser.get((await asked_where(world.parts)).path)
    paths = re.findall(r'"(/static/[^"]+)"', page.text)
    assert {path.rpartition("/")[2] for path in paths} == {
        "icon.svg", "portal.css", "leaflet.css", "leaflet.js", "map.js",
    }  # fmt: skip
    for path in paths:
        async with browser.stream("GET", path) as answer:
            raw = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
        plain = await browser.get(path, headers={"Accept-Encoding": "identity"})
        assert gzip.decompress(raw) == plain.content
        hashed = path.split("/")[2]
        assert (await browser.get(path.replace(hashed, "0" * 12))).status_code == 404
    assert (await browser.get("/static/0/..%2Fassets.py")).status_code == 404


async def test_the_first_load_is_small(browser: httpx.AsyncClient, world: World) -> None:
    """80,000 bytes are the limit with Cà Mau's real boundaries, which take 22,200 more than its centres."""
    page = await browser.get((await asked_where(world.parts)).path)
    total = len(gzip.compress(page.content))
    for path in [*re.findall(r'"(/static/[^"]+)"', page.text), areas_of(page)]:
        async with browser.stream("GET", path) as answer:
            total += sum([len(chunk) async for chunk in answer.aiter_raw()])
    assert total < 57_800


# ---------------------------------------------------------------- links


def test_a_link_is_given_only_where_citizens_can_open_it(parts: Parts) -> None:
    def offered(channel: str, public_url: str, *, real: bool = True) -> bool:
        settings = msgspec.structs.replace(
            parts.settings, public_url=public_url, telegram=Telegram("1:real", None, None) if real else None
        )
        draft_id = uuid7()
        link = pins.map_link(
            settings, bot="b", channel=channel, chat_id="1", draft_id=draft_id, lang="vi", now=1_000_000.0
        )
        if link is not None:
            token = link.removeprefix(f"{public_url}/m/")
            assert pins.read_link(settings.secret_key, token, 1_000_001.0).draft_id == draft_id
        return link is not None

    assert offered("telegram", "https://phananh.example")
    assert offered("zalo_bot", "http://phananh.example")
    assert not offered("telegram", "http://phananh.example")
    assert not offered("zalo_bot", "http://localhost:8000")
    assert offered("telegram", "http://localhost:8000", real=False)
