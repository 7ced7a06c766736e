"""What a device has kept and sends, over HTTP; and what makes the pages an app."""

import json
import re
import time
from uuid import uuid4

import httpx
import pytest

from app.notify.vapid import public_key
from app.portal import trap
from app.portal.installed import worker_script
from app.reports import service as reports
from tests.portal.test_send_page import GOOD, ticket
from tests.world import World, photo


async def send(
    browser: httpx.AsyncClient, world: World, key: str, *photos: bytes, **changed: str
) -> tuple[int, dict[str, object]]:
    form = {"key": key, "ticket": ticket(world), **GOOD, **changed}
    files = [("photos", ("a.jpg", data, "image/jpeg")) for data in photos] or {"photos": ("", b"")}
    answer = await browser.post("/waiting", data=form, files=files, headers={"Accept": "application/json"})
    return answer.status_code, answer.json()


async def test_sent_twice_under_one_key_is_one_report_and_the_browser_remembers_it(
    browser: httpx.AsyncClient, world: World
) -> None:
    key = str(uuid4())
    (status, one), (_, two) = [await send(browser, world, key, photo("chờ"), b"no photo") for _ in range(2)]
    assert status == 200
    assert one == two
    assert one["unusable"] == 1
    report = await reports.find(world.parts.pool, str(one["code"]))
    assert (report.channel, report.body) == ("web", GOOD["text"])
    assert GOOD["text"] in (await browser.get(str(one["page"]))).text
    assert GOOD["text"] in (await browser.get(f"/r/{one['code']}")).text, "the cookie alone will do"


async def test_what_was_changed_after_it_had_arrived_says_what_arrived(
    browser: httpx.AsyncClient, world: World
) -> None:
    key = str(uuid4())
    _, first = await send(browser, world, key)
    status, said = await send(browser, world, key, text="Đống rác to ở đầu hẻm bốc mùi")
    assert status == 409
    assert said["before"] == {"code": first["code"], "page": first["page"]}
    assert "đã được gửi thành một phản ánh" in str(said["problems"])


@pytest.mark.parametrize("key", ["", "1", "0" * 36, "../../x", "416D6841-4367-4F74-AF2E-8357CDDFF0B6"])
async def test_a_key_that_somebody_could_guess_is_refused(key: str, browser: httpx.AsyncClient, world: World) -> None:
    assert (await send(browser, world, key))[0] == 422


async def test_everything_wrong_is_told_by_field(browser: httpx.AsyncClient, world: World) -> None:
    status, said = await send(browser, world, str(uuid4()), text="", phone="x", consent="", address="")
    assert status == 422
    problems = said["problems"]
    assert isinstance(problems, list)
    assert {one["field"] for one in problems} == {"text", "address", "phone", "consent"}


async def test_a_form_that_waited_longer_than_its_ticket_lasts_gets_a_new_one_which_is_not_good_at_once(
    browser: httpx.AsyncClient, world: World
) -> None:
    old = ticket(world, trap.LIFETIME + 60)
    status, said = await send(browser, world, str(uuid4()), ticket=old)
    assert status == 422
    assert [one["field"] for one in said["problems"]] == ["ticket"]  # type: ignore[attr-defined]
    fresh = (await browser.get("/waiting/ticket")).json()["ticket"]
    assert (await send(browser, world, str(uuid4()), ticket=fresh))[0] == 422
    secret = world.parts.settings.secret_key
    assert trap.holds(secret, fresh, time.time() + trap.LEAST_SECONDS)


async def test_what_is_no_form_is_told_as_json(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/waiting", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert answer.status_code == 400
    assert answer.json()["problems"]


async def test_the_app_is_described_and_its_worker_keeps_only_what_is_the_same_for_everybody(
    browser: httpx.AsyncClient, world: World
) -> None:
    manifest = json.loads((await browser.get("/manifest.webmanifest")).content)
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        assert (await browser.get(icon["src"])).headers["content-type"] == "image/png"
    script = (await browser.get("/sw.js")).text
    assert script == worker_script(public_key(world.parts.settings.secret_key))
    found = re.match(r"const SETUP = (\{.*\});", script)
    assert found
    setup = json.loads(found[1])
    for path in (*setup["assets"], *setup["scripts"], setup["here"], setup["offline"]):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert "set-cookie" not in answer.headers, path
    needed = re.findall(r' (?:src|href)="(/static/[^"]+\.(?:js|css|svg))"', (await browser.get("/")).text)
    assert needed
    assert set(needed) <= set(setup["assets"])
