"""SQL of the queue. A queue is read from *stretches*: pieces of an index that hold its reports in its order, one for
each agency; their first rows are merged. Words are looked for in two ways, see ``_Found``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.accounts.absence import looked_after_by
from app.accounts.model import Actor
from app.accounts.people import AGENCY_ID
from app.db import Conn
from app.reports.model import Status
from app.reports.voices import voices_of
from app.reports.workflow import OPEN
from app.worklist.model import MANY, Filter, Order, QueueRow

# Word for word the predicates of the partial indexes reports_queue, reports_open, reports_done and their like.
_IS_OPEN = "status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"
_IS_DONE = "status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"
_KEYS: dict[Order, str] = {"burns": "burns_at", "finished": "coalesce(resolved_at, ended_at)", "newest": "submitted_at"}
_EACH = "SELECT s.* FROM {} AS own(id) CROSS JOIN LATERAL {} AS s"
_NAMED = 12
_WALK = 3000
"""So many rows are looked through in order before the words of a search are asked for in their own index."""


class Window(NamedTuple):
    """Which rows of the order: at most ``limit`` behind ``after`` (time, id), or ``back``wards from it."""

    limit: int
    after: tuple[datetime, UUID] | None = None
    back: bool = False


class _Statement:
    """Parameters of one statement. What is not asked for is left out of it, so that the planner sees only what
    matters."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def mark(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def put(self, condition: str, *given: Any) -> str:
        return condition.format(*(self.mark(value) for value in given))


def _conditions(to: _Statement, wanted: Filter, reader: Actor) -> list[str]:
    """Everything but the words, within the reader's categories and communes."""
    asked: list[tuple[str, Any]] = [
        ("category = {}", wanted.category),
        ("commune_code = {}", wanted.commune_code),
        # One's own cases are also those of whoever one stands in for.
        (
            f"assignee_id = ANY({looked_after_by('{}')})",
            wanted.assignee_id if wanted.assignee_id == reader.id else None,
        ),
        ("assignee_id = {}", wanted.assignee_id if wanted.assignee_id != reader.id else None),
        ("urgency = {}", wanted.urgency),
        ("channel = {}", wanted.channel),
        ("rating = {}", wanted.rating),
        ("tags @> {} AND tags <> '{{}}'", [wanted.tag] if wanted.tag else None),
        ("submitted_at >= {}", wanted.since),
        ("submitted_at < {}", wanted.until),
        # The second half bounds the piece of the index that has to be read.
        ("due_at < {0} AND paused_at IS NULL AND burns_at < {0}", wanted.overdue_at),
        ("category = ANY({}::text[])", sorted(reader.categories) or None),
        ("commune_code = ANY({}::text[])", sorted(reader.communes) or None),
    ]
    found = [to.put(condition, value) for condition, value in asked if value is not None]
    if wanted.agency_id is not None:
        # What is no agency's id finds nothing.
        found.append(f"agency_id = {_literal(wanted.agency_id)}" if AGENCY_ID.fullmatch(wanted.agency_id) else "false")
    if wanted.statuses:
        found.append(_among(wanted.statuses))
    if wanted.unassigned:
        found.append("assignee_id IS NULL AND status IN ('assigned', 'in_progress')")
    if wanted.extension_wanted:
        found.append("extension_wanted IS NOT NULL")
    if wanted.directed:
        found.append("directed_due_at IS NOT NULL")
    return found


def _among(statuses: Sequence[str]) -> str:
    """Written out, because only so a partial index is known to hold them. Statuses are checked before."""
    named = ", ".join(f"'{Status(status)}'" for status in statuses)
    return f"status IN ({named})"


def _literal(agency_id: str) -> str:
    assert AGENCY_ID.fullmatch(agency_id), "an agency's id is letters, digits and hyphens"
    return f"'{agency_id}'"


def _sides(wanted: Filter) -> list[str]:
    """Open and done reports lie in indexes of their own."""
    statuses = {Status(status) for status in wanted.statuses}
    if wanted.order == "newest" and (not statuses or len(statuses) == len(Status)):
        return ["true"]
    sides = [_IS_OPEN] if not statuses or statuses & OPEN else []
    return [*sides, _IS_DONE] if statuses - OPEN else sides


def _like(folded: str) -> str:
    pattern = folded.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{pattern}%"


class _Found:
    """A piece of SQL that finds the ids and places in the order of a page's rows."""

    def __init__(
        self, to: _Statement, agencies: Sequence[str] | None, wanted: Filter, folded: str, window: Window, reader: Actor
    ) -> None:
        self.key = _KEYS[wanted.order]
        self.forward = (wanted.order == "burns") != window.back
        self.direction = "" if self.forward else " DESC"
        self.order = f"ORDER BY at{self.direction}, report_id{self.direction}"
        self._to, self._wanted, self._folded = to, wanted, folded
        self._where = _conditions(to, wanted, reader)
        if window.after is not None:
            sign = ">" if self.forward else "<"
            self._where.append(to.put(f"({self.key}, report_id) {sign} ({{}}, {{}})", *window.after))
        self._limit = str(int(window.limit))
        self._own = to.mark(list(agencies)) if agencies is not None else None
        self._agencies = len(agencies) if agencies is not None else 1
        # By name, like the limits by number, so that in plans that are kept as well the planner knows how much there is
        # of each; to think about many agencies would take too long.
        self._named = [_literal(one) for one in agencies or ()] if self._agencies <= _NAMED else []

    def sql(self) -> str:
        rows = self._with_words() if self._folded else " UNION ALL ".join(self._stretches(self._rows(self._limit)))
        return f"SELECT report_id, at FROM ({rows}) AS found {self.order} LIMIT {self._limit}"  # noqa: S608  # conditions of our own

    def _rows(self, limit: str, *more: str) -> str:
        """One stretch's rows, with gaps for its side and for whose it is."""
        columns = ", ".join(("report_id", f"{self.key} AS at", *more))
        where = "".join(f" AND {each}" for each in self._where).replace("{", "{{").replace("}", "}}")
        return f"(SELECT {columns} FROM reports WHERE {{side}}{{mine}}{where} {self.order} LIMIT {limit})"  # noqa: S608  # conditions of our own

    def _stretches(self, rows: str) -> list[str]:
        """Each agency's own, and those of other agencies that it supervises; without agencies the whole province. What
        is done, in the order of deadlines, lies in stretches by agency alone."""
        mine, found = " AND agency_id = own.id", []
        for side in _sides(self._wanted):
            if self._named:
                for one in self._named:
                    found.append(rows.format(side=side, mine=f" AND agency_id = {one}", whose=one))
                    others = f" AND supervisor_id = {one} AND agency_id <> ALL({self._own})"
                    found.append(rows.format(side=side, mine=others, whose=one))
            elif self._own:
                others = f" AND supervisor_id = own.id AND agency_id <> ALL({self._own})"
                agencies = f"unnest({self._own}::text[])"
                found += [
                    _EACH.format(agencies, rows.format(side=side, mine=each, whose="own.id")) for each in (mine, others)
                ]
            elif side == _IS_DONE and self._wanted.order == "burns":
                each = rows.format(side=side, mine=mine, whose="own.id")
                found.append(_EACH.format("(SELECT agency_id FROM agencies)", each))
            else:
                found.append(rows.format(side=side, mine="", whose="''"))
        return found

    def _with_words(self) -> str:
        """Words that are common are met soon when the stretches are read in order; the index of words would give
        hundreds of thousands of places to sort. Words that are rare are in few places, and the index knows them;
        reading in order would go through everything. So the first rows are read in order, and only where they do not
        make a page the index of words is asked.

        What was read in order counts as far as the shortest piece goes that was not read to its end.
        """
        like = self._to.put("search_text LIKE {}", _like(self._folded))
        walk = str(max(_WALK // self._agencies, _WALK // 10))
        pieces = self._stretches(self._rows(walk, f"{like} AS fits", "{whose} AS whose"))
        walked = " UNION ALL ".join(f"SELECT {n} AS piece, * FROM ({piece}) AS p" for n, piece in enumerate(pieces))  # noqa: S608  # conditions of our own
        end, before = ("max", "<") if self.forward else ("min", ">")
        first = "min" if self.forward else "max"
        where = " AND ".join([f"({' OR '.join(_sides(self._wanted))})", like, *self._where])
        if self._own:
            where += f" AND (agency_id = ANY({self._own}) OR supervisor_id = ANY({self._own}))"
        return f"""
            WITH walked AS MATERIALIZED ({walked}),
            read_to AS (
                SELECT {first}(last) AS at FROM (
                    SELECT {end}(at) AS last FROM walked
                    GROUP BY piece, whose HAVING count(*) >= {walk}
                ) AS cut
            ),
            fitting AS MATERIALIZED (
                SELECT report_id, walked.at FROM walked, read_to
                WHERE fits AND (read_to.at IS NULL OR walked.at {before} read_to.at)
            ),
            enough AS MATERIALIZED (
                SELECT (SELECT at FROM read_to) IS NULL OR (SELECT count(*) FROM fitting) >= {self._limit} AS yes
            ),
            indexed AS MATERIALIZED (
                SELECT report_id, {self.key} AS at FROM reports WHERE {where} AND NOT (SELECT yes FROM enough)
            )
            SELECT report_id, at FROM fitting WHERE (SELECT yes FROM enough)
            UNION ALL SELECT report_id, at FROM indexed
        """  # noqa: S608  # conditions of our own


async def queue(
    conn: Conn, agencies: Sequence[str] | None, wanted: Filter, folded: str, window: Window, reader: Actor
) -> list[QueueRow]:
    """The window's rows, in the order they were read in, within the reader's categories and communes. ``agencies``
    None: all."""
    to = _Statement()
    page = _Found(to, agencies, wanted, folded, window, reader)
    rows = await conn.fetch(
        f"""
        WITH page AS MATERIALIZED ({page.sql()})
        SELECT report_id, code, version, status, category, body, r.commune_name, address, agency_id, assignee_id,
               urgency, submitted_at, due_at, paused_at, {voices_of("r.report_id")},
               (SELECT encode(p.sha256, 'hex') FROM report_photos p WHERE p.report_id = r.report_id
                ORDER BY p.photo_id LIMIT 1),
               first_answer_due_at, first_answered_at, handling, channel, rating, tags, directed_due_at,
               extension_wanted, coalesce(resolved_at, ended_at),
               (SELECT a.name FROM agencies a WHERE a.agency_id = r.agency_id),
               (SELECT a.name_en FROM agencies a WHERE a.agency_id = r.agency_id),
               (SELECT s.full_name FROM staff s WHERE s.staff_id = r.assignee_id), page.at,
               (SELECT ARRAY[i.source, i.number] FROM imported_reports i WHERE i.report_id = r.report_id)
        FROM page JOIN reports r USING (report_id) {page.order.replace("BY at", "BY page.at")}
        """,  # noqa: S608  # put together from conditions of our own
        *to.values,
    )
    return [_row(row) for row in rows]


def _row(row: Any) -> QueueRow:
    values = list(row.values())
    tags = QueueRow.__struct_fields__.index("tags")
    values[tags] = tuple(values[tags])
    values[-1] = values[-1] and tuple(values[-1])
    return QueueRow(*values)


async def counts(
    conn: Conn, agencies: Sequence[str] | None, wanted: Sequence[tuple[Filter, str]], reader: Actor
) -> list[int]:
    """How many reports each of the filters (with its folded words) finds, up to ``MANY``. One statement."""
    if not wanted:
        return []
    to = _Statement()
    each = [_Found(to, agencies, one, folded, Window(MANY), reader).sql() for one, folded in wanted]
    row = await conn.fetchrow(
        "SELECT " + ", ".join(f"(SELECT count(*) FROM ({sql}) AS c{n})" for n, sql in enumerate(each)),  # noqa: S608  # conditions of our own
        *to.values,
    )
    assert row is not None
    return list(row.values())


async def arrived(
    conn: Conn, agencies: Sequence[str] | None, wanted: Filter, folded: str, since: datetime, reader: Actor
) -> int:
    """How many open reports that the filter finds have come to their agency since a moment, up to ``MANY``."""
    to = _Statement()
    where = [_IS_OPEN, to.put("coalesce(assigned_at, submitted_at) > {}", since), *_conditions(to, wanted, reader)]
    if folded:
        where.append(to.put("search_text LIKE {}", _like(folded)))
    if agencies is not None:
        where.append(to.put("(agency_id = ANY({0}) OR supervisor_id = ANY({0}))", list(agencies)))
    found: int = await conn.fetchval(
        f"SELECT count(*) FROM (SELECT FROM reports WHERE {' AND '.join(where)} LIMIT {MANY}) AS new",  # noqa: S608  # conditions of our own
        *to.values,
    )
    return found


async def tags_in_use(conn: Conn, agencies: Sequence[str] | None, sample: int, most: int) -> list[str]:
    """The tags of some of the agencies' reports, those that are used most first."""
    rows = await conn.fetch(
        """
        SELECT tag FROM (
            SELECT tags FROM reports WHERE tags <> '{}' AND ($1::text[] IS NULL OR agency_id = ANY($1)) LIMIT $2
        ) AS sample, unnest(tags) AS tag
        GROUP BY tag ORDER BY count(*) DESC, tag LIMIT $3
        """,
        agencies,
        sample,
        most,
    )
    return [row["tag"] for row in rows]
