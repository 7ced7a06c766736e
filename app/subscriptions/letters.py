"""What stands in the messages to followers: public copies alone, each with its link, and how to end it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.casefile.words import category_name, status_word, when
from app.i18n import Lang, t
from app.notify.mail import Line, Mail
from app.notify.model import Button, Telling
from app.places.gazetteer import Gazetteer
from app.reports.news import News, Since
from app.routing.ruleset import RuleSet
from app.subscriptions import tokens
from app.subscriptions.model import Area, Digest, Follower, Wish, name_of
from app.subscriptions.store import Request

LISTED = 20
"""Reports of each kind in a mail."""
_IN_CHAT = 6
_EXCERPT, _EXCERPT_IN_CHAT = 160, 90


class Means(Struct, frozen=True):
    """What words are made with. ``site``: where citizens open the pages."""

    rules: RuleSet
    gazetteer: Gazetteer
    secret: bytes
    site: str


def manage_link(means: Means, follower_id: UUID) -> str:
    return f"{means.site}/follow/mine?k={tokens.sign(means.secret, 'manage', follower_id)}"


def confirmation(means: Means, request: Request, at: datetime) -> Mail:
    lang, wish = request.wish.lang, request.wish
    link = f"{means.site}/follow/confirm?k={tokens.sign(means.secret, 'confirm', request.request_id)}"
    return Mail(
        to=request.address,
        subject=t("follow.confirm_subject", lang),
        lines=(
            Line(t("follow.confirm_asked", lang, area=_area(means, wish), rhythm=t(f"follow.{wish.rhythm}", lang))),
            Line(t("follow.confirm_press", lang), link),
            Line(t("follow.confirm_not_you", lang)),
        ),
        name=f"follow.{request.request_id}",
        lang=lang,
        at=at,
        list_id="confirmations",
    )


def _area(means: Means, wish: Wish) -> str:
    return name_of(means.rules, means.gazetteer, wish.area, wish.lang)


def mail(means: Means, follower: Follower, digest: Digest, news: Since, at: datetime) -> Mail:
    lang, manage = follower.lang, manage_link(means, follower.follower_id)
    lines = [Line(_head(follower, digest))]
    for title, count, listed in _kinds(news, lang):
        lines.append(Line(f"{title} ({count})", heading=True))
        lines += [_line(means, one, lang) for one in listed]
        if count > len(listed):
            lines.append(Line(t("follow.more", lang, count=count - len(listed)), f"{means.site}/reports"))
    lines.append(Line(_followed(means, follower.areas, lang)))
    lines.append(Line(t("follow.change_or_end", lang), manage))
    return Mail(
        to=follower.address,
        subject=_subject(news, digest, lang),
        lines=lines,
        name=f"area.{follower.follower_id}.{digest.until:%Y%m%d%H%M}",
        lang=lang,
        at=at,
        list_id="areas",
        unsubscribe=f"{means.site}/follow/end?k={tokens.sign(means.secret, 'manage', follower.follower_id)}",
    )


def telling(means: Means, follower: Follower, digest: Digest, news: Since) -> Telling:
    """The same for a chat: fewer, each report with a button."""
    lang, said = follower.lang, [_head(follower, digest)]
    buttons: list[tuple[Button, ...]] = []
    for title, count, listed in _kinds(news, lang):
        shown = listed[:_IN_CHAT]
        said.append(f"{title} ({count})")
        said += [f"• {_title(means, one, lang)}\n“{_short(_words(one), _EXCERPT_IN_CHAT)}”" for one in shown]
        if count > len(shown):
            said.append(t("follow.more_in_chat", lang, count=count - len(shown), link=f"{means.site}/reports"))
        buttons += [(Button(f"{one.code} · {category_name(means.rules, one.category, lang)}"[:60], f"t1|{one.code}"),)
                    for one in shown]  # fmt: skip
    buttons.append((Button(t("follow.manage_in_chat", lang), "v1|list"),))
    return Telling("\n\n".join(said), (), tuple(buttons), lang=lang)


def _head(follower: Follower, digest: Digest) -> str:
    return t("follow.head", follower.lang, since=when(digest.since), until=when(digest.until))


def _subject(news: Since, digest: Digest, lang: Lang) -> str:
    counts = [
        t(f"follow.count_{kind}", lang, count=count)
        for kind, count in (("fresh", news.fresh_count), ("done", news.done_count))
        if count
    ]
    return t("follow.subject", lang, counts=", ".join(counts), day=when(digest.until).partition(" ")[2])


def _kinds(news: Since, lang: Lang) -> list[tuple[str, int, list[News]]]:
    kinds = (("fresh", news.fresh_count, news.fresh), ("done", news.done_count, news.done))
    return [(t(f"follow.title_{kind}", lang), count, listed) for kind, count, listed in kinds if count]


def _line(means: Means, one: News, lang: Lang) -> Line:
    said = f"“{_short(_words(one), _EXCERPT)}”\n{one.code} · {status_word(one.status, lang)}"
    return Line(_title(means, one, lang), f"{means.site}/r/{one.code}", said)


def _title(means: Means, one: News, lang: Lang) -> str:
    place = f" – {one.commune_name}" if one.commune_name else ""
    return f"{category_name(means.rules, one.category, lang)}{place}"


def _words(one: News) -> str:
    return one.result or one.words


def _short(words: str, most: int) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _followed(means: Means, areas: Sequence[Area], lang: Lang) -> str:
    named = "; ".join(name_of(means.rules, means.gazetteer, each, lang) for each in areas)
    return t("follow.because", lang, areas=named)
