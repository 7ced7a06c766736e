"""Followers through merges and their undoing: who is told of what on both sides, once each."""

import asyncio

from app.reports import following, service
from app.reports.model import Form, Rating, Report
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import deliver_all
from tests.notify.scene import Scene

NOBODY = dict.fromkeys(("lan", "minh", "hoa", "ba", "tu"), 0)


class Sides:
    """Lan's report, which Minh follows, and Hoa's, which Ba follows; Tư follows both."""

    def __init__(self, scene: Scene, hoas: Report) -> None:
        self.scene, self.hoas_code, self.lans_code = scene, hoas.code, scene.code

    async def of(self, code: str) -> Report:
        return await service.find(self.scene.pool, code)

    async def merge(self) -> None:
        """Hoa's into Lan's."""
        hoas = await self.of(self.hoas_code)
        await world.do(self.scene.pool, world.COORDINATOR, hoas, Act.MERGE, target=self.lans_code)

    async def unmerge(self) -> None:
        hoas = await self.of(self.hoas_code)
        await world.do(self.scene.pool, world.COORDINATOR, hoas, Act.UNMERGE, text="Hai chỗ khác nhau.")

    async def start(self, code: str) -> None:
        report = await self.of(code)
        if report.agency_id == "ioc":
            report = await world.do(self.scene.pool, world.COORDINATOR, report, Act.ASSIGN, agency_id="roads")
            await self.told()
        await world.do(self.scene.pool, world.OFFICER, report, Act.PROGRESS, text="Đang làm.")

    async def told(self) -> dict[str, int]:
        """How many messages each has got since the last time."""
        await deliver_all(self.scene.pool, self.scene.post, self.scene.folder)
        return {name: len(self.scene.post.boxes.pop(name, [])) for name in NOBODY}


async def both(scene: Scene) -> Sides:
    pool, people = scene.pool, scene.people
    for name in ("ba", "tu"):
        people[name] = await world.chat(pool, name)
    hoas = (await world.file(pool, citizen_id=people["hoa"], text="Ổ gà to trước nhà tôi.")).report
    await following.follow(pool, hoas, people["ba"])
    for report in (scene.report, hoas):
        await following.follow(pool, report, people["tu"])
    scene.report = await service.find(pool, scene.code)
    return Sides(scene, hoas)


async def test_a_merge_brings_the_followers_along_and_each_is_told_once(scene: Scene) -> None:
    sides = await both(scene)
    await sides.merge()
    assert await sides.told() == NOBODY | {"hoa": 1, "ba": 1, "tu": 1}
    await sides.start(sides.lans_code)
    assert await sides.told() == dict.fromkeys(NOBODY, 1)


async def test_undoing_it_gives_everybody_back_what_they_followed(scene: Scene) -> None:
    sides = await both(scene)
    await sides.merge()
    await sides.told()
    await sides.unmerge()
    assert await sides.told() == NOBODY | {"hoa": 1, "ba": 1, "tu": 1}
    await sides.start(sides.lans_code)
    assert await sides.told() == NOBODY | {"lan": 1, "minh": 1, "tu": 1}
    await sides.start(sides.hoas_code)
    assert await sides.told() == NOBODY | {"hoa": 1, "ba": 1, "tu": 1}


async def test_a_chain_is_undone_in_the_middle_and_the_end_stays_together(scene: Scene) -> None:
    sides = await both(scene)
    await sides.merge()
    last = (await world.file(scene.pool)).report
    await world.do(scene.pool, world.COORDINATOR, await sides.of(sides.lans_code), Act.MERGE, target=last.code)
    await sides.told()
    await sides.start(last.code)
    assert await sides.told() == dict.fromkeys(NOBODY, 1)
    lans = await sides.of(sides.lans_code)
    await world.do(scene.pool, world.COORDINATOR, lans, Act.UNMERGE, text="Hai chỗ khác nhau.")
    await sides.told()
    await sides.start(last.code)
    assert await sides.told() == NOBODY
    await sides.start(sides.lans_code)
    assert await sides.told() == dict.fromkeys(NOBODY, 1)


async def test_a_merge_and_its_undoing_at_once_leave_one_truth(scene: Scene) -> None:
    sides = await both(scene)
    await sides.merge()
    results = await asyncio.gather(sides.unmerge(), sides.unmerge(), return_exceptions=True)
    assert [type(each) for each in results].count(type(None)) == 1
    async with scene.pool.acquire() as conn:
        voices = await following.voices(conn, await sides.of(sides.lans_code))
    assert voices == 3  # Lan, Minh and Tư


async def test_whoever_stopped_following_is_told_no_more_wherever_it_was_merged(scene: Scene) -> None:
    sides = await both(scene)
    await following.unfollow(scene.pool, await sides.of(sides.hoas_code), scene.people["ba"])
    await sides.merge()
    await sides.start(sides.lans_code)
    assert (await sides.told())["ba"] == 0


async def test_a_follower_of_the_merged_one_is_reminded_of_it_and_rates(scene: Scene) -> None:
    sides = await both(scene)
    await sides.merge()
    await sides.told()
    await world.resolve(scene.pool, await sides.of(sides.lans_code))
    await deliver_all(scene.pool, scene.post, scene.folder)
    (telling,) = scene.post.boxes["ba"]
    assert sides.hoas_code in telling.text
    assert sides.lans_code in telling.text
    assert [row[0].data for row in telling.buttons] == [f"r2|{sides.lans_code}|{short}" for short in "sad"]
    rated = await following.rate(scene.pool, await sides.of(sides.lans_code), scene.people["ba"], Rating.SATISFIED)
    assert rated.code == sides.lans_code


async def test_a_report_that_became_private_is_told_to_its_reporter_alone(scene: Scene) -> None:
    report = await world.do(scene.pool, world.COORDINATOR, scene.report, Act.RECLASSIFY, category="noise")
    assert report.visibility == "private"
    report = await world.do(scene.pool, world.COORDINATOR, report, Act.ASSIGN, agency_id="police")
    assert len(await scene.heard("lan")) == 1
    assert await scene.heard("minh") == []


async def test_followers_are_told_that_the_reporter_withdrew(scene: Scene) -> None:
    await scene.do(scene.lan, Act.WITHDRAW)
    (text,) = await scene.heard("minh")
    assert "đã rút" in text
    assert await scene.heard("lan") == []


async def test_joining_and_rating_are_told_to_nobody(scene: Scene) -> None:
    await following.follow(scene.pool, scene.report, scene.people["hoa"], Form(text="Tôi cũng thấy vậy."))
    scene.report = await service.find(scene.pool, scene.code)
    scene.report = await world.resolve(scene.pool, scene.report)
    for name in ("lan", "minh", "hoa"):
        assert len(await scene.heard(name)) == 1
    await following.rate(scene.pool, scene.report, scene.people["hoa"], Rating.DISSATISFIED)
    assert [await scene.heard(name) for name in ("lan", "minh", "hoa")] == [[], [], []]
