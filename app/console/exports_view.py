"""Files of figures in words: what was asked, how far it is, how large it is."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from app.console.context import BASE
from app.exports.formats import FORMATS
from app.exports.model import Export
from app.exports.summary import in_words
from app.i18n import Lang, t
from app.stats.names import Names
from app.stats.written import number

HERE = f"{BASE}/exports"
_SIGNS = {"waiting": "◌", "making": "◌", "ready": "✓", "failed": "✗", "cancelled": "–"}


class Shown(Struct, frozen=True):
    """``percent`` None: not known how far. ``why``: why it failed, "" otherwise. ``dashboard``: the page that shows the
    same figures."""

    export: Export
    name: str
    period: str
    filters: list[tuple[str, str]]
    sign: str
    state: str
    progress: str
    percent: int | None
    size: str
    why: str
    path: str
    dashboard: str


def shown(export: Export, names: Names, lang: Lang) -> Shown:
    asked, total = export.asked, export.total
    progress = ""
    if export.state == "making" and total:
        progress = t("exports.done_of", lang, done=number(export.done, lang), total=number(total, lang))
    return Shown(
        export,
        t(f"exports.format_{export.format}", lang),
        asked.period.title(lang),
        in_words(asked, names, lang),
        _SIGNS[export.state],
        t(f"exports.state_{export.state}", lang),
        progress,
        100 * export.done // total if total else None,
        size(export.size_bytes, lang) if export.size_bytes is not None else "",
        t(export.problem.key, lang, **export.problem.params) if export.problem else "",
        f"{HERE}/{export.export_id}",
        f"{BASE}/dashboard?{asked.settled(export.as_of).query()}",
    )


def size(count: int, lang: Lang) -> str:
    """ "1,4 MB"; small files in KB."""
    if count < 1_000_000:
        return f"{number(max(1, round(count / 1000)), lang)} KB"
    return f"{number(count / 1_000_000, lang, 1)} MB"


def kinds(lang: Lang) -> list[tuple[str, str, str]]:
    """The kinds of file there are: id, name, what it is for."""
    return [(kind, t(f"exports.format_{kind}", lang), t(f"exports.format_{kind}_says", lang)) for kind in FORMATS]


def told(export: Export, names: Names, by: str, lang: Lang) -> dict[str, Any]:
    """What the file was made from, for the JSON beside it. Who ordered it, when, and its digest cannot stand in the
    file itself: then the same question would not give the same file."""
    asked = export.asked
    return {
        "file": export.file_name,
        "format": export.format,
        "content_type": export.maker.content_type,
        "sha256": export.sha256,
        "size_bytes": export.size_bytes,
        "question": asked.settled(export.as_of).query(),
        "period": asked.period.title(lang),
        "start": asked.period.start,
        "end": asked.period.end,
        "filters": dict(in_words(asked, names, lang)),
        "as_of": export.as_of,
        "history_read_until": export.read_at,
        "rule_set": export.rule_set,
        "rows": export.total,
        "columns": export.columns,
        "ordered_by": by,
        "ordered_at": export.ordered_at,
        "made_at": export.ended_at,
        "kept_until": export.expires_at,
    }


def local(at: datetime) -> str:
    """For a response's header."""
    from app.routing.calendar import VIETNAM

    return at.astimezone(VIETNAM).isoformat(timespec="seconds")
