"""What Prometheus is told. A registry of our own: nothing in it comes from elsewhere, nothing in it is personal."""

from collections.abc import Sequence

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from app.partners.model import Health as PartnerHealth
from app.webhooks.model import Health as WebhookHealth

_TO = ("kind", "name")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Outward(Struct, frozen=True):
    """How it goes with what other systems are sent."""

    partners: Sequence[PartnerHealth] = ()
    webhooks: Sequence[WebhookHealth] = ()


class Metrics:
    """Counters of this process, and gauges filled at each scrape from the database."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        by_route = ("method", "route", "status")
        self.requests = Histogram(
            "phananh_http_request_seconds",
            "Time to answer, by route template.",
            by_route,
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.photos_refused = Counter(
            "phananh_photos_refused", "Photos that were not taken, by reason.", ("reason",), registry=self.registry
        )
        self.queue_age = Gauge(
            "phananh_queue_oldest_seconds", "Age of the oldest job that could run.", registry=self.registry
        )
        self.reports = Gauge(
            "phananh_reports_last_day", "Reports that were sent, by channel.", ("channel",), registry=self.registry
        )
        self.notifications = Gauge(
            "phananh_notifications_last_day", "Messages by what became of them.", ("status",), registry=self.registry
        )
        self.partners = Gauge(
            "phananh_partner_reports",
            "Reports for a partner that wait: to be sent, or for a person.",
            ("partner", "waits"),
            registry=self.registry,
        )
        self.webhooks = Gauge(
            "phananh_webhook_messages",
            "Messages for a webhook: that wait, and that were given up within a day.",
            ("webhook", "state"),
            registry=self.registry,
        )
        self.late = Gauge(
            "phananh_outward_late_seconds", "By how long the first that should have gone out is late.", _TO,
            registry=self.registry,
        )  # fmt: skip
        self.failing = Gauge(
            "phananh_outward_failing_seconds", "For how long a partner or webhook has taken nothing.", _TO,
            registry=self.registry,
        )  # fmt: skip

    def page(self, queue_age: float, reports: dict[str, int], notifications: dict[str, int], outward: Outward) -> bytes:
        """The whole page in Prometheus' text format."""
        self.queue_age.set(queue_age)
        for gauge, counts in ((self.reports, reports), (self.notifications, notifications)):
            gauge.clear()
            for label, count in counts.items():
                gauge.labels(label).set(count)
        self._outward(outward)
        return generate_latest(self.registry)

    def _outward(self, outward: Outward) -> None:
        for gauge in (self.partners, self.webhooks, self.late, self.failing):
            gauge.clear()
        for partner in outward.partners:
            self.partners.labels(partner.name, "to_be_sent").set(partner.queued)
            self.partners.labels(partner.name, "for_a_person").set(partner.person)
        for webhook in outward.webhooks:
            self.webhooks.labels(webhook.name, "waiting").set(webhook.queued)
            self.webhooks.labels(webhook.name, "given_up").set(webhook.given_up)
        for kind, every in (("partner", outward.partners), ("webhook", outward.webhooks)):
            for one in every:
                self.late.labels(kind, one.name).set(one.late)
                self.failing.labels(kind, one.name).set(one.failing)
