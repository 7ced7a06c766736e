"""The wall display over HTTP, and everything that it is sent."""

import asyncio
import re
from contextlib import aclosing

import httpx
import pytest
from litestar.routes import HTTPRoute

from app.db import Pool
from app.reports.workflow import Act
from app.stats.projection import catch_up
from app.wall.app import wall_app
from app.wall.hub import Hub
from app.wall.scenes import PARTS, Scenes
from app.wiring import Parts
from tests.console.reports import act, file, street
from tests.serving import running
from tests.small_world import counted, counting
from tests.wall.conftest import events, link, revoke
from tests.world import HERE, LAN, LIGHT, World


async def everything(browser: httpx.AsyncClient, path: str) -> dict[str, str]:
    """The parts a screen is sent when it connects."""
    found: dict[str, str] = {}
    async with aclosing(events(browser, path)) as said:
        async for name, data in said:
            found[name] = data
            if name == "beat":
                return found
    return found


async def test_every_address_says_who_may_open_it(parts: Parts) -> None:
    said = {
        (str(method), route.path_format): handler.opt["who"]
        for route in wall_app(parts).routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS"}
    }
    assert said == {
        ("GET", "/wall/{token}"): "link",
        ("GET", "/wall/{token}/events"): "link",
        ("GET", "/wall/static/{version}/{name}"): "anyone",
    }


async def test_a_link_opens_the_wall_without_signing_in(screen: httpx.AsyncClient, world: World) -> None:
    answer = await screen.get(await link(world))
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=|https?://", answer.text)
    assert "Hôm nay" in answer.text
    assert int(answer.headers["content-length"]) < 60_000
    assert answer.cookies == {}


@pytest.mark.parametrize("path", ["/wall", "/wall/abc", "/wall/abc/events", "/wall/" + "A" * 48])
async def test_without_a_link_there_is_nothing(screen: httpx.AsyncClient, path: str) -> None:
    answer = await screen.get(path)
    assert answer.status_code == 404
    assert "Liên kết này không đúng" in answer.text


async def test_a_revoked_link_says_so(screen: httpx.AsyncClient, world: World) -> None:
    path = await link(world)
    await revoke(world, path)
    for each in (path, f"{path}/events"):
        answer = await screen.get(each)
        assert answer.status_code == 410
        assert "đã bị thu hồi" in answer.text
    assert "was revoked" in (await screen.get(path, params={"lang": "en"})).text


async def test_it_speaks_english_when_the_address_says_so(screen: httpx.AsyncClient, world: World) -> None:
    path = await link(world)
    page = await screen.get(path, params={"lang": "en"})
    assert 'lang="en"' in page.text
    assert "Received" in page.text
    assert "Tiếp nhận" not in page.text


async def test_a_screen_is_sent_every_part_and_then_what_changes(
    screen: httpx.AsyncClient, world: World, address: str
) -> None:
    path = await link(world)
    async with aclosing(events(screen, path)) as said:
        at_first = {}
        async for name, data in said:
            at_first[name] = data
            if name == "beat":
                break
        assert at_first.keys() == {*PARTS, "beat"}
        await file(address)
        await catch_up(world.parts.pool)
        async for name, data in said:
            if name == "today":
                assert data != at_first["today"]
                break


async def test_an_open_screen_is_told_that_its_link_was_revoked(screen: httpx.AsyncClient, world: World) -> None:
    path = await link(world)
    other = await link(world, "Sảnh")
    async with aclosing(events(screen, path)) as said:
        async for name, _ in said:
            if name == "beat":
                await revoke(world, path)
            if name == "gone":
                break
    assert "today" in await everything(screen, other)


async def test_nothing_personal_is_ever_sent(screen: httpx.AsyncClient, world: World, address: str) -> None:
    exact = {"lat": "9.2254321", "lon": "105.1791234"}
    code = await file(address, street(1), **exact, address="Hẻm 7 đường Phan Ngọc Hiển, nhà bà Sáu")
    await act(world, "officer", code, Act.START)
    await act(world, "officer", code, Act.NOTE, text="Gọi anh Khang trước khi đến.")
    await file(address, category="noise", text="Hàng xóm hát karaoke suốt đêm, gọi 0912 345 678.")
    await catch_up(world.parts.pool)
    path = await link(world)
    sent = (await screen.get(path)).text + "".join((await everything(screen, path)).values())
    report = await world.parts.pool.fetchrow("SELECT * FROM reports WHERE code = $1", code)
    assert report is not None
    secrets = [*LAN.values(), LIGHT["text"], "Phan Ngọc Hiển", "bà Sáu", "anh Khang", "karaoke", code, "PA-"]
    secrets += [exact["lat"], exact["lon"], exact["lat"][:7], exact["lon"][:8], str(report["report_id"])]
    secrets += [person.full_name for person in world.people.values()]
    secrets += [person.username for person in world.people.values()]
    secrets += [bytes(row["sha256"]).hex() for row in await world.parts.pool.fetch("SELECT sha256 FROM report_photos")]
    assert [one for one in secrets if str(one) in sent] == []
    assert "Đèn đường" in sent  # the category is said


async def test_any_number_of_screens_costs_one_reader(world: World, database_url: str) -> None:
    async with counting(database_url) as (pool, statements):
        await pool.fetchval("SELECT 1")
        parts = _with(world.parts, pool)
        one = await _cost(parts, statements, 1)
        many = await _cost(parts, statements, 25)
    assert len(many) <= len(one) + 1, many


def _with(parts: Parts, pool: Pool) -> Parts:
    return Parts(parts.settings, pool, parts.objects, parts.lab, parts.gazetteer, parts.rules)


async def _cost(parts: Parts, statements: list[str], screens: int) -> list[str]:
    """What is asked of the database while so many screens connect and are sent everything."""
    hub = Hub(parts, Scenes(parts))
    await hub.parts_of("vi")
    await counted(statements)

    async def look() -> None:
        async with aclosing(hub.messages(b"x" * 32, "vi")) as said:
            async for message in said:
                if message.event == "beat":
                    return

    await asyncio.gather(*(look() for _ in range(screens)))
    hub.close()
    return await counted(statements)


async def test_a_stopping_server_lets_go_of_its_screens(world: World) -> None:
    server = running(world.parts)
    path = await link(world)
    async with server as address, httpx.AsyncClient(base_url=address, timeout=60) as browser:
        said = events(browser, path)
        assert (await anext(said))[0] == "today"
        server.server.should_exit = True
        async with asyncio.timeout(60):
            assert [name async for name, _ in said][-1:] != ["gone"]
            await server.task


async def test_lights_are_shown_by_the_middle_of_their_square(screen: httpx.AsyncClient, world: World) -> None:
    await file(str(screen.base_url).rstrip("/"))
    path = await link(world)
    found = await everything(screen, path)
    assert "<circle" in found["pins"]
    assert str(HERE["lat"]) not in found["pins"]
