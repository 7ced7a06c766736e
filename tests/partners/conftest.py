"""The small world's database for each module, and a partner of its power company on this machine."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec import structs

from app.db import Pool
from app.outward import Client
from app.partners import ledger, service
from app.partners.model import Fill, Partner, Push
from app.partners.sending import Pace
from app.partners.service import Means, Wanted
from app.photos.lab import PhotoLab
from app.reports.model import Contact, Report
from storage.folder import FolderStore
from tests import small_world as world
from tests.partners.faulty import Faulty, faulty
from tests.small_world import settled as settled

AT_ONCE = Pace((timedelta(0),) * 4, (timedelta(0),) * 2, (timedelta(0),), timedelta(minutes=2))
KEY = "khoa-cua-evn-7f3a"


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Faulty]:
    async with faulty() as one:
        yield one


@pytest_asyncio.fixture
async def means(settled: Pool, lab: PhotoLab, tmp_path: Path) -> AsyncIterator[Means]:
    """No partners are left of another test."""
    await settled.execute("DELETE FROM partners")
    http, objects = Client(world.LOOPBACK), FolderStore(tmp_path / "photos")
    await objects.check()
    yield Means(settled, http, world.KEY, "https://phananh.example", world.RULES, objects, lab, world.LOOPBACK, 1.5)
    await http.close()


async def partner(means: Means, there: Faulty, **changes: object) -> Partner:
    """The power company's own server takes what is about street lights."""
    wanted = structs.replace(Wanted(name="Điện lực Cà Mau", url=there.url, agency_id="power", key=KEY), **changes)
    made = await service.add(means, world.ADMINISTRATOR, wanted, "test")
    await service.connect(means, world.ADMINISTRATOR, made)
    await service.map_category(means, world.ADMINISTRATOR, made, "street-light", "den", {"hu-gi": Fill(fixed="1")})
    await service.switch(means.pool, world.ADMINISTRATOR, made, on=True)
    async with means.pool.acquire() as conn:
        return await service.get(conn, world.ADMINISTRATOR, made)


@pytest.fixture
def light() -> dict[str, Any]:
    return {
        "category": "street-light",
        "text": "Đèn đường trước nhà hư, gọi anh Lê Văn Tám 0912 345 678.",
        "contact": Contact(world.NAME, world.PHONE, world.MAIL),
    }


async def push_of(means: Means, one: Partner, report: Report) -> Push:
    async with means.pool.acquire() as conn:
        found = await ledger.push(conn, one.partner_id, report.report_id)
    assert found is not None
    return found
