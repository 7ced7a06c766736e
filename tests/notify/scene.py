"""A report of Lan's that Minh follows, and Hoa's, which is merged into it on demand."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest_asyncio

from app.accounts.model import Actor
from app.db import Pool
from app.reports import following, service
from app.reports.model import Report
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import Post, deliver_all


class Scene:
    """A report of Lan's that Minh follows, and Hoa's, which is merged into it on demand."""

    def __init__(self, pool: Pool, folder: Path, report: Report, people: dict[str, UUID]) -> None:
        self.pool, self.folder, self.report, self.people, self.post = pool, folder, report, people, Post()
        self.code = report.code

    async def do(self, actor: Actor, act: Act, **form: Any) -> None:
        self.report = await world.do(self.pool, actor, self.report, act, **form)

    async def heard(self, name: str) -> list[str]:
        """What this person has been told since the last time."""
        await deliver_all(self.pool, self.post, self.folder)
        texts = self.post.texts(name)
        self.post.boxes.pop(name, None)
        return texts

    @property
    def lan(self) -> Actor:
        return Actor("citizen", self.people["lan"])


@pytest_asyncio.fixture
async def scene(settled: Pool, tmp_path: Path) -> Scene:
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM pgqueuer")
        await conn.execute("DELETE FROM notifications")
        await conn.execute("UPDATE channel_identities SET channel_user_id = channel_user_id || gen_random_uuid()")
    people = {name: await world.chat(settled, name) for name in ("lan", "minh", "hoa")}
    report = (await world.file(settled, citizen_id=people["lan"])).report
    await following.follow(settled, report, people["minh"])
    made = Scene(settled, tmp_path, report, people)
    assert await made.heard("lan") == []
    return made


async def merge_hoas(scene: Scene) -> Report:
    hoas = (await world.file(scene.pool, citizen_id=scene.people["hoa"], text="Ổ gà to trước nhà tôi.")).report
    hoas = await world.do(scene.pool, world.COORDINATOR, hoas, Act.MERGE, target=scene.code)
    scene.report = await service.find(scene.pool, scene.code)
    return hoas
