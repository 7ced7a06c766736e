"""Reports as people send them, for the benchmarks: what is wrong, and where."""

import random
from collections.abc import Iterator
from typing import Any

from app.places.gazetteer import Gazetteer

HOME = "96"
_WRONG = (
    "Đèn đường trước số {n} {street} hỏng {k} đêm nay, hẻm tối om, đi lại rất nguy hiểm.",
    "Den duong truoc so {n} {street} hong {k} dem nay, hem toi om.",
    "Mặt đường {street} đoạn qua số {n} nhiều ổ gà lớn, hôm qua đã có {k} người té xe.",
    "Rác thải đổ đống ở đầu hẻm {n} {street} đã {k} ngày chưa ai thu gom, mùi hôi nồng nặc.",
    "Nước máy ở {street} yếu và đục từ {k} ngày nay, nhà số {n} không có nước sinh hoạt.",
    "Nap cong bi mat truoc nha so {n} duong {street}, xe may de sup ho.",
    "Quán karaoke số {n} {street} mở loa lớn đến {k} giờ đêm, cả xóm không ngủ được.",
    "Cây xanh trước số {n} {street} nghiêng sắp đổ vào dây điện sau trận mưa {k} hôm trước.",
)
_STREETS = ("Lý Bôn", "Phan Ngọc Hiển", "Trần Hưng Đạo", "Nguyễn Tất Thành", "Quang Trung", "Ngô Quyền", "Lê Duẩn")


def reports(gazetteer: Gazetteer, chance: random.Random, count: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Text and place (a point near a commune of the home province, with an address)."""
    communes = [commune for commune in gazetteer.communes if commune.province_code == HOME]
    for _ in range(count):
        street, number = chance.choice(_STREETS), chance.randrange(1, 400)
        commune = chance.choice(communes)
        yield (
            chance.choice(_WRONG).format(n=number, street=street, k=chance.randrange(2, 10)),
            {
                "lat": round(commune.lat + chance.gauss(0, 0.004), 6),
                "lon": round(commune.lon + chance.gauss(0, 0.004), 6),
                "address": f"{number} {street}",
            },
        )
