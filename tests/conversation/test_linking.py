"""Two chats become one person and are parted again: everything moves in one transaction, and both are told."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from uuid_utils.compat import uuid7

from app.accounts import citizens, data_requests, linking
from app.accounts.linking import Chat
from app.db import Pool
from app.errors import AppError, Conflict, Invalid
from app.notify import store as ledger
from app.reports import service
from app.reports.model import Report
from bot.conversation import store
from bot.conversation.draft import Content, Draft, Piece
from bot.conversation.linking import join, part
from bot.conversation.store import Result
from tests import small_world as world

KEY = b"k" * 32
PHONE, ZALO, OTHER = (
    Chat("telegram", "lan", "Lan"),
    Chat("zalo_bot", "lan-z", "Lan Zalo"),
    Chat("zalo_oa", "lan-o", "Lan"),
)


class Two:
    """Lan's two chats, each a person of its own with a report, a followed report and what else there is."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.reports: dict[str, Report] = {}

    async def who(self, chat: Chat) -> UUID:
        async with self.pool.acquire() as conn:
            known = await citizens.citizen(conn, chat.channel, chat.user_id, chat.name, "vi")
            return known.citizen_id

    async def file(self, chat: Chat) -> Report:
        report = await world.file(self.pool, citizen_id=await self.who(chat), channel=chat.channel)
        return report.report

    async def code(self, chat: Chat) -> str:
        async with self.pool.acquire() as conn:
            return await linking.offer(conn, KEY, chat)

    async def join(self, chat: Chat, to: Chat) -> Chat:
        return await join(self.pool, KEY, chat, await self.code(to))

    async def sees(self, chat: Chat) -> set[str]:
        return {report.code for report in await service.of_citizen(self.pool, await self.who(chat), 50)}

    async def told(self, chat: Chat) -> list[str]:
        async with self.pool.acquire() as conn:
            rows = await conn.fetch("SELECT payload FROM outbox WHERE chat_id = $1 ORDER BY message_id", chat.user_id)
        return [row["payload"]["text"] for row in rows]


@pytest_asyncio.fixture
async def two(settled: Pool) -> Two:
    async with settled.acquire() as conn:
        await conn.execute(
            "TRUNCATE outbox, drafts, link_codes, link_tries, channel_links, data_requests, report_mutes CASCADE"
        )
        await conn.execute("UPDATE channel_identities SET channel_user_id = channel_user_id || gen_random_uuid()")
    two = Two(settled)
    for chat in (PHONE, ZALO):
        two.reports[chat.channel] = await two.file(chat)
    return two


async def test_after_linking_both_chats_are_one_person_and_see_all_reports(two: Two) -> None:
    assert await two.join(ZALO, PHONE) == PHONE
    assert await two.who(ZALO) == await two.who(PHONE)
    codes = {report.code for report in two.reports.values()}
    assert await two.sees(PHONE) == await two.sees(ZALO) == codes
    zalos = two.reports["zalo_bot"]
    assert (await service.reporter(two.pool, zalos, citizen_id=await two.who(PHONE))).kind == "citizen"


async def test_follows_mutes_consent_and_the_draft_come_along(two: Two) -> None:
    followed = (await world.file(two.pool)).report
    zalo = await two.who(ZALO)
    await service.follow(two.pool, followed, zalo)
    await service.follow(two.pool, followed, await two.who(PHONE))
    await service.mute(two.pool, two.reports["zalo_bot"], zalo, muted=True)
    draft = Draft(content=Content((Piece(1, "Rác đầy đường"),)))
    async with two.pool.acquire() as conn:
        await citizens.give_consent(conn, zalo, "2026-01", world.MONDAY)
        result = Result(
            bot="b", update_id=None, channel="zalo_bot", chat_id="lan-z", citizen_id=zalo, draft_id=uuid7(), draft=draft
        )
        await store.save(conn, result)
    await two.join(ZALO, PHONE)
    person = await two.who(PHONE)
    async with two.pool.acquire() as conn:
        kept = await store.chat(conn, "zalo_bot", "lan-z")
        assert kept is not None
        assert (kept.citizen_id, kept.draft, kept.consent_version) == (person, draft, "2026-01")
        for table in ("report_followers", "report_mutes"):
            assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE citizen_id = $1", person) == 1
            assert await conn.fetchval(f"SELECT count(*) FROM {table} WHERE citizen_id = $1", zalo) == 0


async def test_the_other_chat_is_told_once_however_often_the_update_comes(two: Two) -> None:
    code = await two.code(PHONE)
    for _ in range(3):
        await join(two.pool, KEY, ZALO, code)
    (told,) = await two.told(PHONE)
    assert "Zalo “Lan Zalo”" in told
    assert "/huylienket" in told


async def test_a_code_works_once_and_in_one_chat(two: Two) -> None:
    code = await two.code(PHONE)
    await two.who(OTHER)
    await join(two.pool, KEY, ZALO, code)
    with pytest.raises(Invalid, match=r"accounts\.link_wrong"):
        await join(two.pool, KEY, OTHER, code)


async def test_of_several_that_type_the_same_code_at_once_one_is_joined(two: Two) -> None:
    code = await two.code(PHONE)
    await two.who(OTHER)
    done = await asyncio.gather(*(join(two.pool, KEY, c, code) for c in (ZALO, OTHER)), return_exceptions=True)
    assert sorted(isinstance(each, AppError) for each in done) == [False, True]
    assert len(await two.told(PHONE)) == 1


async def test_an_old_code_and_one_that_was_replaced_do_not_work(two: Two) -> None:
    old = await two.code(PHONE)
    fresh = await two.code(PHONE)
    with pytest.raises(Invalid):
        await join(two.pool, KEY, ZALO, old)
    async with two.pool.acquire() as conn:
        await conn.execute("UPDATE link_codes SET expires_at = now()")
    with pytest.raises(Invalid):
        await join(two.pool, KEY, ZALO, fresh)


async def test_guessing_is_cut_off_even_for_the_right_code_and_only_for_who_guesses(two: Two) -> None:
    code = await two.code(PHONE)
    await two.who(OTHER)
    for number in range(5):
        with pytest.raises(Invalid):
            await join(two.pool, KEY, ZALO, f"LK-0000-000{number}")
    with pytest.raises(Conflict, match=r"accounts\.link_too_many"):
        await join(two.pool, KEY, ZALO, code)
    assert await join(two.pool, KEY, OTHER, code) == PHONE
    async with two.pool.acquire() as conn:
        await conn.execute("UPDATE link_tries SET since = now() - interval '61 minutes'")
    assert await two.join(ZALO, PHONE) == PHONE


async def test_the_database_does_not_know_the_code(two: Two) -> None:
    code = await two.code(PHONE)
    async with two.pool.acquire() as conn:
        row = await conn.fetchrow("SELECT * FROM link_codes")
    assert row is not None
    assert code[3:7] not in str(row)
    assert code.encode()[3:7] not in row["code_hash"]


async def test_a_chat_is_not_linked_with_itself_nor_away_from_its_others(two: Two) -> None:
    with pytest.raises(Conflict, match=r"accounts\.link_own_code"):
        await two.join(PHONE, PHONE)
    await two.join(ZALO, PHONE)
    await two.who(OTHER)
    with pytest.raises(Conflict, match=r"accounts\.link_has_others"):
        await two.join(PHONE, OTHER)
    # The other way round it goes.
    await two.join(OTHER, PHONE)
    assert await two.who(OTHER) == await two.who(ZALO)


async def test_nothing_is_linked_while_a_request_about_data_is_open(two: Two) -> None:
    async with two.pool.acquire() as conn:
        await data_requests.request_erasure(conn, await two.who(ZALO))
    with pytest.raises(Conflict, match=r"accounts\.link_request_open"):
        await two.join(ZALO, PHONE)


@pytest.mark.parametrize("who", [PHONE, ZALO])
async def test_whichever_chat_leaves_each_has_its_own_again(two: Two, who: Chat) -> None:
    before = {chat: await two.who(chat) for chat in (PHONE, ZALO)}
    await two.join(ZALO, PHONE)
    (other,) = await part(two.pool, who)
    assert other == (ZALO if who is PHONE else PHONE)
    assert {chat: await two.who(chat) for chat in (PHONE, ZALO)} == before
    assert await two.sees(PHONE) == {two.reports["telegram"].code}
    assert await two.sees(ZALO) == {two.reports["zalo_bot"].code}
    assert "đã tách" in (await two.told(other))[-1]
    with pytest.raises(Conflict, match=r"accounts\.link_none"):
        await part(two.pool, who)


async def test_what_was_sent_since_goes_with_the_chat_it_was_sent_from(two: Two) -> None:
    await two.join(ZALO, PHONE)
    async with two.pool.acquire() as conn:
        await conn.execute("UPDATE channel_links SET linked_at = $1", world.MONDAY - timedelta(hours=1))
    since = {chat.channel: (await two.file(chat)).code for chat in (PHONE, ZALO)}
    await part(two.pool, ZALO)
    assert await two.sees(ZALO) == {two.reports["zalo_bot"].code, since["zalo_bot"]}
    assert await two.sees(PHONE) == {two.reports["telegram"].code, since["telegram"]}


async def test_a_linked_person_is_told_once(two: Two) -> None:
    await service.follow(two.pool, two.reports["telegram"], await two.who(ZALO))
    async with two.pool.acquire() as conn:
        assert len(await ledger.recipients(conn, two.reports["telegram"].report_id)) == 2
    await two.join(ZALO, PHONE)
    async with two.pool.acquire() as conn:
        (told,) = await ledger.recipients(conn, two.reports["telegram"].report_id)
    assert told.owner
