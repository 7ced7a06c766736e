"""What demo citizens write and demo officers answer: believable, and not the same twice in a row."""

import random

from app.i18n.text import fold
from app.routing.model import Category

NAMES = [
    "Nguyễn Thị Lan", "Trần Văn Minh", "Lê Thị Sáu", "Phạm Hoàng Nam", "Huỳnh Ngọc Ánh", "Võ Thành Long", "Đặng Thu Hà",
    "Bùi Quốc Việt", "Đỗ Mỹ Duyên", "Hồ Văn Tám", "Ngô Kim Chi", "Dương Chí Thanh", "Lý Thị Bé Ba", "Mai Xuân Phúc",
    "Trương Hồng Đào", "Lâm Tấn Tài", "Châu Ngọc Hân", "Thạch Sơn", "Kim Thị Pha", "Tô Hải Yến",
]  # fmt: skip

STREETS = [
    "Trần Hưng Đạo", "Phan Ngọc Hiển", "Nguyễn Tất Thành", "Lý Thường Kiệt", "Ngô Quyền", "Hùng Vương", "Lý Bôn",
    "Quang Trung", "Nguyễn Trãi", "Lê Duẩn", "Cao Văn Lầu", "Võ Thị Sáu", "Hòa Bình", "30 Tháng 4", "Đinh Tiên Hoàng",
    "Nguyễn Công Trứ", "Phan Bội Châu", "Bùi Thị Trường", "Lê Hồng Phong", "Trần Phú",
]  # fmt: skip

SPOTS = [
    "gần chợ", "trước cổng trường tiểu học", "đối diện trạm y tế", "ngay chân cầu", "đầu hẻm", "cuối hẻm",
    "cạnh nhà văn hóa",
    "gần ngã tư", "bên bờ kênh", "trước quán cà phê", "sau bến xe", "gần cây xăng", "ngay vòng xoay", "dọc bờ kè",
]  # fmt: skip

SINCE = [
    "từ hôm qua", "hơn một tuần nay", "mấy ngày nay", "từ đầu tháng", "sau trận mưa lớn", "đã lâu chưa thấy ai xử lý",
    "sáng nay mới thấy", "tối nào cũng vậy", "cả xóm đều bức xúc", "",
]  # fmt: skip

ASKS = [
    "",
    "",
    "Mong cơ quan sớm xử lý.",
    "Rất nguy hiểm cho người đi đường.",
    "Kính mong xem xét.",
    "Nhờ kiểm tra giúp.",
]

QUESTIONS = [
    "Anh/chị cho biết số nhà gần nhất hoặc gửi thêm ảnh toàn cảnh giúp chúng tôi.",
    "Tình trạng này xảy ra vào khung giờ nào trong ngày?",
    "Anh/chị vui lòng gửi lại vị trí chính xác, chúng tôi đến nơi chưa thấy.",
]

INFOS = [
    "Dạ ngay trước nhà số 45, có cây bàng lớn.", "Thường từ 19 giờ đến khuya ạ.",
    "Tôi gửi lại vị trí rồi, cạnh trụ điện số 12.",
    "o ngay dau hem, di vao 50m la thay", "Dạ vẫn còn, sáng nay tôi mới đi qua.",
]  # fmt: skip

VOICES = [
    "Nhà tôi cũng ở gần đây, mấy hôm nay đúng là như vậy.", "Tôi đi làm qua đây mỗi ngày, vẫn chưa thấy ai xử lý.",
    "toi cung thay, nho co quan xu ly som", "Con tôi suýt té ở đây tối qua, mong sớm được xử lý.",
    "Cả hẻm tôi đều bị ảnh hưởng.",
]  # fmt: skip

PROGRESS = [
    "Đã cử tổ công tác đến hiện trường khảo sát, dự kiến xử lý trong tuần.",
    "Đã đặt rào chắn và biển cảnh báo tạm thời trong lúc chờ vật tư.",
]

ANSWERS = [
    "Chúng tôi đã kiểm tra hiện trường và xử lý xong nội dung “{category}”. Cảm ơn anh/chị đã phản ánh.",
    "Tổ công tác đã khắc phục “{category}” trong ngày, ảnh sau xử lý đính kèm.",
    "Đã phối hợp với khóm, ấp xử lý dứt điểm “{category}” và nhắc nhở các hộ xung quanh.",
    "Đơn vị đã hoàn thành việc khắc phục “{category}”; sẽ tiếp tục theo dõi để không tái diễn.",
]

DIRECTIONS = [
    "Kiểm tra cả tuyến, không chỉ điểm được phản ánh; báo cáo kết quả về Văn phòng UBND tỉnh.",
    "Xử lý dứt điểm trước cuộc họp giao ban, báo cáo nguyên nhân chậm.",
    "Phối hợp với xã kiểm tra thực tế, trả lời rõ cho người dân.",
]

REPORTS_BACK = [
    "Kính báo cáo: đơn vị đã kiểm tra cả tuyến và khắc phục xong, có ảnh kèm theo hồ sơ.",
    "Kính báo cáo: đã xử lý dứt điểm; chậm do chờ vật tư, đơn vị xin rút kinh nghiệm.",
]

RETURNS = [
    "Tuyến đường này do xã quản lý, không thuộc phạm vi của đơn vị.",
    "Nội dung thuộc thẩm quyền của đơn vị khác, đề nghị điều phối lại.",
]

GIVEN = ["Chị xem giúp trong hôm nay.", "Anh nhận việc này, địa bàn anh đang phụ trách.", ""]

REJECTIONS = [
    "Nội dung chưa đủ thông tin để xác minh; anh/chị vui lòng gửi lại kèm ảnh và địa điểm.",
    "Nội dung là khiếu nại, đề nghị gửi Ban Tiếp công dân tỉnh theo quy định của Luật Khiếu nại.",
]

DISPUTES = ["Chỗ này vẫn chưa sửa, tôi mới đi qua tối nay.", "Mới làm được một đoạn, phần còn lại vẫn như cũ."]
GRUMBLES = ["Xử lý chậm quá.", "Làm sơ sài, chưa triệt để."]


def words(chance: random.Random, category: Category) -> str:
    """What a citizen writes about this category; about half type without accents, as people do."""
    about = chance.choice(category.examples) if category.examples else category.name
    where = f"{chance.choice(SPOTS)} đường {chance.choice(STREETS)}"
    parts = [f"{about.rstrip('. ')}, {where}", chance.choice(SINCE)]
    text = " ".join(", ".join(part for part in parts if part).split()) + "."
    ask = chance.choice(ASKS)
    text = f"{text} {ask}".strip()
    return fold(text) if chance.random() < 0.45 else text[0].upper() + text[1:]


def answers(chance: random.Random, category: Category) -> dict[str, str]:
    """To the category's extra questions; one in five does not know."""
    asked = category.questions.values() if chance.random() < 0.8 else ()
    return {question.question_id: chance.choice(list(question.answers)) for question in asked}


def answer(chance: random.Random, category: Category) -> str:
    return chance.choice(ANSWERS).format(category=category.name.lower())


def phone(chance: random.Random) -> str:
    """A number from no operator's range, so that nobody real is ever called."""
    return f"0{chance.choice('2346')}00 {chance.randrange(1000):03} {chance.randrange(1000):03}"


VAGUE = (
    "Chỗ này bà con phản ánh nhiều lần mà chưa thấy ai xuống xem, mong cơ quan cho người kiểm tra.",
    "Toi thay viec nay khong on lau roi, nho tinh xem giup dum, cam on.",
    "Cả xóm đang bức xúc chuyện hôm qua, đề nghị cơ quan có trách nhiệm làm rõ.",
    "Nhờ trung tâm hỏi giúp cơ quan nào lo việc này, tôi gọi mấy nơi đều nói không phải của họ.",
)
"""Of these no rule knows whose they are."""
