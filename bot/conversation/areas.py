"""Following an area in a chat: a commune by its name or a position, then what about; and looking after it."""

import hashlib
from collections.abc import Sequence

from app.errors import AppError, Invalid
from app.places.model import Candidate, check_point
from app.routing.model import Group
from app.subscriptions.model import RHYTHMS, Area, Follower, area_of, name_of
from bot.conversation import wishes
from bot.conversation.draft import Asked
from bot.conversation.model import Choice, Rows
from bot.conversation.turn import Turn
from bot.conversation.wishes import Talk

_OFFERED = 5
_NAME_MOST = 80
"""Characters; more are a report, whatever was asked."""


def command(turn: Turn, argument: str) -> Talk:
    """``/khuvuc`` shows what is followed, or asks where; with words it looks for the commune they name."""
    if argument:
        find(turn, argument)
        return
    found = yield from wishes.areas()
    if found is None:
        ask(turn)
    else:
        _show(turn, found)


def press(turn: Turn, args: Sequence[str]) -> Talk:
    """The buttons ``v1|…``. False words come from nobody but who makes them up: they are asked again."""
    match args:
        case ["list"]:
            yield from command(turn, "")
        case ["add"]:
            ask(turn)
        case ["c", commune]:
            _ask_topic(turn, commune)
        case ["f", commune, topic]:
            yield from _follow(turn, commune, topic)
        case ["drop", mark]:
            yield from _drop(turn, mark)
        case ["rhythm", rhythm] if rhythm in RHYTHMS:
            found = yield from wishes.areas_rhythm(next(each for each in RHYTHMS if each == rhythm))
            _after(turn, found)
        case ["end"]:
            yield from wishes.areas_end()
            turn.say("areas_ended", ((turn.choice("areas_add", "v1|add"),),))
        case _:
            ask(turn)


# ---------------------------------------------------------------- where


def ask(turn: Turn) -> None:
    turn.change(asked=Asked.AREA)
    rows = ((turn.choice("areas_province", "v1|c|"),),)
    turn.say_text(turn.t("areas_ask"), rows, place_button=turn.t("send_place"))


def is_name(text: str) -> bool:
    """Whether words may name a commune."""
    return len(text) <= _NAME_MOST and not text.startswith("/")


def find(turn: Turn, text: str) -> None:
    """A commune as people type it, old or new, with or without accents."""
    _offer(turn, turn.know.gazetteer.search(text, default_province_code=turn.know.rules.province_code))


def take_point(turn: Turn, lat: float, lon: float) -> None:
    try:
        lat, lon = check_point(lat, lon)
    except AppError as error:
        turn.note_problems(error)
        ask(turn)
        return
    _offer(turn, turn.know.gazetteer.locate(lat, lon).candidates)


def _offer(turn: Turn, candidates: Sequence[Candidate]) -> None:
    home = turn.know.rules.province_code
    ours = [one.commune for one in candidates if one.commune.province_code == home][:_OFFERED]
    if len(ours) == 1:
        _ask_topic(turn, ours[0].code)
    elif ours:
        turn.change(asked=Asked.AREA)
        turn.say("areas_which", tuple((Choice(one.full_name, f"v1|c|{one.code}"),) for one in ours))
    else:
        turn.note("areas_unknown")
        ask(turn)


# ---------------------------------------------------------------- what about


def _ask_topic(turn: Turn, commune: str) -> None:
    try:
        area = area_of(turn.know.rules, turn.know.gazetteer, commune, "")
    except Invalid as error:
        turn.note_problems(error)
        ask(turn)
        return
    turn.change(asked=Asked.NOTHING)
    groups = [group for group in turn.know.rules.groups.values() if not group.out_of_scope]
    rows: Rows = (
        (turn.choice("areas_all", f"v1|f|{commune}|"),),
        *((Choice(_label(turn, one), f"v1|f|{commune}|group:{one.group_id}"),) for one in groups),
    )
    where = turn.know.gazetteer.commune(commune) if area.commune else None
    turn.say("areas_topic", rows, place=where.full_name if where else turn.t("follow.whole_province"))


def _label(turn: Turn, group: Group) -> str:
    return f"{group.icon} {group.name_en if turn.lang == 'en' else group.name}".strip()


def _follow(turn: Turn, commune: str, topic: str) -> Talk:
    try:
        area = area_of(turn.know.rules, turn.know.gazetteer, commune, topic)
    except Invalid as error:
        turn.note_problems(error)
        ask(turn)
        return
    turn.change(asked=Asked.NOTHING)
    found = yield from wishes.areas_follow(area, turn.t("areas_consent"))
    if isinstance(found, AppError):
        turn.note_problems(found)
        known = yield from wishes.areas()
        _after(turn, known)
        return
    turn.note("areas_followed", area=_named(turn, area))
    _show(turn, found)


# ---------------------------------------------------------------- one's choices


def _show(turn: Turn, follower: Follower) -> None:
    other = next(each for each in RHYTHMS if each != follower.rhythm)
    rows: Rows = (
        *((turn.choice("areas_drop", f"v1|drop|{_mark(each)}", area=_named(turn, each)),) for each in follower.areas),
        (turn.choice("areas_add", "v1|add"), turn.choice(f"areas_{other}", f"v1|rhythm|{other}")),
        (turn.choice("areas_end", "v1|end"),),
    )
    listed = "\n".join(f"• {_named(turn, each)}" for each in follower.areas)
    turn.say("areas_list", rows, areas=listed, rhythm=turn.t(f"follow.{follower.rhythm}"))


def _after(turn: Turn, follower: Follower | None) -> None:
    """What is left after a change."""
    if follower is None:
        turn.say("areas_ended", ((turn.choice("areas_add", "v1|add"),),))
    else:
        _show(turn, follower)


def _drop(turn: Turn, mark: str) -> Talk:
    found = yield from wishes.areas()
    area = next((each for each in found.areas if _mark(each) == mark), None) if found else None
    left = (yield from wishes.areas_drop(area)) if area else found
    _after(turn, left)


def _named(turn: Turn, area: Area) -> str:
    return name_of(turn.know.rules, turn.know.gazetteer, area, turn.lang)


def _mark(area: Area) -> str:
    """Names an area within a button, which holds little; of one that is not followed any more it names nothing."""
    return hashlib.sha256(f"{area.commune}|{area.topic}".encode()).hexdigest()[:12]
