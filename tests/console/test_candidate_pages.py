"""A file is handed in, checked, compared, replayed and applied."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.db import transaction
from app.routing import service as routing
from tests.console.conftest import PAGES, send
from tests.console.test_rules_pages import words
from tests.world import COMPANY, LIGHT, World

HERE = f"{PAGES}/rules/candidate"


def lights_to(agency: str, source: str) -> str:
    """The rules with the street lights of Cà Mau given to somebody else."""
    start = source.index("id: chieu-sang-ca-mau")
    return source[:start] + source[start:].replace(f"agency: {COMPANY}", f"agency: {agency}", 1)


@pytest.fixture
def source(world: World) -> str:
    """Without examples, which would hold any change against the old answers."""
    return world.parts.rules.source.partition("#:::: file")[0].replace("include:", "# include:")


@pytest_asyncio.fixture
async def plain(world: World, source: str) -> AsyncIterator[str]:
    """The rules in force have no examples for the time of a test; gives their version."""
    pool, rules = world.parts.pool, routing.load(source)
    if (await routing.active(pool)).version != rules.version:
        await routing.apply(pool, rules, note="không có ví dụ", by="kiểm thử")
    yield rules.version


async def hand_in(admin: httpx.AsyncClient, text: str) -> httpx.Response:
    return await send(admin, "/rules/candidate", file=text.encode())


async def test_mistakes_are_shown_by_line_and_column_with_the_line(
    admin: httpx.AsyncClient, source: str, plain: str
) -> None:
    text = lights_to("dien-luc-ca-mao", source)
    at = next(n for n, line in enumerate(text.split("\n"), 1) if "dien-luc-ca-mao" in line)
    page = await hand_in(admin, text)
    assert page.status_code == 200
    said = words(page)
    assert "Có 1 lỗi cần sửa" in said
    assert f"Dòng {at}, cột" in said
    assert "Có phải anh/chị muốn ghi “dien-luc-ca-mau”?" in said
    assert "<mark>dien-luc-ca-mao" in page.text
    assert "Áp dụng bộ quy tắc này" not in said


@pytest.mark.parametrize("data", [b"\xff\xfe\x00rules", b"rules: [", b"a: &a [*a]", b"\x00", b"a\tb: c\n\t- d"])
async def test_no_bytes_break_the_page(data: bytes, admin: httpx.AsyncClient) -> None:
    page = await send(admin, "/rules/candidate", file=data)
    assert page.status_code == 200
    assert "lỗi cần sửa" in words(page)


async def test_nothing_handed_in_is_said_beside_the_field(admin: httpx.AsyncClient) -> None:
    page = await send(admin, "/rules/candidate", file=b"  \n", text="")
    assert page.status_code == 422
    assert "Vui lòng chọn một tệp hoặc dán nội dung" in words(page)


async def test_a_candidate_is_kept_byte_for_byte_and_is_compared_with_the_rules_in_force(
    admin: httpx.AsyncClient, source: str, plain: str
) -> None:
    text = lights_to("so-xay-dung", source)
    page = await hand_in(admin, text)
    assert "1 chỗ khác." in words(page)
    assert f"<del>{COMPANY}</del>" in page.text
    assert "<ins>so-xay-dung</ins>" in page.text
    assert (await admin.get(f"{page.url.path}/source")).content == text.encode()
    pasted = await send(admin, "/rules/candidate", text=text.replace("\n", "\r\n"))
    assert pasted.url == page.url
    assert page.url.path in (await admin.get(HERE)).text


async def test_the_rules_in_force_themselves_offer_nothing_to_apply(
    admin: httpx.AsyncClient, source: str, plain: str
) -> None:
    page = await hand_in(admin, source)
    assert "Không có gì khác với bộ đang áp dụng" in words(page)
    assert "Áp dụng bộ quy tắc này" not in words(page)


async def test_applying_needs_a_note_takes_effect_and_is_recorded(
    admin: httpx.AsyncClient, world: World, source: str, plain: str
) -> None:
    pool = world.parts.pool
    page = await hand_in(admin, lights_to("so-xay-dung", source))
    path = page.url.path.removeprefix(PAGES)
    silent = await send(admin, f"{path}/apply", against=plain, note="")
    assert silent.status_code == 422
    assert 'aria-describedby="note-wrong"' in silent.text
    stale = await send(admin, f"{path}/apply", against="f" * 16, note="Theo công văn 12")
    assert stale.status_code == 409
    assert "Người khác vừa đổi bộ quy tắc" in words(stale)
    assert "Theo công văn 12" in stale.text
    assert (await routing.active(pool)).version == plain

    done = await send(admin, f"{path}/apply", against=plain, note="Theo công văn 12")
    assert "Đã áp dụng bộ quy tắc mới." in words(done)
    active = await routing.active(pool)
    assert active.source == lights_to("so-xay-dung", source)
    latest = (await routing.history(pool))[0]
    assert (latest.version, latest.previous, latest.note) == (active.version, plain, "Theo công văn 12")
    assert latest.by == "Đặng Thị Ngọc Hân (dang.ngoc.han)"
    assert latest.warnings
    tried = await send(admin, "/rules/try", text="đèn đường hỏng", place="Phường An Xuyên", category="street-light")
    assert "Quyết định Sở Xây dựng tỉnh Cà Mau" in words(tried)


async def test_a_file_with_mistakes_can_be_neither_replayed_nor_applied(
    admin: httpx.AsyncClient, source: str, plain: str
) -> None:
    page = await hand_in(admin, lights_to("nobody", source))
    path = page.url.path.removeprefix(PAGES)
    assert "lỗi cần sửa" in words(await send(admin, f"{path}/replay", days="30"))
    refused = await send(admin, f"{path}/apply", against=plain, note="Vẫn cứ áp dụng")
    assert refused.status_code == 409
    assert "Tệp còn lỗi nên chưa áp dụng được" in words(refused)


# ---------------------------------------------------------------- replaying


@pytest_asyncio.fixture(scope="module")
async def reports(address: str) -> int:
    async with httpx.AsyncClient(base_url=address) as http:
        for number in range(3):
            sent = await http.post("/api/v1/reports", json=LIGHT | {"text": f"Đèn đường hỏng, trụ số {number}"})
            assert sent.status_code == 201, sent.text
    return 3


async def replayed(admin: httpx.AsyncClient, path: str) -> dict[str, Any]:
    """Wait for the job; gives the last progress."""
    async with asyncio.timeout(60):
        while True:
            said = (await admin.get(f"{PAGES}{path}/progress")).json()
            if said["state"] != "running":
                return dict(said)


async def test_a_replay_runs_in_the_background_survives_a_reload_and_shows_who_gains(
    admin: httpx.AsyncClient, world: World, source: str, plain: str, reports: int
) -> None:
    path = (await hand_in(admin, lights_to("so-xay-dung", source))).url.path.removeprefix(PAGES)
    other = (await hand_in(admin, lights_to("ioc", source))).url.path.removeprefix(PAGES)
    assert (await admin.get(f"{PAGES}{path}/changes.csv")).status_code == 404
    async with transaction(world.parts.pool) as conn:
        await conn.execute("LOCK TABLE reports IN ACCESS EXCLUSIVE MODE")  # the replay cannot end before we say so
        started = await send(admin, f"{path}/replay", days="7")
        assert "Đang chạy lại phản ánh trong 7 ngày qua" in words(started)
        assert 'http-equiv="refresh"' in started.text
        assert 'id="bar"' in (await admin.get(PAGES + path)).text
        assert (await admin.get(f"{PAGES}{path}/changes.csv")).status_code == 404
        busy = await send(admin, f"{other}/replay", days="7")
        assert (busy.status_code, "Đang có một lần chạy lại khác" in words(busy)) == (409, True)

    assert await replayed(admin, path) == {"state": "done", "done": reports, "total": reports}
    said = words(await admin.get(PAGES + path))
    assert f"{reports} phản ánh trong 7 ngày qua" in said
    assert f"{reports} đổi cơ quan" in said
    assert f"Sở Xây dựng tỉnh Cà Mau 0 {reports} ▲ {reports} 0" in said
    assert f"Công ty Cổ phần Môi trường Đô thị Cà Mau {reports} 0 0 ▼ {reports}" in said

    file = await admin.get(f"{PAGES}{path}/changes.csv")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) == reports
    assert {(row["Cơ quan"], row["Cơ quan (mới)"]) for row in rows} == {
        ("Công ty Cổ phần Môi trường Đô thị Cà Mau", "Sở Xây dựng tỉnh Cà Mau")
    }
    assert {row["Nơi phản ánh"] for row in rows} == {"Phường An Xuyên"}


async def test_a_replay_against_rules_that_are_no_longer_in_force_is_not_shown(
    admin: httpx.AsyncClient, world: World, source: str, plain: str, reports: int
) -> None:
    path = (await hand_in(admin, lights_to("so-xay-dung", source))).url.path.removeprefix(PAGES)
    await send(admin, f"{path}/replay", days="30")
    await replayed(admin, path)
    await routing.apply(world.parts.pool, routing.load(source + "\n# x\n"), note="đổi xen vào", by="kiểm thử")
    assert "đổi cơ quan" not in words(await admin.get(PAGES + path))
    assert (await admin.get(f"{PAGES}{path}/progress")).status_code == 404
