"""A case as PDF, to print or to send: what ``content`` says, set by typst in a process of its own (``worker``)."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from app.accounts import service as accounts
from app.accounts.directory import Agencies
from app.accounts.model import Actor
from app.casefile import service as casefile
from app.casefile.model import CaseFile
from app.db import Pool
from app.errors import NotFound, Unavailable
from app.i18n import Lang
from app.papers.content import content, pictures_of
from app.papers.model import PHOTOS_MOST, Job, Reader
from app.photos import service as photos
from app.places.gazetteer import Gazetteer
from app.reports.model import Report
from app.routing.ruleset import RuleSet
from storage.objects import ObjectStore

_log = structlog.get_logger(__name__)
_ROOT = Path(__file__).parents[2]
_PATIENCE = 40.0
_PRESSES = asyncio.Semaphore(2)


async def case_pdf(objects: ObjectStore, case: CaseFile, reader: Reader) -> bytes:
    """The case as this reader may have it. The caller has checked that they may see it. Raises Unavailable.

    A photo that is not in the store any more is left out and counted.
    """
    return await _press(await job(objects, case, reader))


async def print_case(
    pool: Pool,
    objects: ObjectStore,
    rules: RuleSet,
    gazetteer: Gazetteer,
    agencies: Agencies,
    actor: Actor,
    report: Report,
    *,
    lang: Lang,
    notes: bool,
) -> bytes:
    """Read the case and print it for a member of staff who may see it. Raises Unavailable."""
    async with pool.acquire() as conn:
        case = await casefile.read(conn, actor, report)
        name = (await accounts.staff_names(conn, [actor.id] if actor.id else [])).get(actor.id or UUID(int=0), "")
    known = await agencies.all([report.agency_id, *([actor.agency_id] if actor.agency_id else [])])
    reader = Reader(
        actor=actor,
        name=name,
        lang=lang,
        rules=rules,
        agencies=known,
        gazetteer=gazetteer,
        at=datetime.now(UTC),
        notes=notes,
    )
    return await case_pdf(objects, case, reader)


def headers(report: Report, *, notes: bool) -> dict[str, str]:
    """Shown by the browser's own viewer, where people print from. It is a document of ours, without scripts."""
    name = f"{report.code}.pdf" if notes else f"{report.code}-gui-ra-ngoai.pdf"
    policy = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return {"Content-Disposition": f'inline; filename="{name}"', "Content-Security-Policy": policy}


async def job(objects: ObjectStore, case: CaseFile, reader: Reader) -> Job:
    """What is to be set: texts, and the photos' large copies."""
    wanted = list(dict.fromkeys(sha256 for _, sha256 in pictures_of(case, reader)))[:PHOTOS_MOST]
    read = await asyncio.gather(*(_photo(objects, sha256) for sha256 in wanted))
    found = {sha256: data for sha256, data in zip(wanted, read, strict=True) if data is not None}
    return Job(content(case, reader, found), found)


async def _photo(objects: ObjectStore, sha256: str) -> bytes | None:
    try:
        return await photos.read_photo(objects, sha256, "large")
    except NotFound:
        return None


async def _press(job: Job) -> bytes:
    async with _PRESSES:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.papers.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            # Neither secrets nor a thread for each processor, whose stacks would count as memory.
            env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
            | {"RAYON_NUM_THREADS": "1", "HOME": "/nonexistent"},
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                pdf, complaint = await process.communicate(msgspec.msgpack.encode(job))
        except TimeoutError:
            raise Unavailable("papers.not_printed") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0 or not pdf.startswith(b"%PDF-"):
        # The last line names typst's error and our own template's place; no text of the case is in it.
        _log.error("case not printed", exit=process.returncode, said=complaint.decode(errors="replace")[-300:])
        raise Unavailable("papers.not_printed")
    return pdf
