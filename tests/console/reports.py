"""Reports for the pages' tests, and what the public sees of them over HTTP."""

import io
from typing import Any

import httpx
from PIL import Image, ImageStat

from app.accounts.model import Actor
from app.reports import service
from app.reports.model import Form, Report
from app.reports.service import Case
from app.reports.workflow import Act
from tests.api.conftest import API, send
from tests.photos.pictures import encoded, scene
from tests.world import HERE, LAN, LIGHT, World


def street(seed: int) -> bytes:
    """A photo full of detail, so that what is covered shows."""
    return encoded(scene(640, 480, seed))


async def file(address: str, /, *photos: bytes, **more: Any) -> str:
    """Send a report of Lan's at a point; gives its code."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        report = {key: value for key, value in LIGHT.items() if key != "commune_code"} | HERE | LAN | more
        answer = await send(http, report, list(photos) or None)
        return str(answer.code)


async def act(world: World, key: str, code: str, what: Act, **form: Any) -> Report:
    """What a person of the world does to it, not by a page."""
    person, parts = world.people[key], world.parts
    actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    report = await service.find(parts.pool, code)
    return await service.perform(parts.pool, parts.rules, actor, report, what, Form(**form))


async def case(world: World, code: str) -> Case:
    report = await service.find(world.parts.pool, code)
    async with world.parts.pool.acquire() as conn:
        return await service.case(conn, report)


async def public(address: str, code: str) -> dict[str, Any]:
    """What a stranger gets by the code."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        return dict((await http.get(f"{API}/reports/{code}")).json())


async def picture(address: str, link: str) -> Image.Image:
    """A photo by its link; ours stand for another host in the tests."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        answer = await http.get(link[link.index("/api/") :])
        assert answer.status_code == 200, answer.text
        return Image.open(io.BytesIO(answer.content)).convert("RGB")


def busy(image: Image.Image, left: float, top: float, right: float, bottom: float) -> float:
    """How much there is to be seen in this part (of width and height, 0 to 1): 0 for one colour."""
    width, height = image.size
    part = image.crop((int(left * width), int(top * height), int(right * width), int(bottom * height)))
    return max(ImageStat.Stat(part).stddev)
