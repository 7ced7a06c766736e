"""What is still missing, asked one thing at a time, and the summary once nothing is."""

from app.reports.intake import check_text
from app.routing.guess import clear_guess
from app.routing.model import Category, Guess
from bot.conversation import extra, places
from bot.conversation.draft import Asked
from bot.conversation.model import Choice, Rows
from bot.conversation.turn import Turn

_SHOWN = 500
"""Characters of a long description that a summary repeats."""
_ABOUT = 60


def ask_next(turn: Turn) -> None:
    """The next question of the report in the making."""
    draft = turn.draft
    count = len(draft.content.photos)
    if count != draft.photos_told:
        turn.change(photos_told=count)
        if count:
            turn.note("photos_have" if count > 1 else "photo_have", count=count)
    text, problems = check_text(draft.content.text)
    if problems:
        turn.change(asked=Asked.TEXT)
        if text:
            turn.note_problems(problems[0])
        turn.say("ask_words_too" if draft.sounds else "ask_text" if count or text else "ask_all")
    elif draft.spot is None or not (draft.spot.confirmed or draft.spot.commune or draft.spot.nearby):
        places.ask_place(turn)
    elif not draft.spot.confirmed:
        places.ask_spot(turn, draft.spot)
    elif (guesses := _category_open(turn)) is not None:
        _ask_category(turn, guesses)
    elif question := extra.open_question(turn):
        extra.ask(turn, question)
    else:
        turn.complete = True  # the dialogue goes on in ``joining``


def _category_open(turn: Turn) -> tuple[Guess, ...] | None:
    """What to choose from; None when the person chose, or the words point to one alone, which the summary then calls a
    guess."""
    rules = turn.know.rules
    if turn.draft.category in rules.categories and not turn.draft.guessed:
        return None
    guesses = rules.guess_category(turn.draft.content.text)
    clear = None if turn.draft.choosing else clear_guess(guesses)
    turn.change(category=clear, guessed=clear is not None)
    return guesses if clear is None else None


def label(turn: Turn, category: Category) -> str:
    name = category.name_en if turn.lang == "en" and category.name_en else category.name
    return f"{category.icon} {name}".strip()


def _ask_category(turn: Turn, guesses: tuple[Guess, ...]) -> None:
    """The likeliest categories as buttons, or all groups when the words point nowhere."""
    categories = turn.know.rules.categories
    if not guesses:
        ask_group(turn)
        return
    turn.change(asked=Asked.CATEGORY)
    rows = tuple((Choice(label(turn, categories[g.category_id]), f"d1|c|{g.category_id}"),) for g in guesses)
    turn.say("ask_category", (*rows, (turn.choice("category_other", "d1|more"),)))


def ask_group(turn: Turn, instead_of: int = 0) -> None:
    turn.change(asked=Asked.CATEGORY)
    rows: list[tuple[Choice, ...]] = []
    for group in turn.know.rules.groups.values():
        name = group.name_en if turn.lang == "en" and group.name_en else group.name
        rows.append((Choice(f"{group.icon} {name}".strip(), f"d1|g|{group.group_id}"),))
    turn.say_text(turn.t("ask_group"), tuple(rows), instead_of=instead_of)


def ask_category_of(turn: Turn, group_id: str, instead_of: int = 0) -> None:
    rules = turn.know.rules
    group = rules.groups.get(group_id)
    if group is None:
        ask_group(turn, instead_of)
        return
    turn.change(asked=Asked.CATEGORY)
    rows = tuple((Choice(label(turn, rules.categories[c]), f"d1|c|{c}"),) for c in group.categories)
    turn.say_text(turn.t("ask_category"), (*rows, (turn.choice("back", "d1|more"),)), instead_of=instead_of)


def ask_summary(turn: Turn) -> None:
    """Everything once more, with consent asked in plain words as long as it has not been given."""
    draft, know = turn.draft, turn.know
    assert draft.spot is not None
    category = know.rules.categories[draft.category or ""]
    advice = (category.advice_en if turn.lang == "en" else "") or category.advice
    lines = [
        turn.t("summary_text", text=_short(draft.content.text)),
        turn.t("summary_photos" if draft.content.photos else "summary_no_photo", count=len(draft.content.photos)),
        turn.t("summary_place", place=_place_line(turn)),
        turn.t("summary_category_guessed" if draft.guessed else "summary_category", category=label(turn, category)),
        *extra.lines(turn),
    ]
    if draft.sounds:
        lines.append(turn.t("summary_sounds", count=len(draft.sounds)))
    if draft.phone:
        lines.append(turn.t("summary_phone", phone=draft.phone))
    if advice:
        lines.append(turn.t("summary_advice", advice=advice))
    if know.consented:
        question = turn.t("summary_send")
        send = turn.choice("send", f"d1|send|{draft.revision()}")
    else:
        question = turn.t("summary_consent", consent=turn.t("reports.consent_text"))
        send = turn.choice("agree_and_send", f"d1|agree|{draft.revision()}")
    turn.change(asked=Asked.SUMMARY)
    rows: Rows = ((send,), (turn.choice("change", "d1|change"), turn.choice("drop", "d1|drop")))
    turn.say_text("\n\n".join([turn.t("summary_head"), "\n".join(lines), question]), rows)


def _place_line(turn: Turn) -> str:
    spot = turn.draft.spot
    assert spot is not None
    return " – ".join(dict.fromkeys(part for part in (spot.address, spot.name) if part))


def ask_change(turn: Turn) -> None:
    turn.change(asked=Asked.CHANGE)
    rows: list[tuple[Choice, ...]] = [
        (turn.choice("change_text", "d1|e|text"), turn.choice("change_place", "d1|e|place")),
        (turn.choice("change_category", "d1|e|category"),),
        (turn.choice("back", "d1|e|back"),),
    ]
    if extra.asked(turn):
        rows[1] = (*rows[1], turn.choice("change_answers", "d1|e|answers"))
    if turn.draft.content.photos:
        rows[1] = (*rows[1], turn.choice("change_photos", "d1|e|photos"))
    turn.say("ask_change", tuple(rows))


def about(body: str) -> str:
    """One line that reminds of a report."""
    return _short(" ".join(body.split()), _ABOUT)


def _short(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
