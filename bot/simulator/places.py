"""Real places in and around Cà Mau for the chat page's place picker."""

from typing import NamedTuple


class Place(NamedTuple):
    name: str
    address: str  # commune, as since 1 July 2025
    latitude: float
    longitude: float


PLACES = (
    Place("Quảng trường Phan Ngọc Hiển", "Phường Tân Thành", 9.1768, 105.1500),
    Place("Đường Hùng Vương", "Phường An Xuyên", 9.1812, 105.1490),
    Place("Cảng hàng không Cà Mau", "Phường Tân Thành", 9.1767, 105.1770),
    Place("Nhà Công tử Bạc Liêu", "Phường Bạc Liêu", 9.2853, 105.7238),
    Place("Trung tâm Giá Rai", "Phường Giá Rai", 9.2386, 105.4589),
    Place("Cửa biển Sông Đốc", "Xã Sông Đốc", 9.0403, 104.8322),
    Place("Trung tâm Năm Căn", "Xã Năm Căn", 8.7600, 104.9936),
    Place("Mũi Cà Mau", "Xã Đất Mũi", 8.6137, 104.7250),
    Place("Bến Ninh Kiều", "Cần Thơ – ngoài tỉnh", 10.0333, 105.7886),
)
