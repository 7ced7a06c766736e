"""The extra questions of a category, where an answer changes who is sent or how soon; at most a few kinds of reports
have one. Not knowing is an answer too."""

import re

from app.i18n.text import fold
from app.routing.model import Question, fitting
from bot.conversation.draft import Asked
from bot.conversation.intents import intent_of
from bot.conversation.model import Choice
from bot.conversation.turn import Turn

_NOT_SURE = frozenset(
    {"khong biet", "khong ro", "chua biet", "chua ro", "ko biet", "ko ro", "not sure", "i do not know", "don t know"}
)


def asked(turn: Turn) -> tuple[Question, ...]:
    """The questions of the draft's category."""
    category = turn.know.rules.categories.get(turn.draft.category or "")
    return tuple(category.questions.values()) if category else ()


def open_question(turn: Turn) -> Question | None:
    """The first question that is not answered. What no longer fits the category, or the rules, is dropped first."""
    questions, answers = asked(turn), turn.draft.answers
    known = fitting(turn.know.rules.categories.get(turn.draft.category or ""), answers)
    skipped = {q.question_id: "" for q in questions if answers.get(q.question_id) == ""}
    if answers != known | skipped:
        turn.change(answers=known | skipped)
    return next((question for question in questions if question.question_id not in turn.draft.answers), None)


def ask(turn: Turn, question: Question) -> None:
    turn.change(asked=Asked.QUESTION)
    here = f"d1|q|{question.question_id}"
    rows = [(Choice(names[turn.lang == "en"], f"{here}|{each}"),) for each, names in question.answers.items()]
    turn.say_text(_words(turn, question), (*rows, (turn.choice("not_sure", f"{here}|"),)))


def answer(turn: Turn, question_id: str, answer_id: str) -> bool:
    """Take the answer that a button stands for; "" for not knowing. False: it is an old button."""
    question = next((each for each in asked(turn) if each.question_id == question_id), None)
    if question is None or (answer_id and answer_id not in question.answers):
        return False
    turn.change(answers={**turn.draft.answers, question_id: answer_id})
    return True


def answered_in_words(turn: Turn) -> None:
    """Words instead of a button stand in the report, where an officer reads them; the same is not asked twice."""
    question = open_question(turn)
    if question:
        answer(turn, question.question_id, "")


def meant(turn: Turn, text: str) -> str | None:
    """The button that a short typed answer means; None where no answer, or more than one, begins with it."""
    question = open_question(turn)
    if question is None:
        return None
    words = _bare(text)
    here = f"d1|q|{question.question_id}"
    if words in _NOT_SURE:
        return f"{here}|"
    intent = intent_of(text)
    found = [
        each
        for each, names in question.answers.items()
        if (first := _bare(names[turn.lang == "en"]).partition(" ")[0]) == words
        or (intent is not None and intent_of(first) is intent)
    ]
    return f"{here}|{found[0]}" if len(found) == 1 else None


def lines(turn: Turn) -> list[str]:
    """For the summary: what was asked and what was said."""
    return [
        turn.t("summary_answer", question=_words(turn, question), answer=_said(turn, question))
        for question in asked(turn)
        if question.question_id in turn.draft.answers
    ]


def _said(turn: Turn, question: Question) -> str:
    names = question.answers.get(turn.draft.answers[question.question_id])
    return names[turn.lang == "en"] if names else turn.t("not_sure")


def _words(turn: Turn, question: Question) -> str:
    return question.name_en if turn.lang == "en" else question.name


def _bare(text: str) -> str:
    return " ".join(re.sub(r"\W+", " ", fold(text)).split())
