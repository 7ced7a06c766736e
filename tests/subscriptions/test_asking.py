"""Double opt-in: an address is used for nothing before its mailbox has confirmed, nobody is flooded or found out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.accounts import data_requests
from app.db import transaction
from app.errors import Conflict, Invalid, NotFound
from app.reports import ownership
from app.subscriptions import service, tokens
from app.subscriptions.model import AREAS_MOST, Area, Follower
from bot.conversation import areas_kept, wishes
from tests.notify.post import take_jobs
from tests.subscriptions.conftest import LAN, LIGHT, URL, Street, wish
from tests.world import AN_XUYEN


def token(link: str) -> str:
    return link.partition("k=")[2]


async def test_nothing_is_followed_before_the_mailbox_confirms_and_a_link_works_once(street: Street) -> None:
    await street.asks()
    await street.confirmations()
    (mail,) = street.mail.to(LAN)
    assert mail["Subject"] == "Xác nhận theo dõi phản ánh hiện trường"
    assert mail["List-Unsubscribe"] is None
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Phường An Xuyên. Mỗi sáng." in body.get_content()
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == 0
    link = street.link()
    assert link.startswith(f"{URL}/follow/confirm?k=")
    who = await service.confirm(street.pool, street.secret, token(link))
    async with street.pool.acquire() as conn:
        manage = tokens.sign(street.secret, "manage", who)
        found = await service.managed(conn, street.secret, manage)
    assert (found.address, found.areas, found.rhythm) == (LAN, (LIGHT,), "daily")
    kept = await street.pool.fetchrow("SELECT consent, consent_at FROM area_followers")
    assert kept is not None
    assert kept["consent"] == service.consent("vi")
    assert await street.pool.fetchval("SELECT count(*) FROM follow_requests") == 0
    with pytest.raises(NotFound):
        await service.confirm(street.pool, street.secret, token(link))


async def test_a_link_ends_after_two_days_and_the_address_is_forgotten(street: Street) -> None:
    await street.asks()
    await street.confirmations()
    later = datetime.now(UTC) + service.LIFETIME + timedelta(minutes=1)
    with pytest.raises(NotFound):
        await service.confirm(street.pool, street.secret, token(street.link()), later)
    assert await service.sweep(street.pool, later) == 1
    assert await street.pool.fetchval("SELECT count(*) FROM follow_requests") == 0


async def test_a_link_for_one_thing_is_none_for_another(street: Street) -> None:
    await street.asks()
    await street.confirmations()
    said = token(street.link())
    async with street.pool.acquire() as conn:
        for wrong in (said, said[::-1], "", "x" * 43, "ă"):
            with pytest.raises(NotFound):
                await service.managed(conn, street.secret, wrong)
        with pytest.raises(NotFound):
            await service.asked(conn, b"another installation's", said)


async def test_a_mailbox_gets_three_unconfirmed_mails_a_day_however_it_is_written(street: Street) -> None:
    for address in (LAN, "Lan@example.vn", "lan+a@EXAMPLE.vn", "l.an@example.vn", "lan+b@example.vn"):
        await street.asks(address)
    await street.confirmations()
    assert len(street.mail.mails) == 3
    await street.asks("minh@example.vn")
    await street.confirmations()
    assert len(street.mail.mails) == 4
    # A day later it is asked again.
    at = datetime.now(UTC) + timedelta(days=1, minutes=1)
    await service.ask(street.pool, street.secret, LAN, wish(), "another form", at)
    assert len(await take_jobs(street.pool, "confirm_follow")) == 1


async def test_one_form_sent_twice_is_one_mail(street: Street) -> None:
    for _ in range(2):
        await service.ask(street.pool, street.secret, LAN, wish(), "one form")
    await street.confirmations()
    assert len(street.mail.mails) == 1


async def test_whoever_follows_already_is_asked_the_same_and_gets_the_second_area_too(street: Street) -> None:
    first = await street.follows()
    assert await street.follows("LAN@example.vn", wish(Area(AN_XUYEN, category="garbage"), "weekly")) == first
    async with street.pool.acquire() as conn:
        found = await service.managed(conn, street.secret, tokens.sign(street.secret, "manage", first))
    assert found.areas == (Area(AN_XUYEN, category="garbage"), LIGHT)
    assert found.rhythm == "weekly"


@pytest.mark.parametrize("typed", ["", "lan", "lan@", "lan@localhost", "a b@x.vn", "lan@x.vn\nBcc: a@b.vn", "lần@x.vn"])
async def test_what_is_no_address_is_refused(street: Street, typed: str) -> None:
    with pytest.raises(Invalid):
        await street.asks(typed)


async def test_a_confirmation_that_may_have_arrived_is_not_sent_again(street: Street) -> None:
    await street.asks()
    await street.pool.execute("UPDATE follow_requests SET status = 'sending'")
    await street.confirmations()
    assert street.mail.mails == []
    assert await street.pool.fetchval("SELECT status FROM follow_requests") == "uncertain"


async def test_who_follows_the_most_is_told_so_and_dropping_the_last_area_deletes_everything(street: Street) -> None:
    who = await street.follows(what=wish(Area()))
    home = street.world.parts.rules.province_code
    communes = [c.code for c in street.world.parts.gazetteer.communes if c.province_code == home]
    for code in communes[: AREAS_MOST - 1]:
        await service.add(street.pool, who, Area(code))
    await service.add(street.pool, who, Area())  # twice is once
    with pytest.raises(Conflict):
        await service.add(street.pool, who, LIGHT)
    for code in communes[: AREAS_MOST - 1]:
        assert await service.drop(street.pool, who, Area(code))
    assert not await service.drop(street.pool, who, Area())
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == 0


async def test_a_person_who_asks_to_be_erased_follows_nothing_any_more(street: Street) -> None:
    person = await street.person("901")
    await service.follow_by_chat(street.pool, person, wish())
    async with street.pool.acquire() as conn:
        await data_requests.request_erasure(conn, person)
        assert await service.of_citizen(conn, person) is None


async def test_the_numbers_name_nobody(street: Street) -> None:
    await street.follows()
    await service.follow_by_chat(street.pool, await street.person("902"), wish())
    await street.asks("minh@example.vn")
    async with street.pool.acquire() as conn:
        counted = await service.counted(conn)
    assert (counted.mail, counted.chat, counted.waiting) == (1, 1, 1)
    assert counted.places == [(AN_XUYEN, 2)]


async def test_a_chats_wishes_are_kept_and_two_chats_that_are_linked_follow_both_areas(street: Street) -> None:
    one, two = await street.person("905"), await street.person("906")

    async def does(who: UUID, **what: Any) -> Follower | None:
        return await areas_kept.fulfil(street.pool, who, "vi", wishes.Areas(**what))

    assert await does(one, what="look") is None
    assert await does(one, what="drop", area=LIGHT) is None
    await does(one, what="follow", area=LIGHT, consent="Tôi đồng ý")
    weekly = await does(one, what="rhythm", rhythm="weekly")
    assert weekly is not None
    assert weekly.rhythm == "weekly"
    again = await does(one, what="follow", area=Area(), consent="Tôi đồng ý")
    assert again is not None
    assert (again.rhythm, again.areas) == ("weekly", (Area(), LIGHT))
    assert (await does(one, what="drop", area=Area())) is not None

    other = Area(AN_XUYEN, category="garbage")
    await does(two, what="follow", area=other, consent="Tôi đồng ý")
    async with transaction(street.pool) as conn:
        await ownership.hand_over(conn, one, two)
    assert await does(one, what="look") is None
    both = await does(two, what="look")
    assert both is not None
    assert both.areas == (other, LIGHT)
    async with transaction(street.pool) as conn:
        await ownership.hand_over(conn, two, one)
    back = await does(one, what="look")
    assert back is not None
    assert back.areas == (other, LIGHT)
    assert await does(one, what="end") is None
