"""Counters of the HTTP surface. Labels are route templates, never raw paths, which hold ids and addresses."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("sales_agent_http_requests_total", "HTTP requests", ["method", "route", "status"])
SECONDS = Histogram("sales_agent_http_request_seconds", "Duration of HTTP requests", ["method", "route"],
                    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5))

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_counters: dict[tuple[str, str, int], Counter] = {}
_histograms: dict[tuple[str, str], Histogram] = {}


def record(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. Label sets are looked up once: `labels()` takes a lock each time."""
    method = method if method in _METHODS else "OTHER"
    counter = _counters.get((method, route, status))
    if counter is None:
        counter = _counters[method, route, status] = REQUESTS.labels(method, route, str(status))
    histogram = _histograms.get((method, route))
    if histogram is None:
        histogram = _histograms[method, route] = SECONDS.labels(method, route)
    counter.inc()
    histogram.observe(seconds)
