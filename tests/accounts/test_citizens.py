"""Citizens and their chats: made on first contact, known again, one person however often they write at once."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from app.accounts import citizens
from app.accounts.citizens import Citizen
from app.db import Conn, Pool
from app.i18n import Lang

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


async def writes(conn: Conn, user: str, name: str = "Lan", *, channel: str = "telegram", lang: Lang = "vi") -> Citizen:
    return await citizens.citizen(conn, channel, user, name, lang)


async def identity(conn: Conn, user: str) -> asyncpg.Record:
    row = await conn.fetchrow("SELECT * FROM channel_identities WHERE channel_user_id = $1", user)
    assert row is not None
    return row


async def test_somebody_new_becomes_a_citizen_who_has_agreed_to_nothing_yet(conn: Conn) -> None:
    lan = await writes(conn, "1", lang="en")
    assert (lan.lang, lan.consent_version) == ("en", None)
    row = await identity(conn, "1")
    assert (row["citizen_id"], row["display_name"], row["unreachable_since"]) == (lan.citizen_id, "Lan", None)


async def test_the_same_person_is_known_again_with_their_own_language_and_new_name(conn: Conn) -> None:
    lan = await writes(conn, "2", lang="en")
    await citizens.set_language(conn, lan.citizen_id, "vi")
    await citizens.give_consent(conn, lan.citizen_id, "2026-01", AT)
    again = await writes(conn, "2", "Nguyễn Thị Lan", lang="en")
    assert again == Citizen(lan.citizen_id, "vi", "2026-01")
    assert (await identity(conn, "2"))["display_name"] == "Nguyễn Thị Lan"
    assert await conn.fetchval("SELECT count(*) FROM citizens") == 1


async def test_the_same_number_in_another_channel_is_somebody_else(conn: Conn) -> None:
    assert (await writes(conn, "3")).citizen_id != (await writes(conn, "3", channel="zalo_oa")).citizen_id


async def test_writing_to_us_proves_that_somebody_can_be_reached_again(conn: Conn) -> None:
    await writes(conn, "4")
    await citizens.unreachable(conn, "telegram", "4", "blocked")
    row = await identity(conn, "4")
    assert (row["unreachable_since"] is not None, row["unreachable_reason"]) == (True, "blocked")
    await writes(conn, "4")
    row = await identity(conn, "4")
    assert (row["unreachable_since"], row["unreachable_reason"]) == (None, None)


async def test_an_address_that_nobody_has_can_be_marked_without_harm(conn: Conn) -> None:
    await citizens.unreachable(conn, "telegram", "nobody", "blocked")
    assert await conn.fetchval("SELECT count(*) FROM channel_identities") == 0


async def test_the_first_messages_of_somebody_sent_at_once_make_one_person(pool: Pool) -> None:
    async def write() -> Citizen:
        async with pool.acquire() as conn:
            return await writes(conn, "burst")

    met = await asyncio.gather(*(write() for _ in range(10)))
    async with pool.acquire() as conn:
        people = await conn.fetchval("SELECT count(*) FROM citizens")
        await conn.execute("DELETE FROM channel_identities; DELETE FROM citizens")
    assert len({person.citizen_id for person in met}) == people == 1


async def test_meeting_somebody_works_inside_a_transaction_that_goes_on(conn: Conn) -> None:
    """The dialogue meets people in the transaction that keeps what they wrote."""
    lan = await writes(conn, "5")
    await citizens.give_consent(conn, lan.citizen_id, "2026-01", AT)
    assert await conn.fetchval("SELECT consent_at FROM citizens WHERE citizen_id = $1", lan.citizen_id) == AT


@pytest.mark.parametrize(("typed", "kept"), [("x" * 300, "x" * 200), ("La\u0300n\x00\x07 ", "Làn"), ("", "")])
async def test_names_are_kept_short_and_clean(conn: Conn, typed: str, kept: str) -> None:
    await writes(conn, "6", typed)
    assert (await identity(conn, "6"))["display_name"] == kept


async def test_a_person_is_called_by_the_name_of_their_first_chat_that_has_one(conn: Conn) -> None:
    lan = await writes(conn, "7", "")
    assert await citizens.name(conn, lan.citizen_id) == ""
    await conn.execute(
        """
        INSERT INTO channel_identities (channel, channel_user_id, citizen_id, display_name, created_at)
        VALUES ('zalo_bot', '7', $1, 'Lan 2', now() + interval '2 days'),
               ('zalo_oa', '7', $1, 'Chị Lan', now() + interval '1 day')
        """,
        lan.citizen_id,
    )
    assert await citizens.name(conn, lan.citizen_id) == "Chị Lan"
