"""Every figure there is, each defined once: its name, what it means, its unit, and the events it is counted from.

``docs/statistics.md`` and the explanations on pages are made from here. The list is that of the figures provinces
report on; nothing else may invent a figure.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from app.i18n import Lang

Unit = Literal["reports", "percent", "hours", "days"]


class Measure(StrEnum):
    """What is counted, one occurrence at a time. The value is stored: rename one only together with a rebuild."""

    RECEIVED = "received"
    ACCEPTED_ON_TIME = "accepted_on_time"
    ACCEPTED_LATE = "accepted_late"
    ASSIGNED = "assigned"
    ANSWERED_ON_TIME = "answered_on_time"
    ANSWERED_LATE = "answered_late"
    RESOLVED_ON_TIME = "resolved_on_time"
    RESOLVED_EXTENDED = "resolved_extended"
    RESOLVED_LATE = "resolved_late"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    DISPUTED = "disputed"
    REOPENED = "reopened"
    EXTENDED = "extended"
    DIRECTED = "directed"
    RATED_SATISFIED = "rated_satisfied"
    RATED_ACCEPTABLE = "rated_acceptable"
    RATED_DISSATISFIED = "rated_dissatisfied"
    OPEN_IN = "open_in"
    OPEN_OUT = "open_out"
    OVERDUE_IN = "overdue_in"
    OVERDUE_OUT = "overdue_out"


M = Measure
RESOLUTIONS = frozenset({M.RESOLVED_ON_TIME, M.RESOLVED_EXTENDED, M.RESOLVED_LATE})
ACCEPTANCES = frozenset({M.ACCEPTED_ON_TIME, M.ACCEPTED_LATE})
RATINGS = frozenset({M.RATED_SATISFIED, M.RATED_ACCEPTABLE, M.RATED_DISSATISFIED})


class Figure(Struct, frozen=True):
    """One figure that people read.

    ``kind``: ``count`` adds up what of ``of`` happened in the period; ``share`` is that against what of ``among`` did,
    in percent; ``mean`` is the mean time of ``of`` in hours, ``median`` and ``p90`` the time that half and nine tenths
    of them took at the most, from a stored distribution (``spread``) unless asked exactly; ``stock`` is what of ``of``
    came less what of ``among`` went, from the beginning to the end of the period. ``events``: the kinds of the history
    it is counted from.
    """

    name: str
    kind: Literal["count", "share", "mean", "median", "p90", "stock"]
    unit: Unit
    of: frozenset[Measure]
    among: frozenset[Measure]
    events: tuple[str, ...]
    vi: str
    vi_says: str
    en: str
    en_says: str

    def title(self, lang: Lang) -> str:
        return self.en if lang == "en" else self.vi

    def says(self, lang: Lang) -> str:
        return self.en_says if lang == "en" else self.vi_says

    @property
    def measures(self) -> frozenset[Measure]:
        return self.of | self.among


def _count(name: str, of: Measure, event: str, *words: str) -> Figure:
    return Figure(name, "count", "reports", frozenset({of}), frozenset(), (event,), *words)


def _spread(
    name: str, of: frozenset[Measure], events: tuple[str, ...], vi: str, vi_which: str, en: str, en_which: str
) -> tuple[Figure, Figure]:
    """Beside a mean time, the median and the 90th percentile of the same."""
    return (
        Figure(
            f"median_{name}", "median", "hours", of, frozenset(), events,
            f"{vi}, trung vị",
            f"Một nửa số {vi_which} trong kỳ không lâu hơn chừng này, theo giờ đồng hồ; sai số đến 2 %.",
            f"{en}, median", f"Half of those {en_which} took no longer, in hours by the clock; within 2 %.",
        ),
        Figure(
            f"p90_{name}", "p90", "hours", of, frozenset(), events,
            f"{vi}, phân vị 90",
            f"Chín phần mười số {vi_which} trong kỳ không lâu hơn chừng này, theo giờ đồng hồ; sai số đến 2 %.",
            f"{en}, 90th percentile",
            f"Nine in ten of those {en_which} took no longer, in hours by the clock; within 2 %.",
        ),
    )  # fmt: skip


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        _count(
            "received", M.RECEIVED, "submitted",
            "Tiếp nhận", "Số phản ánh gửi đến trong kỳ. Phản ánh được chia cho nhiều cơ quan vẫn tính là một.",
            "Received", "Reports sent in the period. One that was split between agencies counts once.",
        ),
        Figure(
            "handled", "count", "reports", RESOLUTIONS, frozenset(), ("resolved", "reopened", "disputed"),
            "Đã xử lý",
            "Số phản ánh có kết quả trong kỳ và kết quả ấy còn giữ nguyên đến thời điểm lấy số liệu. Phản ánh được "
            "chia thì mỗi phần tính cho cơ quan của phần đó.",
            "Handled",
            "Reports that got a result in the period which still stands at the time of the question. Of a split report "
            "each part counts, for its agency.",
        ),
        Figure(
            "on_time_rate", "share", "percent", frozenset({M.RESOLVED_ON_TIME}), RESOLUTIONS, ("resolved",),
            "Tỷ lệ đúng hạn",
            "Trong số đã xử lý, phần có kết quả trước hạn ban đầu; thời gian chờ công dân bổ sung không tính vào hạn.",
            "On-time rate",
            "Of those handled, the share with a result before the original deadline; pauses do not count.",
        ),
        Figure(
            "extended_rate", "share", "percent", frozenset({M.RESOLVED_EXTENDED}), RESOLUTIONS,
            ("resolved", "extension_granted"),
            "Tỷ lệ đúng hạn nhờ gia hạn", "Trong số đã xử lý, phần quá hạn ban đầu nhưng trong hạn được gia hạn.",
            "On time by extension",
            "Of those handled, the share after the original deadline and within the granted one.",
        ),
        Figure(
            "late_rate", "share", "percent", frozenset({M.RESOLVED_LATE}), RESOLUTIONS, ("resolved",),
            "Tỷ lệ trễ hạn", "Trong số đã xử lý, phần có kết quả sau hạn, kể cả hạn đã gia hạn.",
            "Late rate", "Of those handled, the share with a result after the deadline, granted time included.",
        ),
        Figure(
            "open", "stock", "reports", frozenset({M.OPEN_IN}), frozenset({M.OPEN_OUT}),
            ("submitted", "assigned", "resolved", "rejected", "merged", "withdrawn", "reopened"),
            "Đang xử lý", "Số phản ánh chưa có kết quả vào cuối kỳ, tính cho cơ quan đang giữ.",
            "Open", "Reports without a result at the end of the period, for the agency that has them then.",
        ),
        Figure(
            "overdue", "stock", "reports", frozenset({M.OVERDUE_IN}), frozenset({M.OVERDUE_OUT}),
            ("assigned", "asked", "resumed", "extension_granted", "resolved"),
            "Quá hạn", "Trong số đang xử lý vào cuối kỳ, số đã quá hạn và hạn không tạm dừng.",
            "Overdue", "Of those open at the end of the period, those past a deadline that is not paused.",
        ),
        _count(
            "declined", M.REJECTED, "rejected",
            "Không tiếp nhận", "Số phản ánh bị từ chối trong kỳ (ngoài phạm vi, không xác minh được, lời lẽ xúc phạm).",
            "Declined", "Reports declined in the period: out of scope, not to be verified, offensive.",
        ),
        _count(
            "duplicates", M.MERGED, "merged",
            "Trùng", "Số phản ánh được gộp vào phản ánh khác trong kỳ.",
            "Duplicates", "Reports merged into another one in the period.",
        ),
        _count(
            "withdrawn", M.WITHDRAWN, "withdrawn",
            "Công dân rút", "Số phản ánh người gửi tự rút trong kỳ.",
            "Withdrawn", "Reports that their reporters withdrew in the period.",
        ),
        _count(
            "returned", M.RETURNED, "returned",
            "Trả lại", "Số lần cơ quan trả lại vì không thuộc thẩm quyền.",
            "Returned", "How often agencies gave a report back as not theirs.",
        ),
        _count(
            "transferred", M.TRANSFERRED, "transferred",
            "Chuyển cơ quan khác", "Số lần cơ quan chuyển phản ánh thẳng cho cơ quan khác.",
            "Transferred", "How often agencies handed a report on to another agency.",
        ),
        _count(
            "disputed", M.DISPUTED, "disputed",
            "Công dân không đồng ý", "Số lần người gửi không đồng ý với kết quả và phản ánh phải xử lý lại.",
            "Disputed", "How often reporters disputed a result, so that it was handled again.",
        ),
        _count(
            "reopened", M.REOPENED, "reopened",
            "Mở lại", "Số lần điều phối viên mở lại phản ánh đã kết thúc.",
            "Reopened", "How often coordinators opened a finished report again.",
        ),
        _count(
            "extensions", M.EXTENDED, "extension_granted",
            "Gia hạn", "Số lần được gia hạn.",
            "Extensions", "How often more time was granted.",
        ),
        Figure(
            "accepted_on_time_rate", "share", "percent", frozenset({M.ACCEPTED_ON_TIME}),
            ACCEPTANCES, ("received", "assigned"),
            "Tỷ lệ tiếp nhận đúng hạn", "Trong số được tiếp nhận hoặc chuyển đi trong kỳ, phần trong hạn tiếp nhận.",
            "Accepted on time", "Of those accepted or passed on in the period, the share within the intake limit.",
        ),
        Figure(
            "answered_on_time_rate", "share", "percent", frozenset({M.ANSWERED_ON_TIME}),
            frozenset({M.ANSWERED_ON_TIME, M.ANSWERED_LATE}), ("asked", "progress", "resolved", "rejected"),
            "Tỷ lệ trả lời lần đầu đúng hạn", "Trong số được trả lời lần đầu trong kỳ, phần trong hạn trả lời lần đầu.",
            "First answer on time", "Of those first answered in the period, the share within the limit for it.",
        ),
        Figure(
            "hours_to_accept", "mean", "hours", ACCEPTANCES, frozenset(),
            ("submitted", "received", "assigned"),
            "Thời gian tiếp nhận", "Trung bình từ lúc gửi đến lúc được tiếp nhận hoặc chuyển đi, theo giờ đồng hồ.",
            "Time to accept", "Mean hours by the clock from sending to being accepted or passed on.",
        ),
        *_spread(
            "hours_to_accept", ACCEPTANCES, ("submitted", "received", "assigned"),
            "Thời gian tiếp nhận", "được tiếp nhận hoặc chuyển đi", "Time to accept", "accepted or passed on",
        ),
        Figure(
            "hours_to_assign", "mean", "hours", frozenset({M.ASSIGNED}), frozenset(), ("submitted", "assigned"),
            "Thời gian phân công", "Trung bình từ lúc gửi đến lúc cơ quan đầu tiên nhận được, theo giờ đồng hồ.",
            "Time to assign", "Mean hours by the clock from sending until the first agency has it.",
        ),
        *_spread(
            "hours_to_assign", frozenset({M.ASSIGNED}), ("submitted", "assigned"),
            "Thời gian phân công", "được phân công", "Time to assign", "assigned",
        ),
        Figure(
            "hours_to_resolve", "mean", "hours", RESOLUTIONS, frozenset(),
            ("submitted", "asked", "resumed", "resolved"),
            "Thời gian xử lý",
            "Trung bình từ lúc gửi đến lúc có kết quả, theo giờ đồng hồ, trừ lúc chờ công dân bổ sung.",
            "Time to resolve", "Mean hours by the clock from sending to the result, without waiting for the reporter.",
        ),
        *_spread(
            "hours_to_resolve", RESOLUTIONS, ("submitted", "asked", "resumed", "resolved"),
            "Thời gian xử lý", "đã xử lý", "Time to resolve", "handled",
        ),
        Figure(
            "answers", "count", "reports", RATINGS, frozenset(), ("rated",),
            "Lượt đánh giá",
            "Số phản ánh được người gửi đánh giá trong kỳ; mỗi phản ánh tính lần đánh giá còn hiệu lực.",
            "Ratings", "Reports rated by their reporters in the period; of each, the rating that stands.",
        ),
        Figure(
            "satisfied_rate", "share", "percent", frozenset({M.RATED_SATISFIED, M.RATED_ACCEPTABLE}), RATINGS,
            ("rated",),
            "Tỷ lệ hài lòng", "Trong số được đánh giá, phần hài lòng hoặc chấp nhận được.",
            "Satisfaction", "Of those rated, the share that is satisfied or finds the result acceptable.",
        ),
    )
}  # fmt: skip
TIMED = ACCEPTANCES | RESOLUTIONS | {M.ASSIGNED, M.ANSWERED_ON_TIME, M.ANSWERED_LATE}
"""Occurrences that took time."""
SPREAD = frozenset(m for figure in FIGURES.values() if figure.kind in ("median", "p90") for m in figure.of)
"""Those whose times the sums keep by how they are spread."""
