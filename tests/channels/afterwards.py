"""What follows once a report is sent, and what else people say: short scenes for the page of conversations."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from app.history.model import Event, Kind
from app.notify import templates
from app.notify.templates import Relation, Told
from app.reports.model import Report, Status
from bot.conversation.wishes import Seen
from tests.conversation.talk import CODE, NOW, Talk, report

AGENCY = "Công ty Cổ phần Môi trường Đô thị Cà Mau"


def lamp(status: Status = Status.ASSIGNED) -> Report:
    return report(status=status, category="street-light")


class Said(Struct, frozen=True):
    """One thing on the screen: ``by`` the citizen, or the bot's own message with rows of buttons."""

    text: str
    by_citizen: bool = False
    rows: tuple[tuple[str, ...], ...] = ()


Scene = Callable[[Talk], Iterator[Said]]


def told(kind: str, words: str = "", picture: str = "") -> Said:
    """A message that comes by itself, as ``app.notify`` makes it. ``picture``: what the photo above it shows."""
    own = lamp(Status.IN_PROGRESS)
    event = Event(own.report_id, 2, kind, NOW, "staff", None, {}, b"")
    text = templates.text(kind, "vi", Told(own, event, Relation.OWNER, AGENCY, own.due_at, words, CODE))
    rows = tuple(tuple(button.label for button in row) for row in templates.buttons(kind, "vi", CODE))
    return Said(f"🖼 {picture}\n{text}" if picture else text, rows=rows)


def _answers(talk: Talk) -> Iterator[Said]:
    for reply in talk.replies:
        yield Said(reply.text, rows=tuple(tuple(choice.label for choice in row) for row in reply.rows))


def says(talk: Talk, words: str) -> Iterator[Said]:
    talk.says(words)
    yield Said(words, by_citizen=True)
    yield from _answers(talk)


def presses(talk: Talk, label: str, data: str = "") -> Iterator[Said]:
    """``data`` where the button stands under a message that came by itself."""
    if data:
        talk.presses_data(data)
    else:
        talk.presses(label)
    yield Said(f"[{label}]", by_citizen=True)
    yield from _answers(talk)


def asked(talk: Talk) -> Iterator[Said]:
    yield told(Kind.ASKED, "Trụ đèn số mấy, gần nhà ai?")
    yield from presses(talk, "✍️ Trả lời", f"a1|{CODE}")
    yield from says(talk, "Trụ số 12, trước quán cà phê Út Mười")


def resolved(talk: Talk) -> Iterator[Said]:
    yield told(Kind.STARTED)
    yield told(Kind.RESOLVED, "Đã thay bóng mới, đèn sáng lại từ tối nay.", picture="Trước | Sau")
    yield from presses(talk, "😊 Hài lòng", f"r1|{CODE}|s")


def disputed(talk: Talk) -> Iterator[Said]:
    yield told(Kind.RESOLVED, "Đã thay bóng mới.", picture="Trước | Sau")
    yield from presses(talk, "🙁 Không hài lòng", f"r1|{CODE}|d")
    yield from says(talk, "Đèn sáng một đêm rồi lại tắt")
    yield from presses(talk, "Đề nghị xử lý lại")


def extended(talk: Talk) -> Iterator[Said]:
    yield told(Kind.EXTENSION_GRANTED, "Bóng đèn loại này phải đặt từ nhà máy.")
    talk.seen = Seen(lamp(Status.IN_PROGRESS), AGENCY, True, muted=False)
    yield from says(talk, CODE)


def listed(talk: Talk) -> Iterator[Said]:
    talk.mine = [lamp(), report("PA-0000-0014", Status.CLOSED, body="Ổ gà trước cổng chợ Phường 7")]
    yield from says(talk, "bao gio xong")


def out_of_scope(talk: Talk) -> Iterator[Said]:
    yield from says(talk, "Tôi muốn tố cáo cán bộ nhận hối lộ")


def upset(talk: Talk) -> Iterator[Said]:
    talk.mine = [lamp()]
    yield from says(talk, "làm ăn kiểu gì vậy, gửi mấy lần rồi mà chưa ai làm")


def quiet(talk: Talk) -> Iterator[Said]:
    talk.commands("mute")
    yield Said("/tatthongbao", by_citizen=True)
    yield from _answers(talk)


def linked(talk: Talk) -> Iterator[Said]:
    talk.commands("link")
    yield Said("/lienket", by_citizen=True)
    yield from _answers(talk)


def erased(talk: Talk) -> Iterator[Said]:
    talk.commands("delete")
    yield Said("/xoadulieu", by_citizen=True)
    yield from _answers(talk)
    yield from presses(talk, "Xóa dữ liệu của tôi")


SCENES: tuple[tuple[str, Scene], ...] = (
    ("Cán bộ hỏi thêm, người dân trả lời", asked),
    ("Có kết quả, người dân hài lòng", resolved),
    ("Chưa hài lòng, đề nghị xử lý lại", disputed),
    ("Gia hạn, rồi người dân hỏi bằng mã", extended),
    ("Hỏi bao giờ xong", listed),
    ("Tố cáo không phải phản ánh hiện trường", out_of_scope),
    ("Nhắn lúc bực mình", upset),
    ("Tắt thông báo", quiet),
    ("Dùng chung hai ứng dụng chat", linked),
    ("Yêu cầu xóa dữ liệu", erased),
)
