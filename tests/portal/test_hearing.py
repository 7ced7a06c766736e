"""A browser that hears of its reports by Web Push: which ones, who may say so, and how it ends."""

import httpx
import pytest

from app.accounts import citizens
from app.db import transaction
from app.notify.vapid import public_key
from app.reports import devices
from app.reports.model import Report
from app.reports.workflow import Act
from tests.browser_keys import Browser
from tests.console.reports import act as done_by
from tests.portal.test_devices import code_of
from tests.portal.test_report_page import sent
from tests.world import World

ADDRESS = "https://1.1.1.1/push/"
BUTTON = 'id="hear-on"'


async def hears(browser: httpx.AsyncClient, name: str, **more: str) -> httpx.Response:
    form = {"address": f"{ADDRESS}{name}", **Browser().keys, **more}
    return await browser.post("/mine/push", data=form, headers={"Accept": "application/json"})


async def told_at(world: World, report: Report) -> str | None:
    """The address by which the reporter hears."""
    found: str | None = await world.parts.pool.fetchval(
        """
        SELECT channel_user_id FROM report_contacts JOIN channel_identities USING (citizen_id)
        WHERE report_id = $1
        """,
        report.report_id,
    )
    return found


async def known(world: World, name: str) -> bool:
    sql = "SELECT EXISTS (SELECT FROM channel_identities LEFT JOIN push_keys USING (channel, channel_user_id)"
    return bool(await world.parts.pool.fetchval(f"{sql} WHERE channel_user_id = $1)", f"{ADDRESS}{name}"))


async def test_all_reports_of_the_browser_are_heard_of_also_those_that_come_later_until_it_is_switched_off(
    browser: httpx.AsyncClient, world: World
) -> None:
    one, _ = await sent(browser, world)
    two, _ = await sent(browser, world, address="30 Lý Bôn, phường An Xuyên")
    assert set((await hears(browser, "a")).json()["codes"]) == {one.code, two.code}
    three, _ = await sent(browser, world, address="31 Lý Bôn, phường An Xuyên")
    assert await told_at(world, three) is None
    assert len((await hears(browser, "a")).json()["codes"]) == 3
    assert {await told_at(world, each) for each in (one, two, three)} == {f"{ADDRESS}a"}
    # The browser was given a new address by its push service.
    await hears(browser, "b")
    assert (await told_at(world, one), await known(world, "a")) == (f"{ADDRESS}b", False)
    for _ in range(2):
        assert (await browser.post("/mine/push/off", data={"address": f"{ADDRESS}b"})).status_code == 200
    assert (await told_at(world, one), await known(world, "b")) == (None, False)


async def test_nobody_hears_of_somebody_elses_report(browser: httpx.AsyncClient, world: World, address: str) -> None:
    report, _ = await sent(browser, world)
    await hears(browser, "own")
    async with httpx.AsyncClient(base_url=address) as stranger:
        assert (await hears(stranger, "thief")).status_code == 403
        stranger.cookies.set("phananh-mine", f"{report.code}~{'x' * 24}")
        assert (await hears(stranger, "thief")).status_code == 403
        await stranger.post("/mine/push/off", data={"address": f"{ADDRESS}other"})
        page = (await stranger.get(f"/r/{report.code}")).text
        assert BUTTON not in page
        assert "hear.js" not in page
    for path in ("/mine/push", "/mine/push/off"):
        form = {"address": f"{ADDRESS}own", **Browser().keys}
        foreign = await browser.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403, path
    assert (await told_at(world, report), await known(world, "thief")) == (f"{ADDRESS}own", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "https://10.0.0.1/x"},
        {"address": "http://1.1.1.1/x"},
        {"address": ""},
        {"p256dh": "x"},
        {"auth": ""},
    ],
)
async def test_only_public_addresses_with_the_keys_of_a_browser_are_kept(
    browser: httpx.AsyncClient, world: World, wrong: dict[str, str]
) -> None:
    report, _ = await sent(browser, world)
    refused = await hears(browser, "c", **wrong)
    assert refused.status_code == 422
    assert refused.json()["problem"]
    assert await told_at(world, report) is None


async def test_another_device_of_the_same_person_takes_over_and_a_chat_keeps_what_it_has(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    one, _ = await sent(browser, world)
    two, _ = await sent(browser, world, address="32 Lý Bôn, phường An Xuyên")
    await hears(browser, "first")
    code = await code_of(browser)
    async with httpx.AsyncClient(base_url=address) as other:
        await other.post("/mine/take", data={"code": code})
        await hears(other, "second")
    assert (await told_at(world, one), await known(world, "first")) == (f"{ADDRESS}second", False)
    async with transaction(world.parts.pool) as conn:
        chat = await citizens.citizen(conn, "telegram", "700000123", "Lan", "vi")
        await devices.give(conn, [one.report_id], chat.citizen_id)
    assert (await hears(browser, "first")).json()["codes"] == [two.code]
    assert (await told_at(world, one), await told_at(world, two)) == ("700000123", f"{ADDRESS}first")
    assert "nhận tin về phản ánh này trong kênh chat" in (await browser.get(f"/r/{one.code}")).text
    async with transaction(world.parts.pool) as conn:
        await devices.give(conn, [two.report_id], chat.citizen_id)
    assert not await known(world, "first"), "an address that hears of nothing is not kept"
    refused = await hears(browser, "first")
    assert (refused.status_code, "kênh chat" in refused.json()["problem"]) == (409, True)


async def test_the_button_is_on_the_reporters_pages_and_weighs_nothing_where_a_report_is_sent(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, _ = await sent(browser, world)
    own, mine, send = [(await browser.get(path)).text for path in (f"/r/{report.code}", "/mine", "/")]
    key = public_key(world.parts.settings.secret_key)
    for page in (own, mine):
        assert BUTTON in page
        assert f'data-key="{key}"' in page
    for script in ("hear.js", "pushing.js", "hear.css", "hear-on"):
        assert script not in send
    assert f'"key":"{key}"' in (await browser.get("/sw.js")).text
    await done_by(world, "coordinator", report.code, Act.REJECT, text="Không thuộc phạm vi tiếp nhận.")
    assert BUTTON not in (await browser.get(f"/r/{report.code}")).text, "nothing more comes of it"
