"""Files in a case: put in, and taken out again with a reason. Pure.

The history names a file by its id and its digest. What it was called stands in its row alone: names tell much.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.accounts.model import Actor, Role
from app.attachments.model import MOST, Attachment, FileClaim
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history.model import Kind
from app.reports.change import Change
from app.reports.model import Report


def claim(c: Change, *, proof: bool = False) -> dict[str, Any]:
    """Claim the form's files for the report; gives how the history refers to them. ``proof``: the documents among them
    prove the result. A file that lies in the case already stays the one it is."""
    there = {file.sha256: file.attachment_id for file in c.attached}
    for file in c.form.files:
        known = there.get(file.sha256)
        c.claims.append(FileClaim(known or uuid7(), file, proof and file.kind == "document"))
    return {"files": [{"id": str(e.attachment_id), "sha256": e.file.sha256} for e in c.claims]} if c.claims else {}


def attach(c: Change) -> None:
    c.note(Kind.ATTACHED, claim(c) | c.say("note", "staff"))


def detach(c: Change) -> None:
    """Nobody sees it any more. Its bytes stay for a while (``app.attachments.model.KEPT_AFTER_REMOVAL``)."""
    assert c.form.attachment is not None
    sha256 = next(file.sha256 for file in c.attached if file.attachment_id == c.form.attachment)
    c.removed = c.form.attachment
    c.note(Kind.DETACHED, {"file": {"id": str(c.removed), "sha256": sha256}} | c.say("reason", "staff"))


def check_room(files: Sequence[str], attached: Sequence[Attachment]) -> None:
    """Whether the files (by their digests) still fit into the case. Raises Invalid."""
    fresh = set(files) - {file.sha256 for file in attached}
    if len(attached) + len(fresh) > MOST:
        raise Invalid("attachments.case_full", field="files", most=MOST, left=max(0, MOST - len(attached)))


def check_removal(actor: Actor, report: Report, attached: Sequence[Attachment], wanted: UUID) -> None:
    """Whether this person may take this file out. Raises NotFound, Forbidden or Conflict.

    Officers take out what they put in. What proves a result that stands is taken out by coordinators alone.
    """
    file = next((each for each in attached if each.attachment_id == wanted), None)
    if file is None:
        raise NotFound("attachments.not_found")
    _check_removal(actor, report, file)


def may_remove(actor: Actor, report: Report, file: Attachment) -> bool:
    """Whether the actor, who may take out files at all, may take out this one."""
    try:
        _check_removal(actor, report, file)
    except (Forbidden, Conflict):
        return False
    return True


def _check_removal(actor: Actor, report: Report, file: Attachment) -> None:
    if actor.role is Role.COORDINATOR:
        return
    if actor.role is Role.OFFICER and file.added_by != actor.id:
        raise Forbidden("attachments.not_yours")
    if file.proof and report.resolved_at is not None:
        raise Conflict("attachments.proof_stands")
