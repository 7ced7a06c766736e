"""Reports that wait on the coordinators' desk, made by the verbs themselves."""

from typing import Any

from app.accounts.model import Actor
from app.places.service import embedded_default
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place, Report
from app.reports.workflow import Act
from app.routing.guess import clear_guess
from tests.world import AN_XUYEN, HERE, LIGHT, POWER, World

UNCLEAR = "Nước đọng trước nhà số 7 Lý Bôn, muỗi nhiều và đèn đường chập chờn, nhờ xem giúp."
"""Words that point to several categories, so that a coordinator looks first."""


async def filed(world: World, text: str = UNCLEAR, **more: Any) -> Report:
    """A report as a citizen sends it, without a category unless one is given."""
    parts = world.parts
    usual: dict[str, Any] = {
        "place": Place(lat=HERE["lat"], lon=HERE["lon"], commune_code=AN_XUYEN),
        "channel": "web",
        "lang": "vi",
    }
    new = NewReport(**{"text": text, "consent": True, **usual, **more})
    return (await file_report(parts.pool, parts.rules, embedded_default(), b"k" * 40, new)).report


async def light(world: World, **more: Any) -> Report:
    """A report that the rules give to the company that runs the street lights."""
    return await filed(world, str(LIGHT["text"]), category="street-light", **more)


async def act(world: World, key: str, report: Report, what: Act, **form: Any) -> Report:
    """Something a person of the world does to a report."""
    person = world.people[key]
    actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    return await service.perform(world.parts.pool, world.parts.rules, actor, report, what, Form(**form))


def guessed(world: World, text: str = UNCLEAR) -> str:
    """The likeliest category; the words are such that it is not clear."""
    guesses = world.parts.rules.guess_category(text)
    assert clear_guess(guesses) is None, guesses
    return str(guesses[0].category_id)


async def disputed(world: World) -> Report:
    """Returned by one agency, given to another by a coordinator, and returned by that one too."""
    report = await light(world)
    report = await act(world, "officer", report, Act.RETURN, text="Trụ đèn này không do công ty quản lý.")
    report = await act(world, "coordinator", report, Act.ASSIGN, agency_id=POWER)
    return await act(world, "other_officer", report, Act.RETURN, text="Đèn chiếu sáng công cộng không thuộc điện lực.")


async def asking(world: World, days: int = 3) -> Report:
    """A case whose agency asks for more time."""
    report = await light(world)
    return await act(world, "officer", report, Act.ASK_EXTENSION, text="Chờ vật tư từ nhà cung cấp.", days=days)
