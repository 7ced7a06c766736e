"""What is sent to a partner, and that it is sent once whatever happens on the way."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from app.accounts.model import Actor, Role
from app.errors import Forbidden, Invalid
from app.partners import deciding, sending, service, store
from app.partners.model import Fill, Partner
from app.partners.service import Means
from app.reports.model import Report
from app.reports.workflow import Act
from tests import small_world as world
from tests.partners.conftest import AT_ONCE, KEY, partner, push_of
from tests.partners.faulty import Faulty


async def filed(means: Means, light: dict[str, Any], **changes: Any) -> Report:
    report = (await world.file(means.pool, **(light | changes))).report
    await service.follow(means.pool)
    return report


async def present(means: Means, one: Partner) -> Partner:
    async with means.pool.acquire() as conn:
        return await service.get(conn, world.ADMINISTRATOR, one.partner_id)


async def send(means: Means, one: Partner) -> int:
    return await sending.send_due(means, await present(means, one), AT_ONCE)


async def later(means: Means) -> None:
    """Nothing is left alone any more."""
    await means.pool.execute("UPDATE partners SET held_until = NULL")
    await means.pool.execute("UPDATE partner_pushes SET next_at = now()")


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_what_the_agency_is_given_is_sent_without_who_reported(
    form: str, means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    there.form = "json" if form == "json" else "xml"
    one = await partner(means, there)
    report = await filed(means, light)
    assert await send(means, one) == 1
    assert len(there.posts) == 1
    sent = there.posts[0]
    assert sent == {
        "service_code": "den",
        "description": f"Đèn đường trước nhà hư, gọi anh [đã ẩn tên] [đã ẩn số].\n[{report.code} | phananh.example]",
        "address_string": "Phường An Xuyên",
        "lat": "9.2246",
        "long": "105.1780",
        "attribute[hu-gi]": "1",
        "api_key": KEY,
    }
    push = await push_of(means, one, report)
    assert (push.state, push.number, push.sent["words"]) == ("sent", "EVN-1", "public")
    await service.follow(means.pool)
    assert await send(means, one) == 0
    assert len(there.posts) == 1


async def test_originals_are_sent_where_the_administrator_allows_it_and_still_nobodys_identity(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there, originals=True, jurisdiction="evn.example")
    await filed(means, light | {"photos": (await world.photo(means.pool),)})
    await send(means, one)
    sent = there.posts[0]
    assert sent["description"].startswith("Đèn đường trước nhà hư, gọi anh Lê Văn Tám 0912 345 678.")
    assert (sent["lat"], sent["address_string"]) == ("9.224610", "12 Lý Bôn, Phường An Xuyên")
    assert sent["media_url"].startswith("https://phananh.example/api/v1/photos/")
    assert sent["jurisdiction_id"] == "evn.example"
    assert not {"email", "phone", "first_name", "last_name", "device_id", "account_id"} & sent.keys()
    assert world.NAME not in str(sent)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"category": "pothole"}, None),
        ({"channel": "open311", "text": "Đèn hư.\n[PA-7K3M-9QX2 | ioc.example]"}, "from_elsewhere"),
    ],
)
async def test_some_reports_are_not_sent(
    changes: dict[str, Any], why: str | None, means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    report = await filed(means, light, **changes)
    await send(means, one)
    assert there.posts == []
    if why:
        push = await push_of(means, one, report)
        assert (push.state, push.reason) == ("withheld", why)


async def test_what_the_agency_has_no_more_is_not_sent_and_what_comes_back_is(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    report = await filed(means, light)
    report = await world.do(means.pool, world.ELECTRICIAN, report, Act.RETURN, text="Không phải của chúng tôi.")
    await send(means, one)
    assert (await push_of(means, one, report)).reason == "overtaken"
    await world.do(means.pool, world.COORDINATOR, report, Act.ASSIGN, agency_id="power")
    await service.follow(means.pool)
    await send(means, one)
    assert (await push_of(means, one, report)).number == "EVN-1"


async def test_nothing_is_sent_while_the_partner_is_off(means: Means, there: Faulty, light: dict[str, Any]) -> None:
    one = await partner(means, there)
    await service.switch(means.pool, world.ADMINISTRATOR, one.partner_id, on=False)
    await filed(means, light)
    await service.switch(means.pool, world.ADMINISTRATOR, one.partner_id, on=True)
    await service.follow(means.pool)
    assert await send(means, one) == 0


@pytest.mark.parametrize("way", ["500!", "garbled!", "drop!", "hang!"])
async def test_a_request_that_arrived_without_an_answer_is_found_and_not_sent_twice(
    way: str, means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there, repeat="lists")
    there.ways = [way]
    report = await filed(means, light)
    await send(structs.replace(means, patience=0.4 if way == "hang!" else means.patience), one)
    push = await push_of(means, one, report)
    assert (push.state, push.number, len(there.posts)) == ("sent", "EVN-1", 1)


@pytest.mark.parametrize("way", ["500", "garbled", "drop"])
async def test_a_request_that_did_not_arrive_is_sent_again_where_the_list_is_whole(
    way: str, means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there, repeat="lists")
    there.ways = [way]
    report = await filed(means, light)
    await send(means, one)
    push = await push_of(means, one, report)
    assert (push.state, push.number, len(there.posts), len(there.requests)) == ("sent", "EVN-1", 2, 1)


async def test_where_the_list_may_not_be_whole_a_person_decides(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    there.ways, there.lists = ["500!", "500!"], False
    report, other = await filed(means, light), await filed(means, light)
    await send(means, one)
    assert len(there.posts) == 2
    for each in (report, other):
        push = await push_of(means, one, each)
        assert (push.state, push.reason) == ("person", "unsure")
    # Somebody has asked on the telephone: the one is there, the other is not.
    await deciding.numbered(means.pool, world.ADMINISTRATOR, one.partner_id, report.report_id, " EVN-1 ")
    await deciding.again(means.pool, world.ADMINISTRATOR, one.partner_id, other.report_id)
    await send(means, one)
    assert (await push_of(means, one, report)).number == "EVN-1"
    assert (await push_of(means, one, other)).state == "sent"
    assert len(there.posts) == 3


async def test_a_partner_that_knows_idempotency_keys_is_sent_the_same_again(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there, repeat="key")
    there.ways, there.lists = ["500!", "drop", "500"], False
    report = await filed(means, light)
    await send(means, one)
    assert (len(there.posts), len(set(there.keys)), len(there.requests)) == (4, 1, 1)
    assert (await push_of(means, one, report)).number == "EVN-1"


async def test_a_token_is_exchanged_for_the_number_later(means: Means, there: Faulty, light: dict[str, Any]) -> None:
    one = await partner(means, there)
    there.ways, there.tokens_known = ["token"], False
    report = await filed(means, light)
    there.answer = lambda path: there.asked.append("token") if "/tokens/" in path else None
    there.asked.clear()
    taken = await sending.send_due(means, await present(means, one), AT_ONCE)
    assert taken > 1
    push = await push_of(means, one, report)
    assert (push.state, push.reason, push.token) == ("person", "unsure", "T-EVN-1")


async def test_a_token_that_is_known_gives_the_number(means: Means, there: Faulty, light: dict[str, Any]) -> None:
    one = await partner(means, there)
    there.ways = ["token"]
    report = await filed(means, light)
    await send(means, one)
    push = await push_of(means, one, report)
    assert (push.state, push.number, len(there.posts)) == ("sent", "EVN-1", 1)


async def test_what_is_refused_waits_for_a_person_with_the_partners_words_and_never_the_key(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    there.ways = ["400", "echo"]
    report = await filed(means, light)
    await send(means, one)
    push = await push_of(means, one, report)
    assert (push.state, push.reason, push.error) == ("person", "refused", "refused: HTTP 400 Thiếu thông tin, khóa ***")
    await deciding.again(means.pool, world.ADMINISTRATOR, one.partner_id, report.report_id)
    await send(means, one)
    assert (await push_of(means, one, report)).notice == "Khóa *** đã nhận"
    tables = ("partners", "partner_pushes", "partner_attempts", "account_events")
    for table in tables:
        assert KEY not in str([dict(row) for row in await means.pool.fetch(f"SELECT * FROM {table}")])
    assert KEY not in repr(await service.client_of(means, one))


async def test_a_partner_that_cannot_be_reached_is_tried_again_and_then_given_up(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    await means.pool.execute("UPDATE partners SET endpoint = 'http://127.0.0.1:1/v2'")
    report = await filed(means, light)
    for _ in range(9):
        await send(means, one)
    push = await push_of(means, one, report)
    assert (push.state, push.reason, push.tries) == ("person", "gave_up", 5)
    assert (await present(means, one)).failing_since is not None


async def test_a_key_that_is_not_taken_holds_everything_up_and_refuses_nothing(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    there.ways = ["403"]
    report = await filed(means, light)
    other = await filed(means, light)
    await sending.send_due(means, await present(means, one))
    assert (await push_of(means, one, report)).state == "waiting"
    held = await present(means, one)
    assert (held.failure, held.holds, len(there.posts)) == ("barred: HTTP 403", 1, 1)
    assert (await push_of(means, one, other)).tries == 0, "the next one loses no try to it"
    async with means.pool.acquire() as conn:
        assert await store.with_work(conn) == []
    await later(means)
    await send(means, one)
    assert (await push_of(means, one, report)).number == "EVN-1"
    assert (await present(means, one)).failure == ""


async def test_asked_to_wait_it_waits(means: Means, there: Faulty, light: dict[str, Any]) -> None:
    one = await partner(means, there)
    there.ways = ["429"]
    report = await filed(means, light)
    await send(means, one)
    assert (await push_of(means, one, report)).state == "waiting"
    held = (await present(means, one)).held_until
    assert held
    assert held - datetime.now(UTC) < timedelta(seconds=1)
    await later(means)
    await send(means, one)
    assert (await push_of(means, one, report)).state == "sent"


async def test_a_sender_that_wakes_up_too_late_changes_nothing(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    """Its row was taken by another one meanwhile, which found the request."""
    one = await partner(means, there, repeat="lists")
    there.ways = ["hang!"]
    report = await filed(means, light)
    slow = asyncio.create_task(send(structs.replace(means, patience=0.8), one))
    await there.hung.wait()
    await means.pool.execute("UPDATE partner_pushes SET next_at = now()")
    await send(means, one)
    assert (await push_of(means, one, report)).number == "EVN-1"
    await slow
    assert len(there.posts) == 1
    assert (await push_of(means, one, report)).state == "sent"


async def test_what_is_opened_again_here_waits_for_a_person_and_is_a_new_request_there(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    report = await filed(means, light)
    await send(means, one)
    await means.pool.execute("UPDATE partner_pushes SET their_status = 'closed'")
    report = await world.resolve(means.pool, report, world.ELECTRICIAN)
    await world.do(means.pool, world.CITIZEN, report, Act.DISPUTE, text="Vẫn tối.")
    await service.follow(means.pool)
    assert (await push_of(means, one, report)).reason == "reopened"
    await deciding.again(means.pool, world.ADMINISTRATOR, one.partner_id, report.report_id)
    await send(means, one)
    push = await push_of(means, one, report)
    assert (push.round, push.number, push.their_status) == (2, "EVN-2", "")
    assert there.posts[1]["description"].endswith(f"[{report.code}/2 | phananh.example]")


async def test_attributes_are_filled_and_what_is_demanded_must_be(means: Means, there: Faulty) -> None:
    one = await partner(means, there)
    with pytest.raises(Invalid) as refused:
        await service.map_category(means, world.ADMINISTRATOR, one.partner_id, "street-light", "den", {})
    assert refused.value.problems[0].field == "fill.hu-gi"
    wrong = {"hu-gi": Fill(fixed="9")}
    with pytest.raises(Invalid):
        await service.map_category(means, world.ADMINISTRATOR, one.partner_id, "street-light", "den", wrong)
    async with means.pool.acquire() as conn:
        mapped = (await store.mapped(conn, [one.partner_id]))[one.partner_id]["street-light"]
    assert [attribute.code for attribute in mapped.attributes] == ["hu-gi", "ma-ngoai"]


@pytest.mark.parametrize("who", [world.OFFICER, world.LEAD, world.COORDINATOR, world.LEADER])
async def test_administrators_alone(who: Actor, means: Means, there: Faulty) -> None:
    one = await partner(means, there)
    assert who.role is not Role.ADMINISTRATOR
    with pytest.raises(Forbidden):
        await service.switch(means.pool, who, one.partner_id, on=True)
    with pytest.raises(Forbidden):
        await service.connect(means, who, one.partner_id)
