"""Who works in the demo's province, and what they have set up: by the usual verbs."""

import asyncio
import random

from app.accounts import chats
from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.demo import stories
from app.i18n import t
from app.routing.model import commune_office_id
from app.routing.service import commune_office
from app.schedules import service as schedules
from app.schedules.model import Draft, When
from app.screens import links
from app.wiring import Parts
from bot.simulator.page import GROUP_ID, GROUP_TITLE, OFFICERS

_AT_ONCE = 6
_PLAYED = dict(zip(("moi-truong-do-thi-ca-mau.cb", "moi-truong-do-thi-ca-mau.ld"), OFFICERS, strict=True))
"""Accounts that the chat page's officers have."""
_WALL_DAYS = 30


async def hire(parts: Parts) -> list[tuple[str, str, str]]:
    """Staff of every role: the operations centre, every department and enterprise, and every commune office."""
    chance = random.Random("staff")  # noqa: S311  # a demo, not a secret
    rules = parts.rules
    jobs: list[tuple[str, str, Role, bool]] = [
        ("dieuphoi", rules.coordinator_id, Role.COORDINATOR, True),
        ("dieuphoi2", rules.coordinator_id, Role.COORDINATOR, False),
        ("lanhdao", rules.coordinator_id, Role.LEADER, True),
        ("quantri", rules.coordinator_id, Role.ADMINISTRATOR, True),
    ]
    shown = {"so-xay-dung", "moi-truong-do-thi-ca-mau", "ubnd-32002"}
    for agency in rules.agencies.values():
        if agency.agency_id == rules.coordinator_id:
            continue
        name = agency.agency_id
        jobs.append((f"{name}.cb", name, Role.OFFICER, name in shown))
        jobs.append((f"{name}.ld", name, Role.LEAD, name == "so-xay-dung"))
    communes = [c for c in parts.gazetteer.communes if c.province_code == rules.province_code]
    offices = [commune_office_id(commune.code) for commune in communes]
    jobs += [(office, office, Role.OFFICER, office in shown) for office in offices]

    slots = asyncio.Semaphore(_AT_ONCE)

    async def hire(username: str, agency_id: str, role: Role, is_shown: bool) -> str:
        name = chance.choice(stories.NAMES)
        if (persona := _PLAYED.get(username)) is not None:
            name = f"{persona.last_name} {persona.first_name}"
        async with slots:
            # Whoever is shown has an address: their mail is in var/mail.
            email = f"{username}@phananh.example" if is_shown else ""
            # The others' passwords nobody would ever learn; a hundred hashes take five seconds of processor time.
            _, password = await accounts.create_staff(
                parts.pool, username, name, agency_id, role, None, SYSTEM, email=email, sealed=not is_shown
            )
        return password

    passwords = await asyncio.gather(*(hire(*job) for job in jobs))
    names = {a.agency_id: a.name for a in rules.agencies.values()}
    names |= {commune_office_id(c.code): commune_office(rules, c.code, c.full_name).name for c in communes}
    return [
        (f"{t(f'api.role_{role.value}', 'vi')} / {role.value} – {names[agency]}", username, password)
        for (username, agency, role, is_shown), password in zip(jobs, passwords, strict=True)
        if is_shown
    ]


async def schedule(parts: Parts) -> None:
    """The weekly report to the province's leader, on Mondays."""
    async with parts.pool.acquire() as conn:
        leader = (await accounts.find_staff(conn, "lanhdao")).staff_id
    actor = await acting(parts, "dieuphoi")
    assert actor.id is not None
    weekly = When("weekly", 1, 7 * 60 + 30, office_days=True)
    draft = Draft(
        name="Báo cáo tuần", when=weekly, lang="vi", query="", formats=("pdf", "xlsx"), people=(leader, actor.id)
    )
    await schedules.create(parts.pool, actor, draft)


async def link_group(parts: Parts) -> None:
    """The chat page's group belongs to an agency, and its members are of that agency's staff: by the usual verbs."""
    async with parts.pool.acquire() as conn:
        people = {username: await accounts.find_staff(conn, username) for username in _PLAYED}
    for username, persona in _PLAYED.items():
        code, _ = await chats.make_code(parts.pool, people[username].staff_id, SYSTEM)
        who = await chats.link(parts.pool, "telegram", str(persona.id), code, "vi")
        if who.staff.role is Role.LEAD:
            await chats.link_group(parts.pool, who, "telegram", str(GROUP_ID), GROUP_TITLE)


async def hang_wall(parts: Parts) -> str:
    """The address of a wall display at the operations centre, for a month."""
    actor = await acting(parts, "dieuphoi")
    token = await links.make(
        parts.pool, parts.settings.secret_key, actor, "Màn hình trung tâm điều hành", _WALL_DAYS, "dieuphoi"
    )
    return f"{parts.settings.public_url}{links.PAGE}/{token}"


async def acting(parts: Parts, username: str) -> Actor:
    async with parts.pool.acquire() as conn:
        actor = await accounts.actor_of(conn, (await accounts.find_staff(conn, username)).staff_id)
    assert actor is not None
    return actor
