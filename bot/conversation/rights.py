"""What is held about a person, told to that person in their own chat."""

from app.i18n import t
from app.notify.templates import when
from bot.conversation import wishes
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk

_LISTED = 20
"""Reports named one by one: a chat takes four thousand characters."""


_NAMES = {"telegram": "Telegram", "zalo_bot": "Zalo", "zalo_oa": "Zalo OA"}


def show(turn: Turn) -> Talk:
    held = yield from wishes.my_data()
    chats = ", ".join(
        turn.t("mydata_chat", channel=_NAMES.get(channel, channel), since=when(at)) for channel, at in held.chats
    )
    lines = [
        turn.t("mydata_head"),
        turn.t("mydata_chats", chats=chats or "–"),
        turn.t("mydata_consent", version=held.consent_version, at=when(held.consent_at))
        if held.consent_version and held.consent_at
        else turn.t("mydata_no_consent"),
        turn.t("mydata_counts", reports=len(held.reports), messages=held.messages, photos=held.photos,
               sounds=held.sounds, following=held.following, areas=held.areas, drafts=held.drafts),
    ]  # fmt: skip
    for report in held.reports[:_LISTED]:
        details = ", ".join(turn.t(f"mydata_{name}") for name in report.details) or turn.t("mydata_nothing")
        status = t(f"reports.status_{report.status}", turn.lang)
        lines.append(
            turn.t("mydata_report", code=report.code, at=when(report.submitted_at), status=status, details=details,
                   version=report.consent_version)
        )  # fmt: skip
    if len(held.reports) > _LISTED:
        lines.append(turn.t("mydata_more", count=len(held.reports) - _LISTED))
    lines.append(turn.t("mydata_erasing", at=when(held.erasure_asked)) if held.erasure_asked else "")
    lines.append(turn.t("mydata_rights"))
    turn.say_text("\n".join(lines), ((turn.choice("mydata_erase", "e1|ask"),),))


def ask_erase(turn: Turn) -> None:
    turn.say("ask_erase", ((turn.choice("erase_yes", "e1|yes"),),))
