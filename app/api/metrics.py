"""What Prometheus is told. A registry of our own: nothing in it comes from elsewhere, nothing in it is personal."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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

    def page(self, queue_age: float, reports: dict[str, int], notifications: dict[str, int]) -> bytes:
        """The whole page in Prometheus' text format."""
        self.queue_age.set(queue_age)
        for gauge, counts in ((self.reports, reports), (self.notifications, notifications)):
            gauge.clear()
            for label, count in counts.items():
                gauge.labels(label).set(count)
        return generate_latest(self.registry)
