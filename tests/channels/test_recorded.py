"""More than forty conversations as citizens hold them, played through every channel."""

import statistics

import pytest

from app.reports import service as reports
from tests.channels.conftest import Stage
from tests.channels.recorded import MEDIAN, Conversation, book, play

BOOK = book().conversations


def test_there_are_at_least_forty_of_them() -> None:
    assert len(BOOK) >= 40
    assert len({conversation.title for conversation in BOOK}) == len(BOOK)


def test_half_of_them_need_four_messages_or_fewer() -> None:
    assert statistics.median(conversation.messages for conversation in BOOK) <= MEDIAN


@pytest.mark.parametrize("conversation", BOOK, ids=lambda each: each.title)
async def test_it_ends_with_the_report_that_was_meant(stage: Stage, conversation: Conversation) -> None:
    citizen = await stage.citizen("Lan", conversation.lang)
    code = await play(citizen, conversation)
    async with stage.parts.pool.acquire() as conn:
        report = await reports.find(stage.parts.pool, code)
        case = await reports.case(conn, report)
    wanted = conversation.report
    assert report.channel == stage.channel
    assert wanted.category in ("", report.category)
    assert wanted.commune in ("", report.commune_name)
    assert wanted.urgency in ("", report.urgency)
    assert wanted.text in report.body
    assert len(case.pictures) == wanted.photos
    if stage.channel == "telegram":
        assert citizen.messages == conversation.messages
