"""E-mail goes out once, encrypted and signed in, readable everywhere; what the server says is told apart."""

import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from msgspec import structs

from app import settings as configuration
from app.doctor.mail import mail_server as look_at_it
from app.notify.mail import Line, Mail, written
from app.notify.model import Document, Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.notify.smtp import FolderSender, SmtpSender, mail_folder, mail_sender
from app.settings import Settings, SettingsError
from tests.mailserver import SENDER, MailServer, mail_server, make_certificate
from tests.world import RULES

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SUBJECT = "Phản ánh PA-0000-0000: đã dùng 80 % thời hạn xử lý, còn chưa đầy một ngày làm việc để trả lời người dân"
LINK = "http://localhost:8000/console/reports/PA-0000-0000"


def mail(to: str = "bich@example.vn", subject: str = SUBJECT) -> Mail:
    lines = [Line("Còn 4 giờ làm việc <nhanh lên> & xong."), Line("Mở phản ánh", LINK)]
    return Mail(to=to, subject=subject, lines=lines, name="w-1", lang="vi", at=AT, list_id="warnings")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


def settings(tmp_path: Path, **more: str) -> Settings:
    env = {"PHANANH_HOME": str(tmp_path), "PHANANH_RULES": str(RULES), "PHANANH_SECRET_KEY": "k" * 40}
    return configuration.load(env | {f"PHANANH_{name}": value for name, value in more.items()})


# ---------------------------------------------------------------- what it looks like


async def test_a_mail_arrives_with_its_vietnamese_whole_and_says_that_a_machine_wrote_it(server: MailServer) -> None:
    assert await SmtpSender(server.settings()).send_mail(mail()) == "kept"
    (got,) = server.to("bich@example.vn")
    assert got["Subject"] == SUBJECT
    assert got["From"] == SENDER
    assert (got["Auto-Submitted"], got["List-Id"]) == ("auto-generated", "<warnings.example.vn>")
    assert got["Message-ID"] == "<w-1@example.vn>"
    plain, html = (part for part in got.walk() if not part.is_multipart())
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().splitlines()[0] == "Còn 4 giờ làm việc <nhanh lên> & xong."
    assert LINK in plain.get_content()
    assert "&lt;nhanh lên&gt; &amp; xong." in html.get_content()
    assert f'<a href="{LINK}">Mở phản ánh</a>' in html.get_content()


def test_a_mail_travels_in_letters_that_every_server_takes() -> None:
    raw = written(mail(), SENDER).as_bytes()
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert b"=?utf-8?" in raw.split(b"\r\n\r\n")[0]


def test_nobody_adds_a_header_by_a_line_break_in_a_subject() -> None:
    message = message_from_bytes(
        written(mail(subject="Đèn hỏng\r\nBcc: ai@example.vn"), SENDER).as_bytes(), policy=policy.default
    )
    assert message["Bcc"] is None
    assert message["Subject"] == "Đèn hỏng Bcc: ai@example.vn"


# ---------------------------------------------------------------- what the server says


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (("RCPT", "550 No such user"), Unreachable),
        (("RCPT", "552 Mailbox full of bich@example.vn"), Refused),
        (("RCPT", "451 Greylisted, try again"), TryLater),
        (("DATA", "554 Looks like spam"), Refused),
        (("DATA", "452 Out of space"), TryLater),
        (("RCPT", None), TryLater),
        (("DATA", None), Uncertain),
    ],
)
async def test_what_the_server_refuses_is_told_apart_and_nothing_is_tried_twice(
    server: MailServer, answer: tuple[str, str | None], failure: type[SendFailed]
) -> None:
    server.answers = [answer]
    with pytest.raises(failure) as failed:
        await SmtpSender(server.settings()).send_mail(mail())
    assert type(failed.value) is failure
    assert "bich" not in failed.value.reason
    assert (server.connections, server.mails) == (1, [])


async def test_a_server_that_is_away_is_tried_later(server: MailServer, unused_tcp_port: int) -> None:
    with pytest.raises(TryLater):
        await SmtpSender(server.settings(port=unused_tcp_port)).send_mail(mail())


@pytest.mark.parametrize("address", ["không phải", "a@b@c", "đ@example.vn", "x@example.vn\r\nBcc: y@example.vn"])
async def test_an_address_that_is_none_is_said_to_be_so(server: MailServer, address: str) -> None:
    with pytest.raises(Unreachable):
        await SmtpSender(server.settings()).send_mail(mail(address))
    assert server.mails == []


@pytest.fixture
def unused_tcp_port() -> int:
    return 1  # nothing listens below 1024 here, and nobody may


# ---------------------------------------------------------------- encryption and signing in


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    make_certificate(path)
    return path


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_password_travels_encrypted_and_only_to_a_server_that_we_trust(certificate: Path, tls: str) -> None:
    login = ("phananh", "rau muống xào tỏi")
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with mail_server(certificate, login, from_first=tls == "tls") as server:
        known = server.settings(tls=tls, user=login[0], password=login[1])
        await SmtpSender(known, trusting).send_mail(mail())
        assert server.encrypted == [True]
        wrong = server.settings(tls=tls, user=login[0], password="sai bét")
        with pytest.raises(TryLater) as refused:
            await SmtpSender(wrong, trusting).send_mail(mail())
        assert "535" in refused.value.reason
        # By default a certificate that nobody vouches for is not trusted.
        with pytest.raises(TryLater, match="SSL"):
            await SmtpSender(known).send_mail(mail())
    assert len(server.mails) == 1


async def test_nothing_is_sent_in_the_open_where_encryption_was_wanted(server: MailServer) -> None:
    with pytest.raises(TryLater):
        await SmtpSender(server.settings(tls="starttls")).send_mail(mail())
    assert server.mails == []


async def test_the_password_is_never_logged(certificate: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    login = ("phananh", "rau-muong")
    async with mail_server(certificate, login) as server:
        smtp = server.settings(tls="starttls", user=login[0], password=login[1])
        with structlog.testing.capture_logs() as said:
            await SmtpSender(smtp, ssl.create_default_context(cafile=str(certificate))).send_mail(mail())
    assert login[1] not in f"{said} {caplog.text} {smtp!r}"


# ---------------------------------------------------------------- settings, the folder, the doctor


def test_without_a_mail_server_the_demo_keeps_its_mail_in_a_folder_and_a_real_system_has_none(tmp_path: Path) -> None:
    assert isinstance(mail_sender(settings(tmp_path)), FolderSender)
    assert mail_sender(settings(tmp_path, TELEGRAM_TOKEN="123456:real_A")) is None
    server = settings(tmp_path, SMTP_HOST="mail.example.vn", SMTP_FROM="phananh@example.vn")
    assert isinstance(mail_sender(server), SmtpSender)


async def test_a_mail_in_the_folder_opens_in_a_mail_program(tmp_path: Path) -> None:
    here = settings(tmp_path)
    sender = mail_sender(here)
    assert sender is not None
    name = await sender.send_mail(mail())
    message = message_from_bytes((mail_folder(here) / name).read_bytes(), policy=policy.default)
    assert (message["Subject"], message["To"]) == (SUBJECT, "bich@example.vn")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SMTP_FROM": "phananh@example.vn"}, "SMTP_HOST is missing"),
        ({"SMTP_HOST": "smtp://mail.example.vn", "SMTP_FROM": "a@b.vn"}, "without a scheme"),
        ({"SMTP_HOST": "mail.example.vn"}, "SMTP_FROM must be the address"),
        ({"SMTP_HOST": "m", "SMTP_FROM": "a@b.vn", "SMTP_TLS": "ssl"}, "starttls, tls or none"),
        ({"SMTP_HOST": "m", "SMTP_FROM": "a@b.vn", "SMTP_USER": "u"}, "belong together"),
        ({"SMTP_HOST": "m", "SMTP_FROM": "a@b.vn", "SMTP_PORT": "0"}, "SMTP_PORT"),
        (
            {"SMTP_HOST": "m", "SMTP_FROM": "a@b.vn", "SMTP_USER": "u", "SMTP_PASSWORD": "p", "SMTP_TLS": "none"},
            "does not travel in the open",
        ),
    ],
)
def test_settings_of_the_mail_server_that_cannot_work_are_named(
    tmp_path: Path, given: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(tmp_path, **given)
    (problem,) = refused.value.problems
    assert words in problem


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_encryption(tmp_path: Path, tls: str, port: int) -> None:
    got = settings(tmp_path, SMTP_HOST="m", SMTP_FROM="Phản ánh <a@b.vn>", SMTP_TLS=tls).smtp
    assert got is not None
    assert (got.port, got.sender_address) == (port, "a@b.vn")


async def test_the_doctor_says_whether_the_mail_server_can_be_used(tmp_path: Path, server: MailServer) -> None:
    async def found(**more: str) -> tuple[str, str]:
        (finding,) = await look_at_it(settings(tmp_path, **more))
        return finding.level, finding.says

    assert await found() == ("ok", f"No mail server is set: staff's e-mail is written to {tmp_path / 'mail'}.")
    assert (await found(TELEGRAM_TOKEN="123456:real_A"))[1].startswith("E-mail is off")
    here = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_FROM": "a@b.vn"}
    assert await found(**here, SMTP_TLS="none") == ("warn", f"127.0.0.1:{server.port} answers, without encryption.")
    level, says = await found(**here)
    assert level == "bad"
    assert "cannot be used" in says
    assert server.mails == []


@pytest.mark.parametrize("before", range(0, 80, 3))
def test_a_long_subject_keeps_its_spaces_wherever_it_is_broken(before: int) -> None:
    subject = "a" * before + " Báo cáo kỳ chốt số liệu – Kỳ tháng 11/2026 (từ 12:00 25/10/2026 đến 12:00 25/11/2026)"
    sent = written(mail(subject=subject.strip()), SENDER).as_bytes()
    assert message_from_bytes(sent, policy=policy.default)["Subject"] == subject.strip()
    assert max(map(len, sent.partition(b"\r\n\r\n")[0].splitlines())) <= 78


def test_files_travel_as_they_are() -> None:
    file = Document("bao-cao.csv", "text/csv; charset=utf-8", "\ufeffMã,Ổ gà\r\n".encode())
    sent = written(structs.replace(mail(), files=(file,)), SENDER).as_bytes()
    (part,) = message_from_bytes(sent, policy=policy.default).iter_attachments()
    assert (part.get_filename(), part.get_content_type()) == ("bao-cao.csv", "text/csv")
    assert part.get_payload(decode=True) == file.data
