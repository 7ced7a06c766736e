"""What concerns staff among what comes in: everything in groups, and in private their commands, buttons and replies to
messages about a case. Whose chat account it is, is asked each time; whoever is nobody of ours is told so and nothing
happens.
"""

from app.accounts import chats
from app.accounts import service as accounts
from app.accounts.chats import Officer
from app.errors import AppError
from app.i18n import t
from app.notify import staff, staff_cards
from app.reports.model import Report
from bot.conversation.channel import STAFF_PRESS, Channel, Heard
from bot.conversation.fulfilment import Parts
from bot.conversation.model import Choice, Incoming, Reply
from bot.officers import acts, groups, saying, store, worklist
from bot.officers.model import SILENCE, Aim, Answer, DraftChange, StaffDraft, joined, replace
from bot.officers.saying import FetchPhotos

_COMMANDS = frozenset({"officer", "queue", "officer_unlink", "link_group", "unlink_group"})
_AIMS: dict[str, Aim] = {"ask": "ask", "done": "resolve", "resolve": "resolve", "note": "note"}


class OfficersDesk:
    """Answers staff in the chats of one bot."""

    def __init__(self, parts: Parts, channel: Channel, fetch: FetchPhotos) -> None:
        self._parts = parts
        self._channel = channel
        self._fetch = fetch

    async def answer(self, chat_id: str, heard: Heard) -> Answer | None:
        """None: it does not concern staff. Raises whatever went wrong; it may be tried again."""
        said = heard.incoming
        if heard.in_group:
            return await self._in_group(chat_id, heard)
        if said is None:
            if not heard.left:
                async with self._parts.pool.acquire() as conn:
                    await chats.reachable(conn, self._channel.name, heard.person.user_id)
            return None
        if said.command in _COMMANDS:
            return await self._command(chat_id, heard, said, await self._who(heard), None)
        if said.press.startswith(STAFF_PRESS):
            return await self._press(chat_id, heard, said, None)
        if not (said.command or said.press or said.edited) and (code := staff_cards.case_of(said.reply_to)):
            return await self._reply(chat_id, heard, said, code)
        return None

    async def settle(self, chat_id: str) -> Answer | None:
        """Nothing more has come of an album. None: none was coming to staff."""
        name, answers = self._channel.name, []
        async with self._parts.pool.acquire() as conn:
            waiting = await store.settling(conn, name, chat_id)
            officers = {change.user_id: await chats.officer(conn, name, change.user_id) for change in waiting}
        for change in waiting:
            who = officers[change.user_id]
            if who is None or change.draft is None:
                answers.append(Answer(drafts=(replace(change, draft=None),)))
            else:
                answers.append(await saying.go_on(self._parts, who, change.user_id, change.code, change.draft))
        return joined(*answers) if answers else None

    async def _who(self, heard: Heard) -> Officer | None:
        async with self._parts.pool.acquire() as conn:
            return await chats.officer(conn, self._channel.name, heard.person.user_id)

    # ------------------------------------------------------------ groups

    async def _in_group(self, chat_id: str, heard: Heard) -> Answer:
        said, parts, name = heard.incoming, self._parts, self._channel.name
        if said is None:
            return await groups.changed(parts, name, chat_id, heard)
        async with parts.pool.acquire() as conn:
            group = await chats.group(conn, name, chat_id)
            if group and group.unreachable:
                await chats.reachable(conn, name, chat_id)
        agency_id = group.agency_id if group else None
        if said.command in _COMMANDS and (agency_id or said.command in ("officer", "link_group")):
            return await self._command(chat_id, heard, said, await self._who(heard), agency_id)
        if said.press:
            if agency_id is None:
                return Answer(notice=t("officers.group_not_linked", heard.person.lang), alert=True)
            return await self._press(chat_id, heard, said, agency_id)
        if agency_id is None:
            return await groups.decline(parts, name, chat_id, heard)
        if said.command in ("start", "help"):
            return _say(t("officers.group_help", heard.person.lang), said.number)
        code = staff_cards.case_of(said.reply_to)
        return await self._reply(chat_id, heard, said, code) if code and not said.command else SILENCE

    # ------------------------------------------------------------ commands

    async def _command(
        self, chat_id: str, heard: Heard, said: Incoming, who: Officer | None, agency_id: str | None
    ) -> Answer:
        """``agency_id``: the agency whose group it was said in."""
        lang = who.lang if who else heard.person.lang
        if said.command == "officer" and said.argument:
            return await self._link(heard, said)
        if who is None:
            return _say(t("officers.how_to_link", lang), said.number if said.in_group else 0)
        name, parts = self._channel.name, self._parts
        match said.command:
            case "link_group" | "unlink_group" if not said.in_group:
                return _say(t("officers.only_in_group", lang))
            case "link_group":
                return await groups.link(parts, name, chat_id, said, who)
            case "unlink_group":
                return await groups.unlink(parts, name, chat_id, said, who)
            case "officer_unlink":
                await chats.unlink(parts.pool, name, heard.person.user_id, who.actor)
                return _say(t("officers.unlinked", lang))
            case "queue":
                return await self._queue(who, agency_id, 0)
            case _:
                return _say(await self._about(who))

    async def _link(self, heard: Heard, said: Incoming) -> Answer:
        lang, pool = heard.person.lang, self._parts.pool
        if said.in_group:
            await chats.burn_code(pool, said.argument)
            return _say(t("officers.code_in_group", lang), said.number)
        try:
            who = await chats.link(pool, self._channel.name, heard.person.user_id, said.argument, lang)
        except AppError as error:
            return _say(acts.why_not(error, lang))
        return _say(f"{t('officers.linked', lang)}\n\n{await self._about(who)}")

    async def _about(self, who: Officer) -> str:
        async with self._parts.pool.acquire() as conn:
            names = await accounts.agency_names(conn, [who.staff.agency_id], who.lang)
        role = t(f"api.role_{who.staff.role}", who.lang)
        agency = names.get(who.staff.agency_id, who.staff.agency_id)
        return t("officers.about_you", who.lang, name=who.staff.full_name, role=role, agency=agency)

    async def _queue(self, who: Officer, agency_id: str | None, number: int, instead_of: int = 0) -> Answer:
        try:
            # What stands in a group is for the group's agency; in private it is one's own.
            page = await worklist.page(self._parts, who, agency_id or who.staff.agency_id, number, instead_of)
        except AppError as error:
            return _say(acts.why_not(error, who.lang))
        return Answer(replies=(page,))

    # ------------------------------------------------------------ buttons

    async def _press(self, chat_id: str, heard: Heard, said: Incoming, agency_id: str | None) -> Answer:
        who = await self._who(heard)
        if who is None:
            return Answer(notice=t("officers.not_linked", heard.person.lang), alert=True)
        verb, _, rest = said.press.removeprefix(STAFF_PRESS).partition("|")
        code, _, extra = rest.partition("|")
        try:
            if verb == "list" and rest.isascii() and rest.isdigit():
                return await self._queue(who, agency_id, int(rest[:3]), said.pressed)
            return await self._on_case(chat_id, heard, said, who, verb, code, extra)
        except AppError as error:
            return Answer(notice=acts.why_not(error, who.lang), alert=True)

    async def _on_case(
        self, chat_id: str, heard: Heard, said: Incoming, who: Officer, verb: str, code: str, extra: str
    ) -> Answer:
        """Raises AppError: told to whoever pressed, and to nobody else."""
        parts, user_id = self._parts, heard.person.user_id
        report = await acts.case(parts, who, code)
        if verb == "card":
            return Answer(replies=(await worklist.card(parts, who, code, in_group=said.in_group),))
        async with parts.pool.acquire() as conn:
            draft = await store.draft(conn, self._channel.name, chat_id, user_id, report.code)
            if verb in ("take", "done", "ask", "pass", "map"):
                await staff.note_card(conn, report.report_id, self._channel.name, chat_id, str(said.pressed))
        match verb:
            case "take":
                return Answer(notice=await acts.take(parts, who, code))
            case "map":
                return _map(who, report, said)
            case "ask" | "done":
                aim = _AIMS[verb]
                acts.may(who, report, aim)
                begun = replace(draft or StaffDraft(), aim=aim, number=said.pressed)
                return await saying.go_on(parts, who, user_id, report.code, begun)
            case "pass":
                return await self._pass(who, user_id, report, said.pressed)
            case "to" if draft is not None:
                return self._chosen(who, user_id, report, draft, extra, said.pressed)
            case "for" if draft is not None and extra in _AIMS:
                begun = replace(draft, aim=_AIMS[extra])
                return await saying.go_on(parts, who, user_id, report.code, begun)
            case "for" if draft is not None:
                gone = (DraftChange(user_id, report.code, None),)
                return Answer(notice=t("officers.dropped", who.lang), drafts=gone)
        return Answer(notice=t("officers.button_old", who.lang), alert=True)

    async def _pass(self, who: Officer, user_id: str, report: Report, pressed: int) -> Answer:
        """Hand a case on: a lead to another agency, anybody back to the coordinators; always with a reason."""
        acts.may(who, report, "return")
        async with self._parts.pool.acquire() as conn:
            offered = await acts.likely_agencies(self._parts, conn, report) if acts.may_transfer(who, report) else ()
            names = await accounts.agency_names(conn, offered, who.lang)
        if not offered:
            return _ask_reason(who, user_id, report, StaffDraft(aim="return"), pressed)
        head = staff_cards.heading(who.lang, report, "head_transfer")
        places = [(names.get(agency, agency), str(number)) for number, agency in enumerate(offered)]
        rows = tuple(
            (Choice(label, f"{STAFF_PRESS}to|{report.code}|{which}"),)
            for label, which in (*places, (t("officers.to_centre", who.lang), "r"))
        )
        reply = Reply(text=f"{head}\n{t('officers.to_whom', who.lang)}", rows=rows, answers=pressed)
        return Answer(replies=(reply,), drafts=(DraftChange(user_id, report.code, StaffDraft(agencies=offered)),))

    def _chosen(
        self, who: Officer, user_id: str, report: Report, draft: StaffDraft, which: str, pressed: int
    ) -> Answer:
        if which == "r":
            return _ask_reason(who, user_id, report, StaffDraft(aim="return"), pressed)
        if not (which.isascii() and which.isdigit() and int(which) < len(draft.agencies)):
            return Answer(notice=t("officers.button_old", who.lang), alert=True)
        acts.may(who, report, "transfer")
        chosen = StaffDraft(aim="transfer", agency=draft.agencies[int(which)])
        return _ask_reason(who, user_id, report, chosen, pressed)

    # ------------------------------------------------------------ words and photos

    async def _reply(self, chat_id: str, heard: Heard, said: Incoming, code: str) -> Answer:
        user_id = heard.person.user_id
        who = await self._who(heard)
        if who is None:
            return _say(t("officers.not_linked", heard.person.lang), said.number)
        async with self._parts.pool.acquire() as conn:
            draft = await store.draft(conn, self._channel.name, chat_id, user_id, code)
        begun = draft or StaffDraft()
        # To which of our messages they reply says what they mean, not which button was pressed last.
        aim = saying.prompted(said.reply_to) or ("resolve" if begun.aim == "resolve" else "")
        if aim == "transfer" and not begun.agency:
            return _say(t("officers.button_old", who.lang), said.number)
        if aim != begun.aim:
            begun = StaffDraft(aim=aim)
        return await saying.hear(self._parts, self._fetch, who, user_id, code, begun, said)


def _ask_reason(who: Officer, user_id: str, report: Report, draft: StaffDraft, answers: int) -> Answer:
    asked = saying.prompt(who, user_id, report, draft.aim, answers)
    return replace(asked, drafts=(DraftChange(user_id, report.code, replace(draft, number=answers)),))


def _map(who: Officer, report: Report, said: Incoming) -> Answer:
    if report.lat is None or report.lon is None:
        return Answer(notice=t("officers.no_point", who.lang), alert=True)
    if said.in_group and report.visibility == "private":
        return Answer(notice=t("officers.hushed", who.lang), alert=True)
    place = staff_cards.where(report, who.lang)
    spot = (report.lat, report.lon, report.code, place)
    return Answer(replies=(Reply(text=place, venue=spot, answers=said.pressed),))


def _say(text: str, answers: int = 0) -> Answer:
    return Answer(replies=(Reply(text=text, answers=answers),))
