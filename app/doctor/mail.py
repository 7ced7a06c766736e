"""E-mail: whether the mail server answers, encrypts and knows us."""

from app.doctor.finding import Finding, Findings
from app.notify.model import SendFailed
from app.notify.smtp import SmtpSender, mail_folder
from app.settings import Settings


async def mail_server(settings: Settings) -> Findings:
    """Nothing is sent."""
    if settings.smtp is None:
        off = "E-mail is off: no mail server is set."
        if settings.simulated:
            off = f"No mail server is set: staff's e-mail is written to {mail_folder(settings)}."
        return [Finding("e-mail", "ok", off, "Set PHANANH_SMTP_HOST to send e-mail.")]
    where = f"{settings.smtp.host}:{settings.smtp.port}"
    try:
        async with SmtpSender(settings.smtp).connected():
            pass
    except SendFailed as failure:
        says = f"The mail server {where} cannot be used ({failure.reason})."
        return [Finding("e-mail", "bad", says, "See PHANANH_SMTP_…; try again with: phananh mail ADDRESS")]
    if settings.smtp.tls == "none":
        says = f"{where} answers, without encryption."
        return [Finding("e-mail", "warn", says, "Only within the same machine; else set PHANANH_SMTP_TLS.")]
    return [Finding("e-mail", "ok", f"{where} answers.")]
