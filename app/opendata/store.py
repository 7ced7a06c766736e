"""SQL of open data."""

from collections.abc import Collection
from datetime import date, datetime

import msgspec
from msgspec import convert, to_builtins

from app.db import Conn
from app.i18n import Lang
from app.opendata.model import File, Options, Settings, Source, Told, Version
from app.reports.masking import mask

_MAKING = 7_041_966_011
"""The lock of whoever makes a month."""
_OPTIONS = tuple(field.name for field in msgspec.structs.fields(Options))


async def claim(conn: Conn) -> bool:
    """Whether this session is the one that makes months; another one may be at it."""
    got: bool = await conn.fetchval("SELECT pg_try_advisory_lock($1)", _MAKING)
    return got


async def wait_for_claim(conn: Conn) -> None:
    await conn.execute("SELECT pg_advisory_lock($1)", _MAKING, timeout=3600)


async def let_go(conn: Conn) -> None:
    await conn.execute("SELECT pg_advisory_unlock($1)", _MAKING)


async def settings(conn: Conn) -> Settings | None:
    row = await conn.fetchrow("SELECT * FROM opendata_settings ORDER BY id DESC LIMIT 1")
    if row is None:
        return None
    options = Options(*(row[name] for name in _OPTIONS))
    return Settings(
        enabled=row["enabled"],
        options=options,
        licence=row["licence"],
        publisher=row["publisher"],
        first_month=row["first_month"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
    )


async def keep_settings(conn: Conn, new: Settings) -> None:
    await conn.execute(
        f"""
        INSERT INTO opendata_settings (enabled, licence, publisher, first_month, changed_by, {", ".join(_OPTIONS)})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,  # noqa: S608  # column names of our own
        new.enabled,
        new.licence,
        new.publisher,
        new.first_month,
        new.changed_by,
        *(getattr(new.options, name) for name in _OPTIONS),
    )


async def sources(conn: Conn, since: datetime, before: datetime, lang: Lang = "vi") -> list[Source]:
    """The reports of a time that may be published at all: public ones that were not withdrawn. A report that was split
    is one, however many agencies had a part of it."""
    rows = await conn.fetch(
        """
        SELECT r.submitted_at AS at, r.commune_code AS commune, r.category, r.agency_id AS agency, r.channel,
               CASE WHEN NOT r.place_approximate THEN r.lat END AS lat,
               CASE WHEN NOT r.place_approximate THEN r.lon END AS lon,
               CASE WHEN r.status IN ('resolved', 'closed') THEN 'resolved'
                    WHEN r.status = 'rejected' THEN 'declined'
                    WHEN r.status = 'duplicate' THEN 'duplicate' ELSE 'open' END AS status,
               CASE WHEN r.resolved_at IS NULL THEN '' WHEN r.resolved_at <= r.due_at THEN 'yes' ELSE 'no' END
                   AS on_time,
               CASE WHEN r.rating IS NULL THEN '' WHEN r.rating = 'dissatisfied' THEN 'bad' ELSE 'good' END AS rating,
               r.published_at IS NOT NULL AS known,
               CASE WHEN r.published_at IS NOT NULL THEN r.body END AS body, w.body AS edited
        FROM reports r
        LEFT JOIN public_words w ON w.report_id = r.report_id AND w.message_id = r.report_id
                                    AND r.published_at IS NOT NULL
        WHERE r.submitted_at >= $1 AND r.submitted_at < $2 AND r.part_of IS NULL
          AND r.visibility = 'public' AND r.status <> 'withdrawn'
        """,
        since,
        before,
    )
    return [
        Source(
            at=row["at"],
            commune=row["commune"],
            lat=row["lat"],
            lon=row["lon"],
            category=row["category"],
            agency=row["agency"],
            channel=row["channel"],
            status=row["status"],
            on_time=row["on_time"],
            rating=row["rating"],
            known=row["known"],
            text=row["edited"] or (mask(row["body"], lang) if row["known"] else ""),
        )
        for row in rows
    ]


async def never(conn: Conn, since: datetime, before: datetime) -> tuple[int, int]:
    """How many reports of a time are never published: private ones, withdrawn ones."""
    row = await conn.fetchrow(
        """
        SELECT count(*) FILTER (WHERE visibility <> 'public') AS private,
               count(*) FILTER (WHERE visibility = 'public' AND status = 'withdrawn') AS withdrawn
        FROM reports WHERE submitted_at >= $1 AND submitted_at < $2 AND part_of IS NULL
        """,
        since,
        before,
    )
    assert row is not None
    return row["private"], row["withdrawn"]


async def versions(conn: Conn, months: Collection[date] | None = None) -> list[Version]:
    """The newest months first, of each the newest version first; None: of all months."""
    rows = await conn.fetch(
        """
        SELECT * FROM opendata_versions WHERE $1::date[] IS NULL OR month = ANY($1) ORDER BY month DESC, version DESC
        """,
        None if months is None else list(months),
    )
    return [
        Version(
            month=row["month"],
            version=row["version"],
            made_at=row["made_at"],
            options=convert(row["options"], Options),
            told=convert(row["told"], Told),
            files=convert(row["files"], dict[str, File]),
            reason=row["reason"],
            made_by=row["made_by"],
        )
        for row in rows
    ]


async def keep_version(conn: Conn, made: Version) -> None:
    await conn.execute(
        """
        INSERT INTO opendata_versions (month, version, made_at, options, told, files, reason, made_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        made.month,
        made.version,
        made.made_at,
        to_builtins(made.options),
        to_builtins(made.told),
        to_builtins(made.files),
        made.reason,
        made.made_by,
    )
