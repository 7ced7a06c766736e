"""The power company of the demo is a partner like any other: it takes reports, answers, and shows what it was sent."""

from typing import Any

import httpx

from app.partners import deciding, pulling, sending, service
from app.partners.service import Means, Wanted
from app.reports import service as reports
from app.reports.model import Status
from app.webhooks import sending as hooks_sending
from app.webhooks import service as hooks
from app.webhooks.sending import Sender
from bot.simulator.core import Simulator
from bot.simulator.others import PARTNER, RECEIVER
from bot.simulator.server import running
from tests import small_world as world
from tests.partners.conftest import AT_ONCE, push_of


async def test_a_report_goes_to_the_simulated_company_and_its_result_comes_back(
    means: Means, light: dict[str, Any]
) -> None:
    report = (await world.file(means.pool, **light)).report
    async with running(Simulator("1:x")) as url, httpx.AsyncClient(base_url=url, follow_redirects=True) as company:
        wanted = Wanted(name="Điện lực", url=f"{url}{PARTNER}", agency_id="power", repeat="key")
        made = await service.add(means, world.ADMINISTRATOR, wanted, "test")
        seen = await service.connect(means, world.ADMINISTRATOR, made)
        assert (len(seen.services), seen.has_updates) == (2, True)
        await service.map_category(means, world.ADMINISTRATOR, made, "street-light", "mat-dien", {})
        await service.switch(means.pool, world.ADMINISTRATOR, made, on=True)
        # It was given to the agency before; somebody sends it by hand.
        await deciding.send(means.pool, world.ADMINISTRATOR, made, report.code)
        async with means.pool.acquire() as conn:
            one = await service.get(conn, world.ADMINISTRATOR, made)
        await sending.send_due(means, one, AT_ONCE)
        push = await push_of(means, one, report)
        assert push.number
        page = await company.get("/others")
        assert push.number in page.text
        assert report.code in page.text
        await company.post(f"/others/{push.number}", data={"what": "open", "words": "Đang đến."})
        done = await company.post(f"/others/{push.number}", data={"what": "closed", "lang": "en"})
        assert "Closed" in done.text
        await pulling.pull(means, one)
        async with means.pool.acquire() as conn:
            now = await reports.get(conn, report.report_id)
            said = [message.body for message in (await reports.case(conn, now)).messages]
        assert now.status is Status.RESOLVED
        assert [words.rpartition(": ")[2] for words in said] == ["Đang đến.", "Đã khắc phục, có điện trở lại."]


async def test_the_simulated_receiver_shows_what_came(means: Means, light: dict[str, Any]) -> None:
    pool = means.pool
    async with running(Simulator("1:x")) as url, httpx.AsyncClient(base_url=url) as browser:
        wanted = hooks.Wanted(name="IOC", url=f"{url}{RECEIVER}", kinds=("submitted",))
        made, _ = await hooks.add(pool, world.KEY, world.ADMINISTRATOR, wanted, "test", world.LOOPBACK)
        report = (await world.file(pool, **light)).report
        await hooks.follow(pool)
        sender = Sender(world.KEY, "https://phananh.example", world.LOOPBACK)
        async with pool.acquire() as conn:
            webhook = await hooks.get(conn, world.ADMINISTRATOR, made)
        await hooks_sending.send_due(pool, sender, webhook)
        await sender.close()
        page = (await browser.get("/others?lang=en")).text
        assert "vn.phananh.report.submitted" in page
        assert report.code in page
        await hooks.remove(pool, world.ADMINISTRATOR, made)
