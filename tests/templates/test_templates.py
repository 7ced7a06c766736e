"""Response templates: who may use and change which, what is filled in, and that nobody who reported ever is."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.model import Actor, Role
from app.db import Pool
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.templates import service as templates
from app.templates.model import ACTS, FIELDS, Draft, Filled, fill, wrong_fields
from tests import small_world as world

LATE = "Chờ vật tư"
POWER_LEAD = Actor("staff", UUID(int=31), Role.LEAD, "power", frozenset({"power"}))


@pytest_asyncio.fixture
async def bare(settled: Pool) -> AsyncIterator[Pool]:
    """No templates yet."""
    await settled.execute("DELETE FROM response_template_changes; DELETE FROM response_templates")
    await settled.execute(
        "INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)"
        " VALUES ($1, 'power', 'staff.31', 'Cán bộ 31', 'lead', '') ON CONFLICT DO NOTHING",
        POWER_LEAD.id,
    )
    yield settled


def draft(**changes: Any) -> Draft:
    usual: dict[str, Any] = {"act": Act.PROGRESS, "title": LATE, "body": "{agency} chờ vật tư cho {code}, xong {due}."}
    return Draft(**usual | changes)


async def add(pool: Pool, who: Actor = world.LEAD, **changes: Any) -> UUID:
    return await templates.add(pool, world.RULES, who, draft(**changes))


async def offered(pool: Pool, who: Actor, report: Report, act: Act | None = None) -> list[Filled]:
    async with pool.acquire() as conn:
        return await templates.offered(conn, world.RULES, who, report, act)


async def titles(pool: Pool, who: Actor, report: Report, act: Act | None = None) -> list[str]:
    return [one.title for one in await offered(pool, who, report, act)]


# ---------------------------------------------------------------- what is filled in


async def test_everything_is_filled_in_from_the_report_and_who_writes(bare: Pool) -> None:
    every = " | ".join(f"{{{name}}}" for name in FIELDS)
    await add(bare, body=every)
    report = await world.reach(bare, Status.IN_PROGRESS)
    (one,) = await offered(bare, world.OFFICER, report)
    code, category, place, agency, officer, due, received, today = one.text.split(" | ")
    assert (code, category, place, agency) == (report.code, "Ổ gà", "Phường An Xuyên", "Sở Xây dựng")
    assert (officer, due, received) == ("Cán bộ 1", "17:00 ngày 05/03/2026", "02/03/2026")
    assert len(today) == len("02/03/2026")
    for secret in (world.NAME, world.PHONE, world.MAIL):
        assert secret not in one.text


async def test_an_english_reporter_gets_english_words_where_there_are_some(bare: Pool) -> None:
    await add(bare, title="Hai thứ tiếng", body_en="{agency} is at work on {category}, until {due}.")
    await add(bare, title="Một thứ tiếng", body="Đang làm {category}.")
    english = await world.file(bare, lang="en")
    found = {one.title: one for one in await offered(bare, world.OFFICER, english.report)}
    assert found["Hai thứ tiếng"].text == "Construction is at work on Pothole, until 17:00 on 05/03/2026."
    assert (found["Hai thứ tiếng"].lang, found["Một thứ tiếng"].lang) == ("en", "vi")
    assert found["Một thứ tiếng"].text == "Đang làm Ổ gà."


@given(st.text())
def test_whatever_stands_in_a_report_is_never_read_as_a_place_to_fill_in(words: str) -> None:
    assert fill("{place}", {"place": words}) == words


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("Gửi {name}", "templates.field_personal"),
        ("Gửi {reporter}", "templates.field_personal"),
        ("Gọi {PHONE}", "templates.field_personal"),
        ("Mã {ma}", "templates.field_unknown"),
        ("Mã {}", "templates.field_unknown"),
        ("Mã { code }", "templates.field_unknown"),
        ("Mã {code!r}", "templates.field_unknown"),
        ("Mã {code.__class__}", "templates.field_unknown"),
        ("Mã {code", "templates.brace_alone"),
        ("Mã code}", "templates.brace_alone"),
        ("Mã {{code}}", "templates.brace_alone"),
        ("", "templates.body_length"),
        ("x" * 3501, "templates.body_length"),
    ],
)
async def test_what_cannot_be_filled_in_is_refused_when_it_is_saved(bare: Pool, body: str, key: str) -> None:
    for form in ({"body": body}, *([{"body_en": body}] if body else [])):
        with pytest.raises(Invalid) as refused:
            await add(bare, world.LEAD, **form)
        assert (refused.value.key, refused.value.problems[0].field) == (key, next(iter(form)))


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({"title": "  "}, "templates.title_length"),
        ({"title": "x" * 101}, "templates.title_length"),
        ({"act": Act.CLAIM}, "templates.act_wordless"),
        ({"category": "khong-co"}, "reports.category_unknown"),
        ({"group_id": "khong-co"}, "templates.group_unknown"),
    ],
)
async def test_what_is_wrong_otherwise_is_said(bare: Pool, form: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid) as refused:
        await add(bare, **form)
    assert refused.value.key == key


# ---------------------------------------------------------------- who gets which


async def test_an_agency_uses_its_own_those_above_it_and_the_centres(bare: Pool) -> None:
    await add(bare, POWER_LEAD, title="Điện lực")
    await add(bare, world.LEAD, title="Sở")
    await add(bare, world.COORDINATOR, title="Trung tâm")
    await add(bare, world.POLICE_LEAD, title="Công an")
    light = (await world.file(bare, category="street-light")).report
    assert set(await titles(bare, world.ELECTRICIAN, light)) == {"Điện lực", "Sở", "Trung tâm"}
    assert set(await titles(bare, world.OFFICER, light)) == {"Sở", "Trung tâm"}
    assert set(await titles(bare, world.COORDINATOR, light)) == {"Trung tâm"}
    assert await titles(bare, world.LEADER, light) == []


async def test_only_those_for_the_matter_and_for_what_may_be_done_now(bare: Pool) -> None:
    await add(bare, title="Mọi việc")
    await add(bare, title="Đường sá", group_id="streets")
    await add(bare, title="Ổ gà", category="pothole")
    await add(bare, title="Rác", category="litter")
    await add(bare, title="Nhóm khác", group_id="others")
    await add(bare, title="Hỏi", act=Act.ASK)
    await add(bare, title="Từ chối", act=Act.REJECT)
    report = await world.reach(bare, Status.IN_PROGRESS)
    assert await titles(bare, world.OFFICER, report, Act.PROGRESS) == ["Ổ gà", "Đường sá", "Mọi việc"]
    assert set(await titles(bare, world.OFFICER, report)) == {"Ổ gà", "Đường sá", "Mọi việc", "Hỏi"}
    closed = await world.reach(bare, Status.CLOSED)
    assert await titles(bare, world.OFFICER, closed) == []


async def test_what_is_used_most_comes_first_and_only_what_is_theirs_counts(bare: Pool) -> None:
    await add(bare, title="Một")
    often = await add(bare, title="Hai")
    theirs = await add(bare, world.POLICE_LEAD, title="Công an")
    for template_id in (often, often, theirs, uuid4()):
        await templates.used(bare, world.OFFICER, world.RULES, template_id)
    report = await world.reach(bare, Status.IN_PROGRESS)
    assert [(one.title, one.used) for one in await offered(bare, world.OFFICER, report)] == [("Hai", 2), ("Một", 0)]
    assert await bare.fetchval("SELECT used FROM response_templates WHERE template_id = $1", theirs) == 0


# ---------------------------------------------------------------- who looks after them


@pytest.mark.parametrize("who", [world.OFFICER, world.LEADER, world.CITIZEN])
async def test_others_look_after_none(bare: Pool, who: Actor) -> None:
    mine = await add(bare)
    for tried in (
        add(bare, who),
        templates.listed(bare, who, "ioc"),
        templates.change(bare, world.RULES, who, mine, draft(), 1),
        templates.switch(bare, world.RULES, who, mine, active=False, version=1),
        templates.add_first_set(bare, who, "ioc"),
    ):
        with pytest.raises(Forbidden):
            await tried


async def test_each_changes_their_own_and_reads_what_they_use(bare: Pool) -> None:
    centre, roads, police = [await add(bare, who) for who in (world.COORDINATOR, world.LEAD, world.POLICE_LEAD)]
    for number, (who, reads, changes) in enumerate(
        (
            (world.LEAD, {centre, roads}, {roads}),
            (world.COORDINATOR, {centre}, {centre}),
            (world.ADMINISTRATOR, {centre, roads, police}, {centre, roads, police}),
        )
    ):
        assert {one.template_id for one in await templates.listed(bare, who, "ioc")} == reads
        for template_id in (centre, roads, police):
            version = await bare.fetchval("SELECT version FROM response_templates WHERE template_id = $1", template_id)
            changed = templates.change(bare, world.RULES, who, template_id, draft(title=f"Lần {number}"), version)
            if template_id in changes:
                await changed
            else:
                with pytest.raises(Forbidden):
                    await changed
    with pytest.raises(NotFound):
        await templates.get(bare, world.LEAD, "ioc", police)


async def test_the_history_says_who_changed_what_and_out_of_use_is_not_offered(bare: Pool) -> None:
    template_id = await add(bare)
    await templates.change(bare, world.RULES, world.LEAD, template_id, draft(body="Xin chờ."), 1)
    await templates.switch(bare, world.RULES, world.ADMINISTRATOR, template_id, active=False, version=2)
    report = await world.reach(bare, Status.IN_PROGRESS)
    assert await titles(bare, world.OFFICER, report) == []
    found, changes = await templates.get(bare, world.LEAD, "ioc", template_id)
    assert (found.active, found.version) == (False, 3)
    assert [(one.version, one.staff_id, one.active, one.body) for one in changes] == [
        (3, world.ADMINISTRATOR.id, False, "Xin chờ."),
        (2, world.LEAD.id, True, "Xin chờ."),
        (1, world.LEAD.id, True, draft().body),
    ]
    await templates.switch(bare, world.RULES, world.LEAD, template_id, active=True, version=3)
    assert await titles(bare, world.OFFICER, report) == [LATE]


async def test_of_two_who_change_it_at_once_one_is_told(bare: Pool) -> None:
    template_id = await add(bare)
    done = await asyncio.gather(
        *(templates.change(bare, world.RULES, world.LEAD, template_id, draft(title=f"Bản {n}"), 1) for n in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Conflict"] * 3 + ["NoneType"]
    assert {one.key for one in done if isinstance(one, Conflict)} == {"templates.changed_meanwhile"}


# ---------------------------------------------------------------- the first set


async def test_the_set_that_comes_along_is_sound_and_taken_once(bare: Pool) -> None:
    first = templates.first_set()
    assert len(first) >= 12
    for name, one in first.items():
        assert one.problems() == [], name
        assert one.act in ACTS
        assert one.body == one.body.strip()
    counts = await asyncio.gather(*(templates.take_first_set(bare, "ioc") for _ in range(2)))
    assert sorted(counts) == [0, len(first)]
    (template_id, *_) = [one.template_id for one in await templates.listed(bare, world.COORDINATOR, "ioc")]
    found, changes = await templates.get(bare, world.COORDINATOR, "ioc", template_id)
    await templates.switch(bare, world.RULES, world.COORDINATOR, template_id, active=False, version=found.version)
    assert [one.staff_id for one in changes] == [None]
    assert await templates.add_first_set(bare, world.COORDINATOR, "ioc") == 0
    with pytest.raises(AppError):
        await templates.add_first_set(bare, world.LEAD, "ioc")


def test_every_field_is_known_to_the_check() -> None:
    assert wrong_fields(" ".join(f"{{{name}}}" for name in FIELDS), "body") is None
