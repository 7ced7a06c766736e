"""What the public does not read in a published text."""

import pytest

from app.reports.masking import mask


@pytest.mark.parametrize(
    "number",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "+84 912 345 678",
        "84912345678",
        "(0290) 3831 234",
        "02903.831.234",
        "079 088 012 345",
        "09 12 34 56 78",
        "0912\u00a0345\u00a0678",
        "0912–345–678",
        "0912·345·678",
        "０９１２３４５６７８",
    ],
)
def test_telephone_and_identity_numbers_are_hidden(number: str) -> None:
    assert mask(f"Gọi {number} nhé", "vi") == "Gọi [đã ẩn số] nhé"
    assert mask(f"Gọi {number}.", "en") == "Gọi [number hidden]."


@pytest.mark.parametrize("address", ["lan@example.vn", "Nguyen.Van+A@mail.gov.vn"])
def test_email_addresses_are_hidden(address: str) -> None:
    assert mask(f"viết cho {address}, cảm ơn", "vi") == "viết cho [đã ẩn email], cảm ơn"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("tôi là Nguyễn Thị Lan ở hẻm 5", "tôi là [đã ẩn tên] ở hẻm 5"),
        ("Nhà ông Trần Văn Hải đổ rác", "Nhà ông [đã ẩn tên] đổ rác"),
        ("Tên là Lê Văn Phước, nhà số 3", "Tên là [đã ẩn tên], nhà số 3"),
        ("chị Thạch Sà Rương báo", "chị [đã ẩn tên] báo"),
        ("ong Tran Van Hai xay lan", "ong [đã ẩn tên] xay lan"),
    ],
)
def test_names_of_persons_are_hidden_where_the_text_says_that_they_are(text: str, masked: str) -> None:
    assert mask(text, "vi") == masked


@pytest.mark.parametrize(
    "text",
    [
        "Đèn đường trước số 12 Lý Bôn hỏng từ 22/11/2026",
        "Đường Trần Hưng Đạo, đoạn gần chợ, ngập 30 cm",
        "Lúc 18:30 ngày 22-11-2026, cầu Năm Căn",
        "Ngày 22–11–2026 18:30, ngập 30 – 40 cm",
        "Gọi tổng đài 1022 hoặc 1900 1234 không ai nghe",
        "Biển số 69A-123.45 đậu trước nhà",
        "Vị trí 9.176912, 105.152437",
        "Quốc lộ 63, Km 12+300",
        "Chi phí 1.500.000 đồng",
        "Hóa đơn tiền điện 2.345.678 đồng tháng 10",
    ],
)
def test_what_is_nobodys_secret_stays_readable(text: str) -> None:
    assert mask(text, "vi") == text
