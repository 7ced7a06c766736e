"""``python -m tests.stats.page`` writes docs/statistics.md and docs/vi/thong-ke.md from the definitions; a test holds
them to each other."""

from pathlib import Path

from app.i18n import LANGS, Lang
from app.stats.measures import FIGURES, Figure

DOCS = Path(__file__).parents[2] / "docs"
PAGES: dict[Lang, Path] = {"en": DOCS / "statistics.md", "vi": DOCS / "vi" / "thong-ke.md"}
_HEAD: dict[Lang, str] = {
    "en": """\
# Statistics

Made from `app/stats/measures.py`; do not edit by hand (`python -m tests.stats.page`).

Everything is counted from the history, and every question says as of when. Last month's figures, as of the end of last
month, do not change when a case is reopened today; asked as of today, the result that no longer stands is not counted.
A report counts under the category and commune it has as of the question; what an agency did counts for that agency,
wherever the report is now.

The statistics follow the history a few seconds behind; intake never waits for them. `phananh stats show --from
2026-10-01 --to 2026-11-01 [--by agency|category|commune|channel] [--as-of …] [--exact]` prints them, `phananh stats
verify` recounts everything from the history (0 differences expected), `phananh stats rebuild` works them out anew while
the old ones answer.

Medians and 90th percentiles are read from stored distributions, in buckets that are 4 % wide: they are within 2 % of
the very time (by nearest rank); `--exact` reads the very times.

| figure | name | meaning | unit | counted from |
|---|---|---|---|---|
""",
    "vi": """\
# Số liệu thống kê

Trang này được tạo từ `app/stats/measures.py`; không sửa bằng tay.

Mọi con số đều đếm từ nhật ký của phản ánh, và câu hỏi nào cũng có thời điểm lấy số liệu. Số của tháng trước, lấy tại
cuối tháng trước, không đổi khi hôm nay có phản ánh được mở lại; lấy tại hôm nay thì kết quả không còn hiệu lực không
được tính. Phản ánh được tính theo lĩnh vực và xã, phường của nó tại thời điểm lấy số liệu; việc cơ quan nào làm thì
tính cho cơ quan đó, dù phản ánh nay ở đâu.

Số liệu chậm hơn thực tế vài giây. `phananh stats show --from 2026-10-01 --to 2026-11-01 [--by
agency|category|commune|channel] [--as-of …] [--exact]` in số liệu, `phananh stats verify` đếm lại tất cả từ nhật ký
(phải ra 0 sai lệch), `phananh stats rebuild` tính lại từ đầu trong lúc số cũ vẫn dùng được.

Trung vị và phân vị 90 được tính từ bảng phân bố đã lưu, chia khoảng rộng 4 %, nên sai số không quá 2 %; thêm `--exact`
để tính từ từng thời gian một.

| mã | tên | ý nghĩa | đơn vị | đếm từ sự kiện |
|---|---|---|---|---|
""",
}
_UNITS: dict[Lang, dict[str, str]] = {
    "en": {"reports": "number", "percent": "%", "hours": "hours", "days": "days"},
    "vi": {"reports": "số lượng", "percent": "%", "hours": "giờ", "days": "ngày"},
}


def _line(figure: Figure, lang: Lang) -> str:
    events = ", ".join(f"`{event}`" for event in figure.events)
    cells = (f"`{figure.name}`", figure.title(lang), figure.says(lang), _UNITS[lang][figure.unit], events)
    return f"| {' | '.join(cells)} |\n"


def page(lang: Lang) -> str:
    return _HEAD[lang] + "".join(_line(figure, lang) for figure in FIGURES.values())


if __name__ == "__main__":
    for lang in LANGS:
        PAGES[lang].write_text(page(lang), encoding="utf-8")
