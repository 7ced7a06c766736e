"""What acts with files, and with photos that prove a result, must know from elsewhere."""

from app.attachments import service as attachments
from app.db import Conn
from app.reports import store_proof
from app.reports.change import Change
from app.reports.files import check_removal, check_room
from app.reports.workflow import Act


async def look_at_files(conn: Conn, change: Change, act: Act) -> None:
    """Read what lies in the case already and where the form's photos were seen before. Raises Invalid, NotFound,
    Forbidden or Conflict for files that do not fit in, or may not be taken out."""
    form, report = change.form, change.report
    if form.files or form.attachment:
        change.attached = await attachments.of_report(conn, report.report_id)
        check_room([file.sha256 for file in form.files], change.attached)
    if act is Act.DETACH and form.attachment:
        check_removal(change.actor, report, change.attached, form.attachment)
    if act is Act.RESOLVE and form.photos:
        change.seen_photos = await store_proof.seen(conn, report.report_id, form.photos)
