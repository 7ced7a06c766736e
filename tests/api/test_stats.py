"""Figures over HTTP: the same as everywhere, within the caller's rights, and not counted again in vain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place
from app.reports.workflow import Act
from app.stats import periods, projection
from app.stats import service as stats
from app.stats.asked import asked
from app.stats.measures import FIGURES
from app.stats.model import value
from tests.api.conftest import API, SignedIn, keys, send
from tests.world import AN_XUYEN, COMPANY, LIGHT, POWER, World

STATS = f"{API}/stats"


@pytest_asyncio.fixture(scope="module")
async def key(world: World) -> dict[str, str]:
    leader = world.people["leader"].staff_id
    token = await accounts.create_token(world.parts.pool, leader, "IOC", ["feed"], None, SYSTEM)
    return {"Authorization": f"Bearer {token}"}


@pytest_asyncio.fixture(scope="module")
async def counted(world: World) -> datetime:
    """Five reports of COMPANY's, one of them being worked on; the statistics have read them. Gives when the last was
    sent, some minutes ago."""
    parts, at = world.parts, datetime.now(UTC) - timedelta(minutes=10)
    words, place = "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay.", Place(commune_code=AN_XUYEN)
    new = NewReport(text=words, place=place, channel="web", lang="vi", consent=True, category="street-light")
    for minute in range(5, 0, -1):
        sent = at - timedelta(minutes=minute)
        filed = await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 32, new, sent)
    person = world.people["officer"]
    officer = Actor("staff", person.staff_id, person.role, COMPANY, frozenset({COMPANY}))
    await reports.perform(parts.pool, parts.rules, officer, filed.report, Act.START, Form(), at=at)
    await projection.catch_up(parts.pool)
    return at


async def ask(http: httpx.AsyncClient, key: dict[str, str], path: str, **params: Any) -> dict[str, Any]:
    answer = await http.get(f"{STATS}/{path}", params=params, headers=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_every_figure_has_its_definition_in_both_languages(http: httpx.AsyncClient, key: dict[str, str]) -> None:
    items = (await ask(http, key, "definitions"))["items"]
    assert [item["name"] for item in items] == list(FIGURES)
    assert all(item["title_vi"] and item["says_en"] and item["events"] for item in items)
    first = await http.get(f"{STATS}/definitions", headers=key)
    again = await http.get(f"{STATS}/definitions", headers=key | {"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_the_figures_are_those_of_everybody_else(
    http: httpx.AsyncClient, key: dict[str, str], counted: datetime, world: World
) -> None:
    said = await ask(http, key, "figures", period=periods.current("month", counted).key, by="agency")
    as_of = datetime.fromisoformat(said["as_of"])
    wanted = asked([("period", said["period"]["key"]), ("as_of", said["as_of"])], as_of)
    async with world.parts.pool.acquire() as conn:
        answer = await stats.ask(conn, wanted.question(as_of, "agency"))
    assert {group["key"]: group["figures"] for group in said["groups"]} == {
        agency: {name: value(figure, counts) for name, figure in FIGURES.items()}
        for agency, counts in answer.groups.items()
    }
    assert [group["key"] for group in said["groups"]] == [COMPANY]
    assert as_of.second == 0
    assert datetime.fromisoformat(said["read_at"]) <= as_of


async def test_unchanged_figures_are_not_counted_again(
    http: httpx.AsyncClient, key: dict[str, str], counted: datetime, world: World
) -> None:
    last = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"
    for path in (
        f"figures?period={last}",
        f"series?period={last}",
        f"ageing?period={last}",
        f"reports?period={last}&figure=open",
    ):
        first = await http.get(f"{STATS}/{path}", headers=key)
        etag = first.headers["etag"]
        assert etag.startswith('"')
        assert first.headers["cache-control"] == "private, no-cache"
        # The statistics look for news every two seconds; that alone changes nothing.
        await projection.catch_up(world.parts.pool)
        again = await http.get(f"{STATS}/{path}", headers=key | {"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        other = await http.get(f"{STATS}/{path}&category=pothole", headers=key | {"If-None-Match": etag})
        assert other.status_code == 200
        english = await http.get(f"{STATS}/{path}", headers=key | {"If-None-Match": etag, "Accept-Language": "en"})
        assert english.status_code == 200
    await send(http, LIGHT)
    await projection.catch_up(world.parts.pool)
    answer = await http.get(f"{STATS}/{path}", headers=key | {"If-None-Match": etag})
    assert answer.status_code == 200


async def test_a_trend_a_list_and_ages_go_with_the_figure(
    http: httpx.AsyncClient, key: dict[str, str], counted: datetime
) -> None:
    when = {"period": periods.current("month", counted).key}
    figures = (await ask(http, key, "figures", **when))["groups"][0]
    assert (figures["figures"]["received"], figures["counts"]["received"]) == (5, {"n": 5, "seconds": 0})
    series = await ask(http, key, "series", figure="received,open", **when)
    assert sum(step["figures"]["received"] for step in series["steps"]) == figures["figures"]["received"]
    assert series["steps"][-1]["figures"]["open"] == figures["figures"]["open"]
    ages = await ask(http, key, "ageing", **when)
    assert sum(ages["groups"][0]["counts"]) == figures["figures"]["open"]
    assert len(ages["groups"][0]["counts"]) == len(ages["days"]) + 1
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await ask(http, key, "reports", figure="received", limit=2, **when, **cursor)
        listed += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(listed) == len(set(listed)) == figures["figures"]["received"]


async def test_a_lead_reads_the_own_agencys_figures_and_no_others(counted: datetime, signed_in: SignedIn) -> None:
    lead = await signed_in("lead")
    answer = await lead.get(f"{STATS}/figures?by=agency")
    assert {group["key"] for group in answer.json()["groups"]} == {COMPANY}
    other = await (await signed_in("other_lead")).get(f"{STATS}/figures?by=agency")
    assert other.json()["groups"] == []
    for path in ("figures", "series", "ageing", "reports?figure=open"):
        sign = "&" if "?" in path else "?"
        answer = await lead.get(f"{STATS}/{path}{sign}agency={POWER}")
        assert (answer.status_code, keys(answer)) == (403, [(None, "stats.outside")])


@pytest.mark.parametrize(
    ("path", "field", "problem"),
    [
        ("figures?period=neulich", "period", "stats.period_unknown"),
        ("figures?period=2199", "period", "stats.period_wrong"),
        ("figures?as_of=gestern", "as_of", "stats.as_of_wrong"),
        ("figures?figure=quality", "figure", "stats.figure_unknown"),
        ("figures?by=street", "by", "api.wrong_value"),
        ("series?channel=fax", "channel", "stats.channel_unknown"),
        ("ageing?colour=red", "colour", "api.unknown_field"),
        ("reports", "figure", "api.missing_field"),
        ("reports?figure=open&cursor=x", "cursor", "stats.page_unknown"),
        ("reports?figure=open&limit=0", "limit", "worklist.limit_wrong"),
    ],
)
async def test_what_is_asked_wrongly_is_told_by_its_field(
    http: httpx.AsyncClient, key: dict[str, str], path: str, field: str, problem: str
) -> None:
    answer = await http.get(f"{STATS}/{path}", headers=key)
    assert (answer.status_code, keys(answer)) == (422, [(field, problem)])
