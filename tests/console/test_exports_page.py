"""Ordering a file of figures from its page, following it, and having it; the list as CSV at once."""

import csv
import hashlib
import io
from uuid import UUID

import msgspec
import pytest_asyncio

from app.exports import making
from app.exports.summary import summary
from app.stats.asked import asked
from app.stats.names import names
from tests.console.conftest import PAGES, Visitor, send
from tests.console.figures import MARCH, March, march
from tests.console.figures import at as moment
from tests.notify.post import take_jobs
from tests.world import COMPANY, World


@pytest_asyncio.fixture(scope="module")
async def lived(world: World) -> March:
    return await march(world)


async def work(world: World) -> None:
    parts = world.parts
    for payload in await take_jobs(parts.pool, "make_export"):
        wanted = UUID(msgspec.json.decode(payload)["export_id"])
        await making.make(parts.pool, parts.objects, parts.rules, parts.gazetteer, wanted)


async def test_an_order_is_followed_on_its_page_and_taken_with_what_it_was_made_from(
    lived: March, world: World, visitor: Visitor
) -> None:
    leader = await visitor("leader")
    page = await leader.get(f"{PAGES}/exports?period={MARCH}")
    assert "Tháng 03/2025" in page.text
    ordered = await send(leader, "/exports", period=MARCH, format="csv")
    path = ordered.url.path.removeprefix(PAGES)
    assert "Đang chờ" in ordered.text
    assert f'hx-get="{PAGES}{path}/state"' in ordered.text
    assert (await leader.get(f"{PAGES}{path}/file")).status_code == 409
    await work(world)
    done = await leader.get(f"{PAGES}{path}/state")
    assert "Đã xong" in done.text
    assert "hx-get" not in done.text
    file = await leader.get(f"{PAGES}{path}/file")
    digest = hashlib.sha256(file.content).hexdigest()
    assert file.headers["etag"] == f'"{digest}"'
    assert file.headers["content-disposition"].startswith('attachment; filename="phan-anh-2025-03-20250401-0000.csv"')
    assert digest in done.text
    told = (await leader.get(f"{PAGES}{path}/provenance")).json()
    assert (told["sha256"], told["question"], told["rows"]) == (
        digest,
        f"period={MARCH}&as_of=2025-04-01T00%3A00%3A00",
        15,
    )
    assert told["ordered_by"] == "Huỳnh Quốc Việt"
    bell = await leader.get(f"{PAGES}/notices")
    assert "Tệp số liệu đã xong" in bell.text
    assert "CSV · Tháng 03/2025" in bell.text
    for other in ("coordinator", "lead"):
        assert (await (await visitor(other)).get(f"{PAGES}{path}/file")).status_code == 404
    assert "Không còn tệp này" in (await (await visitor("lead")).get(f"{PAGES}{path}")).text


async def test_the_bell_leads_to_the_file(lived: March, world: World, visitor: Visitor) -> None:
    lead = await visitor("lead")
    await send(lead, "/exports", period=MARCH, format="geojson")
    await work(world)
    page = await lead.get(f"{PAGES}/notices")
    link = page.text.split('class="notice-link" href="')[1].split('"')[0]
    opened = await lead.get(link, follow_redirects=True)
    assert "GeoJSON · Tháng 03/2025" in opened.text
    assert "Tải về" in opened.text


async def test_a_lead_gets_the_own_agencys_alone_and_others_are_refused(lived: March, visitor: Visitor) -> None:
    lead = await visitor("lead")
    answer = await lead.get(f"{PAGES}/exports/now.csv?period={MARCH}")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 12
    assert len({row["Cơ quan"] for row in rows}) == 1
    assert answer.headers["phananh-rows"] == "12"
    assert "agency=" + COMPANY in answer.headers["phananh-question"]
    refused = await lead.get(f"{PAGES}/exports/now.csv?period={MARCH}&agency=dien-luc-ca-mau")
    assert refused.status_code == 403
    assert (await send(lead, "/exports", period=MARCH, format="csv", agency="dien-luc-ca-mau")).status_code == 403


async def test_the_list_at_once_is_the_list_of_the_file(lived: March, world: World, visitor: Visitor) -> None:
    leader = await visitor("leader")
    at_once = await leader.get(f"{PAGES}/exports/now.csv?period={MARCH}")
    ordered = await send(leader, "/exports", period=MARCH, format="csv")
    await work(world)
    assert (await leader.get(f"{ordered.url.path}/file")).content == at_once.content


async def test_totals_are_the_dashboards(lived: March, world: World, visitor: Visitor) -> None:
    """Of a period that goes on as well, where both compare with as much of the others."""
    leader = await visitor("leader")
    query = f"period={MARCH}&as_of=2025-03-20T12:00"
    page = await leader.get(f"{PAGES}/dashboard?{query}")
    async with world.parts.pool.acquire() as conn:
        now = moment("2025-03-20T12:00")
        pairs = [("period", MARCH), ("as_of", "2025-03-20T12:00")]
        called = await names(conn, world.parts.rules, world.parts.gazetteer)
        said = await summary(conn, called, asked(pairs, now), "vi", now)
    received = next(total for total in said.totals if total.figure == "received")
    assert (received.value, received.before) == (13, 2)
    tile = page.text.split('id="tile-received"')[1].split("</li>")[0]
    assert ">13</a>" in tile
    assert ">2</a>" in tile


async def test_a_wrong_question_or_kind_is_said_on_the_page(visitor: Visitor) -> None:
    leader = await visitor("leader")
    wrong = await leader.get(f"{PAGES}/exports?period=2025-13")
    assert wrong.status_code == 422
    assert "Không có kỳ như vậy" in wrong.text
    kind = await send(leader, "/exports", period=MARCH, format="doc")
    assert kind.status_code == 422
    assert "Không có loại tệp doc" in kind.text


async def test_what_is_no_longer_wanted_is_cancelled_tried_again_and_deleted(
    lived: March, world: World, visitor: Visitor
) -> None:
    coordinator = await visitor("coordinator")
    ordered = await send(coordinator, "/exports", period="2025-02", format="parquet")
    path = ordered.url.path.removeprefix(PAGES)
    assert "Đã hủy" in (await send(coordinator, f"{path}/cancel")).text
    await work(world)
    again = await send(coordinator, f"{path}/again")
    assert "Đang chờ" in again.text
    await work(world)
    assert "Đã xong" in (await coordinator.get(f"{PAGES}/exports")).text
    gone = await send(coordinator, f"{path}/delete")
    assert gone.url.path == f"{PAGES}/exports"
    assert (await coordinator.get(f"{PAGES}{path}")).status_code == 404
