"""A worker that is killed in the middle of an act on many reports: the next one goes on, and nothing is done twice."""

import asyncio
import re
from uuid import UUID

import httpx

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.bulk import store
from app.db import Pool
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing import service as routing
from tests.console.conftest import sign_in, token
from tests.journey.system import System
from tests.world import AN_XUYEN, LIGHT

ENTERPRISE = "moi-truong-do-thi-ca-mau"
ROWS = 300


async def counts(pool: Pool, run: UUID) -> dict[str, int]:
    async with pool.acquire() as conn:
        return await store.counts(conn, run)


async def test_a_killed_worker_leaves_nothing_undone_and_does_nothing_twice(system: System, pool: Pool) -> None:
    name = "bay"
    _, password = await accounts.create_staff(pool, name, "Lý Văn Bảy", ENTERPRISE, Role.OFFICER, None, SYSTEM)
    rules = await routing.active(pool)
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(commune_code=AN_XUYEN), channel="web", lang="vi", consent=True,
        category="street-light",
    )  # fmt: skip
    filed = [await file_report(pool, rules, embedded_default(), b"k" * 40, new) for _ in range(ROWS)]
    codes = [one.report.code for one in filed]
    system.kill("worker")
    async with httpx.AsyncClient(base_url=system.api, timeout=60) as browser:
        await sign_in(browser, name, password)
        form = {"csrf": token(await browser.get("/console/chats")), "act": "start", "code": codes}
        preview = await browser.post("/console/bulk", data=form, follow_redirects=True)
        run = UUID(str(preview.url).rpartition("/")[2])
        places = re.findall(r'name="row" value="(\d+)"', preview.text)
        assert len(places) == ROWS
        begun = await browser.post(
            f"/console/bulk/{run}/start", data={"csrf": token(preview), "row": places}, follow_redirects=True
        )
        assert "Đang thực hiện" in begun.text
        system.start("worker")
        async with asyncio.timeout(60):
            while not (await counts(pool, run)).get("done"):  # noqa: ASYNC110  # another process's work
                await asyncio.sleep(0.005)
        system.kill("worker")
        left = (await counts(pool, run)).get("waiting", 0)
        assert 0 < left < ROWS
        system.start("worker")
        async with asyncio.timeout(60):
            while (await browser.get(f"/console/bulk/{run}/progress")).json()["state"] == "running":  # noqa: ASYNC110  # another process's work
                await asyncio.sleep(0.2)
        result = await browser.get(f"/console/bulk/{run}")
    assert f"Đã thực hiện xong {ROWS} phản ánh" in result.text
    ids = [one.report.report_id for one in filed]
    once = await pool.fetch(
        """
        SELECT report_id FROM report_events WHERE report_id = ANY($1) AND kind = 'started'
        GROUP BY report_id HAVING count(*) = 1
        """,
        ids,
    )
    assert len(once) == ROWS
