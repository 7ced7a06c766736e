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
from app.exports.pdf_model import TOLD_SPOTS, Group, Paper, Said, count_of, n
from app.stats.measures import FIGURES, RATINGS, Measure
from app.stats.model import AGES, By, Counts
from app.stats.written import NONE

M = Measure
_BARS = 10
_DAY = 86_400
_ON_TIME = (("n_on_time", M.RESOLVED_ON_TIME), ("n_extended", M.RESOLVED_EXTENDED), ("n_late", M.RESOLVED_LATE))
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
    if not any(count.n for counts in (paper.now, paper.before, paper.year_ago) for count in counts.values()):
        return [text(said("nothing"))]
    received = count_of(paper.now, "received")
    period = paper.asked.period.title(paper.lang)
    changes = [
        _change(said, received, count_of(counts, "received"), name)
        for name, counts in (("before", paper.before), ("year_ago", paper.year_ago))
    ]
    words = said("received", Period=period, n=said.number(received), changes=_and(said, changes))
    if received == 0:
        words = said("received_none", Period=period, changes=_and(said, changes))
    names = ("handled", "declined", "duplicates", "withdrawn")
    blocks = [
        text(words),
        text(said("outcome", **{name: said.figure(paper.now, name) for name in names})),
        text(_standing(paper, said)),
    ]
    return [*blocks, *_trend(paper, said), _figures(paper, said)]


def _change(said: Said, now: int, before: int, name: str) -> str:
    """How much more or fewer; a share of nothing has no meaning."""
    what = said(name)
    if before == 0:
        return said("change_from_none", what=what) if now else ""
    if now == before:
        return said("change_same", what=what, n=said.number(before))
    kind = "change_more" if now > before else "change_fewer"
    return said(kind, share=said.share(abs(now - before), before), what=what, n=said.number(before))


def _and(said: Said, words: Sequence[str]) -> str:
    some = [each for each in words if each]
    return ", " + said("and").join(some) if some else ""


def _standing(paper: Paper, said: Said) -> str:
    if count_of(paper.now, "open") == 0:
        return said("standing_none")
    return said("standing", open=said.figure(paper.now, "open"), overdue=said.figure(paper.now, "overdue"))


def _trend(paper: Paper, said: Said) -> list[Block]:
    steps = [(title, (count_of(c, "received"), count_of(c, "handled"))) for title, c in paper.steps]
    most = max((value for _, values in steps for value in values), default=0)
    if most == 0:
        return []
    names = [FIGURES[name].title(paper.lang) for name in ("received", "handled")]
    alt = said("trend_alt", most=said.number(most))
    return [columns_chart(said("trend"), alt, names, steps, said.number(most))]


def _figures(paper: Paper, said: Said) -> Block:
    rows = [
        [each.title(paper.lang), *(said.figure(counts, name) for counts in (paper.now, paper.before, paper.year_ago))]
        for name, each in FIGURES.items()
    ]
    widths = (("this_period", 25), ("period_before", 25), ("same_year_ago", 28))
    head = [number_column(said("no"), 9), words_column(said("figure"))]
    head += [number_column(said(name), width) for name, width in widths]
    return table(said("figures"), head, numbered(rows))


# ---------------------------------------------------------------- II. results


def _handling(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = []
    handled = count_of(paper.now, "handled")
    if handled:
        counts = [n(paper.now, measure) for _, measure in _ON_TIME]
        fields = {"handled": said.number(handled)}
        for name, count in zip(("on_time", "extended", "late"), counts, strict=True):
            fields |= {name: said.number(count), f"{name}_share": said.share(count, handled)}
        blocks += [text(said("handled", **fields)), text(_times(paper, said))]
        blocks.append(_shares(paper, said, "deadline_chart", _ON_TIME))
    else:
        blocks.append(text(said("handled_none")))
    names = ("extensions", "returned", "transferred", "disputed", "reopened")
    if any(count_of(paper.now, name) for name in names):
        blocks.insert(-1, text(said("again", **{name: said.figure(paper.now, name) for name in names})))
    if paper.groups["agency"]:
        blocks.append(_by_agency(paper, said))
    return blocks


def _times(paper: Paper, said: Said) -> str:
    return said(
        "times",
        to_accept=said.figure(paper.now, "hours_to_accept"),
        to_resolve=said.figure(paper.now, "hours_to_resolve"),
        accepted=said.figure(paper.now, "accepted_on_time_rate"),
        answered=said.figure(paper.now, "answered_on_time_rate"),
    )


def _shares(paper: Paper, said: Said, caption: str, parts: Sequence[tuple[str, Measure]]) -> Block:
    all_of_it = sum(n(paper.now, measure) for _, measure in parts)
    drawn = [(said(name), n(paper.now, m), said.share(n(paper.now, m), all_of_it)) for name, m in parts]
    words = "; ".join(f"{name} {share}" for name, _, share in drawn)
    return shares_chart(said(caption), said("shares_alt", parts=words), drawn)


def _by_agency(paper: Paper, said: Said) -> Block:
    def row(counts: Counts) -> list[str]:
        return [
            said.figure(counts, "received"),
            said.figure(counts, "handled"),
            *(said.number(n(counts, measure)) for _, measure in _ON_TIME),
            said.figure(counts, "on_time_rate"),
            said.figure(counts, "open"),
            said.figure(counts, "overdue"),
        ]

    names = ("n_received", "n_handled", "n_on_time", "n_extended", "n_late", "on_time_rate", "n_open", "n_overdue")
    head = [number_column(said("no"), 9), words_column(said("agency"))]
    head += [number_column(said(name), 15 if name == "on_time_rate" else 13.5) for name in names]
    rows = [[group.name, *row(group.counts)] for group in paper.groups["agency"]]
    return table(said("by_agency"), head, numbered(rows), ["", said("total"), *row(paper.now)])


# ---------------------------------------------------------------- III. by category, commune and channel


def _kinds(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = []
    bys: tuple[By, ...] = ("category", "commune", "channel")
    for by in bys:
        groups = paper.groups[by]
        if groups:
            blocks.append(sub(said(f"by_{by}_head")))
            if by == "category":
                blocks += _most_of(said, groups)
            blocks.append(_by(paper, said, by, groups))
    return blocks or [text(said("nothing"))]


def _most_of(said: Said, groups: Sequence[Group]) -> list[Block]:
    counted = [(group.name, count_of(group.counts, "received")) for group in groups]
    rows = [(name, count, said.number(count)) for name, count in counted[:_BARS] if count]
    if not rows:
        return []
    words = "; ".join(f"{name}: {count}" for name, _, count in rows)
    return [bars_chart(said("category_chart"), said("bars_alt", rows=words), rows)]


def _by(paper: Paper, said: Said, by: By, groups: Sequence[Group]) -> Block:
    received = count_of(paper.now, "received")

    def row(counts: Counts) -> list[str]:
        return [
            said.figure(counts, "received"),
            said.share(count_of(counts, "received"), received),
            *(said.figure(counts, name) for name in ("handled", "on_time_rate", "open", "overdue")),
        ]

    names = (("n_received", 15), ("share", 16), ("n_handled", 15), ("on_time_rate", 17), ("n_open", 15), ("n_overdue", 14))
    head = [number_column(said("no"), 9), words_column(said(by))]
    head += [number_column(said(name), width) for name, width in names]
    rows = [[group.name, *row(group.counts)] for group in groups]
    return table(said(f"by_{by}"), head, numbered(rows), ["", said("total"), *row(paper.now)])


# ---------------------------------------------------------------- IV. satisfaction


def _satisfaction(paper: Paper, said: Said) -> list[Block]:
    answers = sum(n(paper.now, measure) for measure in RATINGS)
    if answers == 0:
        return [text(said("rated_none"))]
    fields = {name.removeprefix("rated_"): said.number(n(paper.now, measure)) for name, measure in _RATED}
    words = said("rated", answers=said.number(answers), rate=said.figure(paper.now, "satisfied_rate"), **fields)
    return [text(words), _shares(paper, said, "rating_chart", _RATED)]


# ---------------------------------------------------------------- V. what is open


def _overdue(paper: Paper, said: Said) -> list[Block]:
    blocks: list[Block] = [text(_overdue_words(paper, said))]
    if paper.overdue:
        head = [number_column(said("no"), 9), words_column(said("code"), 33), words_column(said("agency"))]
        head += [words_column(said("category"), 32), words_column(said("commune"), 27), number_column(said("late_by"), 20)]
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
        rows = [[_age(said, at), said.number(count), said.share(count, sum(paper.ages))] for at, count in enumerate(paper.ages)]
        blocks.append(table(said("ages"), head, rows, [said("total"), said.number(sum(paper.ages)), ""]))
    return blocks


def _overdue_words(paper: Paper, said: Said) -> str:
    overdue = count_of(paper.now, "overdue")
    if not overdue or not paper.overdue:
        return said("overdue_none")
    first = paper.overdue[0]
    return said(
        "overdue_some",
        overdue=said.number(overdue),
        share=said.share(overdue, count_of(paper.now, "open")),
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
