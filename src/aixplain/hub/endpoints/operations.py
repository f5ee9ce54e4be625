"""For those who operate a hub: whether it lives, whether it works, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aixplain.hub.endpoints import key_of
from aixplain.hub.endpoints.routing import Route
from aixplain.hub.errors import HubError, Refusal
from aixplain.hub.metrics import Counter, Gauge, Histogram, Metrics
from aixplain.hub.troubles import tell_trouble

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

#: Seconds in which the database must take a change.
READY_SECONDS = 5.0


async def healthz(request: Request) -> Response:
    """The process is alive and answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Requests may be sent here: runs are taken up, and the database takes changes. Raises `Refusal`."""
    state = request.app.state
    if not state.engine.is_at_work:
        raise Refusal(503, "The hub takes no runs up: it stops, or its log has the reason.", retry_after=1)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await state.runs.check()
    except HubError as error:
        tell_trouble("the hub is not ready: %s", error)
        raise Refusal(503, error.told, retry_after=1) from error
    except TimeoutError as error:
        raise Refusal(503, f"The hub's database took no change in {READY_SECONDS:g} seconds.", retry_after=1) from error
    return JSONResponse({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Everything that is counted, in the format that the caller accepts. Raises `Refusal` for a key that is for some models."""
    if key_of(request).models is not None:
        raise Refusal(403, "Metrics tell of all models, and this key is for some. Read them with a key that is for all.")
    from prometheus_client.exposition import choose_encoder

    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(_registry(request.app.state.metrics)), headers={"content-type": content_type})


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def _registry(counted: Metrics) -> CollectorRegistry:
    """The library's view of what is counted. It is loaded for the first look: that takes a quarter as long as a hub's start."""
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(counted))
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


class _Collector:
    """Gives what is counted in the library's terms: a `Collector` of it."""

    def __init__(self, counted: Metrics) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        return [_family(each) for each in self._counted.all]


def _family(counted: Counter | Histogram | Gauge) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    match counted:
        case Counter():
            counter = CounterMetricFamily(counted.name, counted.help, labels=counted.labels)
            for labels, value in counted.values.items():
                counter.add_metric(labels, value)
            return counter
        case Histogram():
            histogram = HistogramMetricFamily(counted.name, counted.help, labels=counted.labels)
            for labels, row in counted.rows.items():
                histogram.add_metric(labels, list(_buckets(counted.bounds, row)), row[-1])
            return histogram
        case Gauge():
            return GaugeMetricFamily(counted.name, counted.help, value=counted.read())


def _buckets(bounds: Iterable[float], row: list[float]) -> Iterator[tuple[str, float]]:
    """The library wants to know how many values were at most each bound."""
    total = 0.0
    for bound, count in zip([*map(str, bounds), "+Inf"], row[:-1], strict=True):
        total += count
        yield bound, total
