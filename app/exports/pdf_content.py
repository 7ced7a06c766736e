"""What stands in the administrative report, as plain texts. Pure, given what was read.

The sentences are made of the very counts that the pages show, so that the two cannot differ.
"""

from collections.abc import Sequence
from typing import Any

from app.exports.pdf_blocks import (
    Block,
    bars_chart,
    columns_chart,
    number_column,
    numbered,
    shares_chart,
    sub,
    table,
    text,
    words_column,
)
from app.exports.pdf_letterhead import footer, letterhead, period_words, scope
from app.exports.pdf_model import TOLD_SPOTS, Paper, Said, count_of, part_of
from app.exports.summary import Line, Values
from app.stats.measures import FIGURES, Measure
from app.stats.model import AGES, By, Count
from app.stats.written import NONE, written

M = Measure
_BARS = 10
_DAY = 86_400
_ON_TIME = (("n_on_time", "on_time_rate"), ("n_extended", "extended_rate"), ("n_late", "late_rate"))
_RATED = (
    ("rated_satisfied", M.RATED_SATISFIED),
    ("rated_acceptable", M.RATED_ACCEPTABLE),
    ("rated_dissatisfied", M.RATED_DISSATISFIED),
)


def content(paper: Paper) -> dict[str, Any]:
    """For ``report.typ``."""
    said, period = Said(paper.lang), period_words(paper)
    parts = (
        ("general", _general(paper, said)),
        ("handling", _handling(paper, said)),
        ("kinds", _kinds(paper, said)),
        ("satisfaction", _satisfaction(paper, said)),
        ("overdue", _overdue(paper, said)),
        ("spots", _spots(paper, said)),
    )
    return {
        "lang": paper.lang,
        "title": f"{said('report')}: {said('subject', period=period)}",
        "labels": {name: said(name) for name in ("report", "table", "chart", "recipients", "sign")},
        **letterhead(paper, said),
        "subject": said("subject", period=period),
        "scope": scope(paper, said),
        "parts": [{"title": said(name), "blocks": blocks} for name, blocks in parts],
        "closing": said("closing", period=period),
        "footer": footer(paper, said),
    }


# ---------------------------------------------------------------- I. what came and went


def _general(paper: Paper, said: Said) -> list[Block]:
    totals = paper.summary.totals
    if not any(count_of({"": n}, "") for total in totals for n in (total.value, total.before, total.year_ago)):
        return [text(said("nothing"))]
    of_received = next(total for total in totals if total.figure == "received")
    received, period = round(of_received.value or 0), paper.summary.period
    changes = [
        _change(said, received, round(n or 0), name)
        for name, n in (("before", of_received.before), ("year_ago", of_received.year_ago))
    ]
    words = said("received", Period=period, n=said.number(received), changes=_and(said, changes))
    if received == 0:
        words = said("received_none", Period=period, changes=_and(said, changes))
    names = ("handled", "declined", "duplicates", "withdrawn")
    blocks = [
        text(words),
        text(said("outcome", **{name: said.figure(paper.totals, name) for name in names})),
        text(_standing(paper, said)),
    ]
    return [*blocks, *_trend(paper, said), _figures(paper, said)]


def _change(said: Said, now: int, before: int, name: str) -> str:
    """How much more or fewer; a share of nothing has no meaning."""
    what = said(name)
    if before == 0:
        return said("change_from_none", what=what) if now and name == "before" else ""
    if now == before:
        return said("change_same", what=what, n=said.number(before))
    kind = "change_more" if now > before else "change_fewer"
    return said(kind, share=said.share(abs(now - before), before), what=what, n=said.number(before))


def _and(said: Said, words: Sequence[str]) -> str:
    some = [each for each in words if each]
    return ", " + said("and").join(some) if some else ""


def _standing(paper: Paper, said: Said) -> str:
    if count_of(paper.totals, "open") == 0:
        return said("standing_none")
    return said("standing", open=said.figure(paper.totals, "open"), overdue=said.figure(paper.totals, "overdue"))


def _trend(paper: Paper, said: Said) -> list[Block]:
    steps = [
        (point.title, (count_of(point.values, "received"), count_of(point.values, "handled")))
        for point in paper.summary.trend
    ]
    most = max((value for _, values in steps for value in values), default=0)
    if most == 0:
        return []
    names = [FIGURES[name].title(paper.lang) for name in ("received", "handled")]
    alt = said("trend_alt", most=said.number(most))
    return [columns_chart(said("trend"), alt, names, steps, said.number(most))]


def _figures(paper: Paper, said: Said) -> Block:
    rows = [
        [
            FIGURES[total.figure].title(paper.lang),
            *(written(FIGURES[total.figure], n, paper.lang) for n in (total.value, total.before, total.year_ago)),
        ]
        for total in paper.summary.totals
    ]
    widths = (("this_period", 25), ("period_before", 25), ("same_year_ago", 28))
    head = [number_column(said("no"), 9), words_column(said("figure"))]
    head += [number_column(said(name), width) for name, width in widths]
    return table(said("figures"), head, numbered(rows))


# ---------------------------------------------------------------- II. results


def _handling(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = []
    handled = count_of(paper.totals, "handled")
    if handled:
        parts = [(name, part_of(paper.totals, rate, "handled")) for name, rate in _ON_TIME]
        fields = {"handled": said.number(handled)}
        for name, count in parts:
            name = name.removeprefix("n_")
            fields |= {name: said.number(count), f"{name}_share": said.share(count, handled)}
        blocks += [text(said("handled", **fields)), text(_times(paper, said))]
        blocks.append(_shares(said, "deadline_chart", parts))
    else:
        blocks.append(text(said("handled_none")))
    names = ("extensions", "returned", "transferred", "disputed", "reopened")
    if any(count_of(paper.totals, name) for name in names):
        blocks.insert(-1, text(said("again", **{name: said.figure(paper.totals, name) for name in names})))
    if _lines(paper, "agency"):
        blocks.append(_by_agency(paper, said))
    return blocks


def _times(paper: Paper, said: Said) -> str:
    return said(
        "times",
        to_accept=said.figure(paper.totals, "hours_to_accept"),
        to_resolve=said.figure(paper.totals, "hours_to_resolve"),
        accepted=said.figure(paper.totals, "accepted_on_time_rate"),
        answered=said.figure(paper.totals, "answered_on_time_rate"),
    )


def _shares(said: Said, caption: str, parts: Sequence[tuple[str, int]]) -> Block:
    whole = sum(count for _, count in parts)
    drawn = [(said(name), count, said.share(count, whole)) for name, count in parts]
    words = "; ".join(f"{name} {share}" for name, _, share in drawn)
    return shares_chart(said(caption), said("shares_alt", parts=words), drawn)


def _by_agency(paper: Paper, said: Said) -> Block:
    def row(values: Values) -> list[str]:
        return [
            said.figure(values, "received"),
            said.figure(values, "handled"),
            *(said.number(part_of(values, rate, "handled")) for _, rate in _ON_TIME),
            said.figure(values, "on_time_rate"),
            said.figure(values, "open"),
            said.figure(values, "overdue"),
        ]

    names = ("n_received", "n_handled", "n_on_time", "n_extended", "n_late", "on_time_rate", "n_open", "n_overdue")
    head = [number_column(said("no"), 9), words_column(said("agency"))]
    head += [number_column(said(name), 15 if name == "on_time_rate" else 13.5) for name in names]
    rows = [[line.name, *row(line.values)] for line in _lines(paper, "agency")]
    return table(said("by_agency"), head, numbered(rows), ["", said("total"), *row(paper.totals)])


# ---------------------------------------------------------------- III. by category, commune and channel


def _lines(paper: Paper, by: By) -> list[Line]:
    """Those that had anything in the period, or have at its end."""
    shown = ("received", "handled", "open", "overdue")
    return [line for line in paper.summary.table(by).lines if any(count_of(line.values, name) for name in shown)]


def _kinds(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = []
    bys: tuple[By, ...] = ("category", "commune", "channel")
    for by in bys:
        lines = _lines(paper, by)
        if lines:
            blocks.append(sub(said(f"by_{by}_head")))
            if by == "category":
                blocks += _most_of(said, lines)
            blocks.append(_by(paper, said, by, lines))
    return blocks or [text(said("nothing"))]


def _most_of(said: Said, lines: Sequence[Line]) -> list[Block]:
    counted = [(line.name, count_of(line.values, "received")) for line in lines]
    rows = [(name, count, said.number(count)) for name, count in counted[:_BARS] if count]
    if not rows:
        return []
    words = "; ".join(f"{name}: {count}" for name, _, count in rows)
    return [bars_chart(said("category_chart"), said("bars_alt", rows=words), rows)]


def _by(paper: Paper, said: Said, by: By, lines: Sequence[Line]) -> Block:
    received = count_of(paper.totals, "received")

    def row(values: Values) -> list[str]:
        return [
            said.figure(values, "received"),
            said.share(count_of(values, "received"), received),
            *(said.figure(values, name) for name in ("handled", "on_time_rate", "open", "overdue")),
        ]

    names = (
        ("n_received", 15),
        ("share", 16),
        ("n_handled", 15),
        ("on_time_rate", 17),
        ("n_open", 15),
        ("n_overdue", 14),
    )
    head = [number_column(said("no"), 9), words_column(said(by))]
    head += [number_column(said(name), width) for name, width in names]
    rows = [[line.name, *row(line.values)] for line in lines]
    return table(said(f"by_{by}"), head, numbered(rows), ["", said("total"), *row(paper.totals)])


# ---------------------------------------------------------------- IV. satisfaction


def _satisfaction(paper: Paper, said: Said) -> list[Block]:
    parts = [(name, paper.ratings.get(measure, Count()).n) for name, measure in _RATED]
    answers = sum(count for _, count in parts)
    if answers == 0:
        return [text(said("rated_none"))]
    fields = {name.removeprefix("rated_"): said.number(count) for name, count in parts}
    words = said("rated", answers=said.number(answers), rate=said.figure(paper.totals, "satisfied_rate"), **fields)
    return [text(words), _shares(said, "rating_chart", parts)]


# ---------------------------------------------------------------- V. what is open


def _overdue(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = [text(_overdue_words(paper, said))]
    if paper.overdue:
        head = [number_column(said("no"), 9), words_column(said("code"), 31), words_column(said("agency"))]
        head += [
            words_column(said("category"), 30),
            words_column(said("commune"), 34),
            number_column(said("late_by"), 24),
        ]
        rows = [
            [
                one.code,
                paper.names.of("agency", one.agency, paper.lang),
                paper.names.of("category", one.category, paper.lang),
                paper.names.of("commune", one.commune, paper.lang),
                _late(said, one.seconds),
            ]
            for one in paper.overdue
        ]
        blocks.append(table(said("longest"), head, numbered(rows)))
    if sum(paper.ages):
        head = [words_column(said("age")), number_column(said("n_reports"), 30), number_column(said("share"), 30)]
        rows = [
            [_age(said, at), said.number(count), said.share(count, sum(paper.ages))]
            for at, count in enumerate(paper.ages)
        ]
        blocks.append(table(said("ages"), head, rows, [said("total"), said.number(sum(paper.ages)), ""]))
    return blocks


def _overdue_words(paper: Paper, said: Said) -> str:
    overdue = count_of(paper.totals, "overdue")
    if not overdue or not paper.overdue:
        return said("overdue_none")
    first = paper.overdue[0]
    return said(
        "overdue_some",
        overdue=said.number(overdue),
        share=said.share(overdue, count_of(paper.totals, "open")),
        code=first.code,
        agency=paper.names.of("agency", first.agency, paper.lang),
        late=_late(said, first.seconds),
    )


def _late(said: Said, seconds: int | None) -> str:
    return NONE if seconds is None else said.days(seconds / _DAY)


def _age(said: Said, at: int) -> str:
    if at == 0:
        return said("age_to", days=AGES[0])
    if at == len(AGES):
        return said("age_above", above=AGES[-1])
    return said("age_between", above=AGES[at - 1], days=AGES[at])


# ---------------------------------------------------------------- VI. where


def _spots(paper: Paper, said: Said) -> list[Block]:
    if not paper.spots:
        return [text(said("spots_none"))]
    told = [
        said("spot", name=spot.name, n=said.number(spot.received), category=spot.category, most=said.number(spot.most))
        for spot in paper.spots[:TOLD_SPOTS]
    ]
    head = [number_column(said("no"), 9), words_column(said("commune"))]
    head += [number_column(said(name), 25) for name in ("this_period", "period_before", "change")]
    rows = [
        [spot.name, said.number(spot.received), said.number(spot.before), _more(said, spot.received, spot.before)]
        for spot in paper.spots
    ]
    return [text(said("spots_some", places="; ".join(told))), table(said("spots_table"), head, numbered(rows))]


def _more(said: Said, now: int, before: int) -> str:
    if before == 0:
        return NONE
    sign = "+" if now > before else "−" if now < before else ""
    return sign + said.share(abs(now - before), before)
