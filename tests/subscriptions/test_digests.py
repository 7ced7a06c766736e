"""The digest: one message a period with what is new, none when there is nothing, never the same twice."""

import html
from email.message import EmailMessage

import pytest

from app.notify.model import Closed, TryLater, Unreachable
from app.reports.workflow import Act
from app.subscriptions import service
from app.subscriptions.model import Area
from tests.console.reports import act
from tests.notify.post import take_jobs
from tests.subscriptions.conftest import LAN, URL, Street, morning, wish


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def digests(street: Street, address: str = LAN) -> list[EmailMessage]:
    return [mail for mail in street.mail.to(address) if mail["List-Id"].startswith("<areas.")]


async def test_a_day_is_told_once_with_what_is_new_and_what_was_settled(street: Street) -> None:
    known = await street.published("Cột đèn nghiêng ở đầu hẻm")
    who = await street.follows()
    await street.filed("Đèn này chưa ai cho công khai")
    new = await street.published("Đèn hỏng, gọi tôi số 0912 345 678")
    await street.published("Rác chưa gom ở chợ", category="garbage")
    await street.resolved(known)
    assert await street.plan(morning(hour=6)) == 0
    assert await street.plan(morning()) == 1
    assert await street.plan(morning(hour=9)) == 0
    await street.send()
    (mail,) = digests(street)
    assert mail["Subject"].startswith("1 phản ánh mới, 1 kết quả (")
    said = words(mail)
    assert f"{URL}/r/{new.code}" in said
    assert "“Đã thay bóng.”" in said
    assert said.index(new.code) < said.index(known.code)
    for absent in ("0912", "chưa ai cho", "Rác", LAN):
        assert absent not in said
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith(f"<{URL}/follow/end?k=")
    assert f"{URL}/follow/mine?k=" in said
    assert f'href="{URL}/r/{new.code}"' in html.unescape(words(mail, "html"))
    assert await street.became() == ["sent"]
    # The next day there is nothing, and nothing is sent; being published anew is no news either.
    await act(street.world, "coordinator", new.code, Act.PUBLISH)
    await street.plan(morning(2))
    await street.send()
    assert len(digests(street)) == 1
    assert await service.end(street.pool, who)


async def test_a_week_is_told_on_monday_and_what_was_missed_comes_late_once(street: Street) -> None:
    await street.follows(what=wish(rhythm="weekly"))
    await street.published()
    monday = next(day for day in (morning(n) for n in range(1, 8)) if day.weekday() == 0)
    if monday.weekday() != morning(1).weekday():
        assert await street.plan(morning(1)) == 0
    # Nobody was there on Monday, nor for some days after.
    assert await street.plan(monday.replace(hour=23)) == 0
    late = morning((monday - morning(0)).days + 2)
    assert await street.plan(late) == 1
    assert await street.plan(late) == 0
    await street.send()
    assert len(digests(street)) == 1


async def test_what_was_taken_back_before_it_was_sent_is_not_told(street: Street) -> None:
    await street.follows()
    report = await street.published()
    await street.plan(morning())
    await act(street.world, "coordinator", report.code, Act.UNPUBLISH)
    await street.send()
    assert digests(street) == []
    assert await street.became() == ["nothing"]


async def test_a_group_is_all_its_categories(street: Street) -> None:
    rules = street.world.parts.rules
    group = next(g.group_id for g in rules.groups.values() if "street-light" in g.categories)
    other = next(g.group_id for g in rules.groups.values() if "street-light" not in g.categories)
    await street.follows(what=wish(Area(group=group)))
    await street.follows("minh@example.vn", wish(Area(group=other)))
    await street.published()
    assert await street.plan(morning()) == 1


async def test_a_worker_that_dies_sends_late_or_never_but_not_twice(street: Street) -> None:
    await street.follows()
    await street.published()
    await street.plan(morning())
    (payload,) = await take_jobs(street.pool, "send_area_digest")
    # Before the call: the job comes again and sends. During the call: nobody can know.
    await street.send_one(payload)
    await street.send_one(payload)
    assert len(digests(street)) == 1
    await street.pool.execute("UPDATE area_digests SET status = 'sending'")
    await street.send_one(payload)
    assert len(digests(street)) == 1
    assert await street.became() == ["uncertain"]


async def test_a_mail_server_that_is_busy_is_asked_again_a_mailbox_that_is_gone_is_forgotten(street: Street) -> None:
    await street.follows()
    await street.published()
    await street.plan(morning())
    (payload,) = await take_jobs(street.pool, "send_area_digest")
    street.mail.answers += [("RCPT", "450 busy"), ("RCPT", "550 no such user")]
    assert await street.send_one(payload)
    assert await street.became() == ["queued"]
    assert not await street.send_one(payload)
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == 0


async def test_in_a_chat_each_report_has_its_button_and_a_muted_person_is_left_in_peace(street: Street) -> None:
    person = await street.person("903", "en")
    await service.follow_by_chat(street.pool, person, wish(lang="en"))
    since = await street.pool.fetchval("SELECT told_until FROM area_followers")
    report = await street.published()
    await street.pool.execute("UPDATE citizens SET muted_at = now() WHERE citizen_id = $1", person)
    assert await street.plan(morning()) == 0
    await street.pool.execute("UPDATE citizens SET muted_at = NULL WHERE citizen_id = $1", person)
    two = await street.published("Đèn chớp tắt trước trường")
    await street.pool.execute("UPDATE area_followers SET told_until = $1", since)
    assert await street.plan(morning(2)) == 1
    await street.send()
    (told,) = street.chat.boxes["903"]
    assert "New reports (2)" in told.text
    pressed = [button.data for row in told.buttons for button in row]
    assert pressed == [f"t1|{two.code}", f"t1|{report.code}", "v1|list"]


@pytest.mark.parametrize(
    ("trouble", "status", "left"),
    [(Unreachable("blocked"), [], 0), (Closed("48 hours"), ["closed"], 1), (TryLater("busy", 1), ["queued"], 1)],
)
async def test_who_has_blocked_the_bot_has_ended_it(
    street: Street, trouble: Exception, status: list[str], left: int
) -> None:
    person = await street.person("904")
    await service.follow_by_chat(street.pool, person, wish())
    await street.published()
    await street.plan(morning())
    street.chat.troubles.append(trouble)
    await street.send()
    assert await street.became() == status
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == left
