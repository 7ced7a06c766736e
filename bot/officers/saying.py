"""An officer's words and photos for a case: gathered over several messages until the act they are for can be done."""

from collections.abc import Awaitable, Callable

from app.accounts import service as accounts
from app.accounts.chats import Officer
from app.errors import AppError, Invalid
from app.i18n import LANGS, t
from app.notify import staff_cards
from app.reports.model import PHOTOS_MAX, Report
from bot.conversation.channel import STAFF_PRESS
from bot.conversation.fulfilment import Parts
from bot.conversation.model import Choice, Incoming, Reply, Rows
from bot.conversation.turn import problem_text
from bot.officers import acts
from bot.officers.model import SILENCE, Aim, Answer, DraftChange, StaffDraft, replace

_PROMPTS: dict[str, Aim] = {
    "resolve": "resolve",
    "resolve_photo": "resolve",
    "resolve_words": "resolve",
    "ask": "ask",
    "note": "note",
    "return": "return",
    "transfer": "transfer",
}
FetchPhotos = Callable[[Incoming], Awaitable[Incoming]]
"""Gives the message with its pictures stored, or with why they are not."""


async def hear(
    parts: Parts, fetch: FetchPhotos, who: Officer, user_id: str, code: str, draft: StaffDraft, said: Incoming
) -> Answer:
    """Add what a message brings, and do what it is for once that has everything."""
    if said.cannot_use == "sticker":
        return SILENCE  # a nod among colleagues
    if said.cannot_use or not (said.text or said.files):
        return _reply(t("officers.only_photos_and_words", who.lang), said.number)
    if said.files:
        try:
            # Nobody's photos are fetched and kept for a case that is none of theirs.
            await acts.case(parts, who, code)
        except AppError as error:
            return _reply(acts.why_not(error, who.lang), said.number)
        said = await fetch(said)
    draft = _with(draft, said)
    kept = (DraftChange(user_id, code, draft),)
    if said.refused:
        problems = "\n".join(problem_text(problem, who.lang) for problem in said.refused)
        return replace(_reply(problems, said.number), drafts=kept)
    if said.album:
        return Answer(drafts=(DraftChange(user_id, code, replace(draft, settling=True)),), settling=True)
    return await go_on(parts, who, user_id, code, draft)


def _with(draft: StaffDraft, said: Incoming) -> StaffDraft:
    known = {photo.same: photo for photo in (*draft.photos, *said.photos)}
    photos = tuple(known.values())[:PHOTOS_MAX]
    if said.text:
        return replace(draft, photos=photos, words=said.text, key=said.key, number=said.number)
    return replace(draft, photos=photos, number=said.number or draft.number)


def prompted(text: str) -> Aim | None:
    """What the one of our prompts that a message replies to asks for; None: it is no prompt but the case itself."""
    first = text.partition("\n")[0]
    for lang in LANGS:
        for key, aim in _PROMPTS.items():
            if first.endswith(t(f"officers.head_{key}", lang)):
                return aim
    return None


async def go_on(parts: Parts, who: Officer, user_id: str, code: str, draft: StaffDraft) -> Answer:
    """Do the act, or ask for what is still missing; what was said is kept."""
    draft = replace(draft, settling=False, aim=draft.aim or ("resolve" if draft.photos else ""))
    keep = (DraftChange(user_id, code, draft),)
    try:
        if not draft.aim:
            # Looked at before anything is offered: a stranger to the case is told so at once.
            report = await acts.case(parts, who, code)
            return replace(_what_for(who, report, draft), drafts=keep)
        if missing := _missing(draft):
            report = await acts.case(parts, who, code)
            acts.may(who, report, draft.aim)
            return replace(prompt(who, user_id, report, missing, draft.number), drafts=keep)
        report = await acts.carry_out(parts, who, code, draft)
    except Invalid as error:
        return replace(_reply(acts.why_not(error, who.lang), draft.number), drafts=keep)
    except AppError as error:
        gone = (DraftChange(user_id, code, None),)
        return replace(_reply(acts.why_not(error, who.lang), draft.number), drafts=gone)
    text = await _done(parts, who, report, draft)
    return replace(_reply(text, draft.number), drafts=(DraftChange(user_id, code, None),))


def _missing(draft: StaffDraft) -> str:
    if draft.aim == "resolve":
        return (
            ("" if draft.words else "resolve_words") if draft.photos else "resolve_photo" if draft.words else "resolve"
        )
    return "" if draft.words else draft.aim


def prompt(who: Officer, user_id: str, report: Report, key: str, answers: int) -> Answer:
    """Ask this officer, and nobody else in the group, to reply to this message. Its first line says which case."""
    head = staff_cards.heading(who.lang, report, f"head_{key}")
    text = f"{head}\n{t(f'officers.prompt_{key}', who.lang)}"
    hint = t(f"officers.hint_{key}", who.lang)
    return Answer(replies=(Reply(text=text, ask=hint, to=(user_id, who.staff.full_name), answers=answers),))


def _what_for(who: Officer, report: Report, draft: StaffDraft) -> Answer:
    """Words without a word on what they are for."""
    head = staff_cards.heading(who.lang, report, "head_what_for")

    def choice(name: str) -> Choice:
        return Choice(t(f"officers.for_{name}", who.lang), f"{STAFF_PRESS}for|{report.code}|{name}")

    rows: Rows = ((choice("resolve"),), (choice("ask"),), (choice("note"),), (choice("nothing"),))
    return Answer(replies=(Reply(text=f"{head}\n{t('officers.what_for', who.lang)}", rows=rows, answers=draft.number),))


async def _done(parts: Parts, who: Officer, report: Report, draft: StaffDraft) -> str:
    agency = ""
    if draft.agency:
        async with parts.pool.acquire() as conn:
            agency = (await accounts.agency_names(conn, [draft.agency], who.lang)).get(draft.agency, "")
    return t(f"officers.done_{draft.aim}", who.lang, code=report.code, agency=agency)


def _reply(text: str, answers: int) -> Answer:
    return Answer(replies=(Reply(text=text, answers=answers),))
