"""What a hub counts, read as Prometheus reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open
from prometheus_client.parser import text_string_to_metric_families as parse

from aixplain._wire.messages import Usage
from aixplain.hub import Hub, ModelError, Output, Settings
from aixplain.hub.metrics import MOST_MODELS, OTHER_MODELS, Histogram, Metrics
from aixplain.hub.opening import Place
from aixplain.hub.store.runs import Ending

from .conftest import Caller, wait_for
from .places import Replica, new_key, served

gate = threading.Event()


class Scraper:
    """Reads a hub's metrics."""

    def __init__(self, caller: Caller, **headers: str) -> None:
        self.caller = caller
        self.headers = headers

    def value(self, sample: str, **labels: str) -> float:
        """The sum of the samples of this name that have these labels."""
        families = list(parse(self.caller.get("/metrics", **self.headers).body.decode()))
        found = [each for family in families for each in family.samples if each.name == sample]
        return sum(each.value for each in found if labels.items() <= each.labels.items())


def models() -> Hub:
    hub = Hub(builtin=False, settings=Settings(private_webhooks=True))

    @hub.model("acme/counted")
    def counted(text: str) -> Output:
        if text == "bad":
            raise ModelError("no", 400)
        return Output(text, usage=Usage(prompt_tokens=3, completion_tokens=5), credits=0.25)

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        yield text
        assert gate.wait(20)

    @hub.model("acme/slow", asynchronous=True, concurrency=1)
    def slow(text: str) -> str:
        assert gate.wait(20)
        return text

    return hub


@pytest.fixture
def scraper(serve: Callable[..., Caller]) -> Iterator[Scraper]:
    gate.clear()
    yield Scraper(serve(models()))
    gate.set()


def test_requests_are_counted_by_route_and_status_and_unknown_paths_as_one(scraper: Scraper) -> None:
    scraper.caller.run("acme/counted", {"text": "a"})
    scraper.caller.run("acme/counted", {"txt": "a"})
    for path in ("/a", "/b", "/c/d"):
        scraper.caller.get(path)
    count, run = "aixplain_hub_request_seconds_count", "/api/v2/execute/{key}"
    assert scraper.value(count, method="POST", route=run, status="200") == 1
    assert scraper.value(count, method="POST", route=run, status="400") == 1
    assert scraper.value(count, method="GET", route="(none)", status="404") == 3
    assert scraper.value("aixplain_hub_request_seconds_bucket", route=run, status="200", le="+Inf") == 1
    assert scraper.value("aixplain_hub_request_seconds_sum", route=run) > 0


def test_runs_are_counted_by_model_kind_and_state_with_their_tokens_and_credits(scraper: Scraper) -> None:
    for text in ("a", "b", "bad"):
        scraper.caller.run("acme/counted", {"text": text})
    run, count = "acme/counted", "aixplain_hub_run_seconds_count"
    assert scraper.value(count, model=run, kind="at_once", state="finished") == 2
    assert scraper.value(count, model=run, kind="at_once", state="failed") == 1
    assert scraper.value("aixplain_hub_tokens_total", model=run, direction="prompt") == 6
    assert scraper.value("aixplain_hub_tokens_total", model=run, direction="completion") == 10
    assert scraper.value("aixplain_hub_credits_total", model=run) == 0.5


def test_what_goes_on_and_waits_is_told_and_then_how_it_ended(scraper: Scraper) -> None:
    caller = scraper.caller
    addresses = [caller.run("acme/slow", {"text": "x"}).json["data"] for _ in range(3)]
    with caller.connect("acme/pieces", {"text": "x", "stream": True}) as stream:
        assert b"200 OK" in stream.recv(100)
        polling = threading.Thread(target=caller.get, args=[addresses[0]], kwargs={"prefer": "wait=20"})
        polling.start()
        assert wait_for(lambda: scraper.value("aixplain_hub_polls_held") == 1)
        assert scraper.value("aixplain_hub_runs_running") == 1
        assert scraper.value("aixplain_hub_runs_waiting") == 2
        assert scraper.value("aixplain_hub_streams_open") == 1
        caller.send("DELETE", addresses[2])
        gate.set()
        polling.join()
        while b"[DONE]" not in stream.recv(1000):
            """A piece."""
    caller.result(addresses[1])
    count = "aixplain_hub_run_seconds_count"
    assert wait_for(lambda: scraper.value(count, model="acme/slow", kind="background", state="finished") == 2)
    assert scraper.value(count, model="acme/slow", kind="background", state="canceled") == 1
    assert scraper.value(count, model="acme/pieces", kind="stream") == 1
    for gauge in ("polls_held", "runs_running", "runs_waiting", "streams_open"):
        assert wait_for(lambda name=gauge: scraper.value(f"aixplain_hub_{name}") == 0)  # type: ignore[misc]


def test_webhooks_the_writer_and_the_process_are_told(scraper: Scraper) -> None:
    told = {"text": "a", "options": {"webhookUrl": "http://127.0.0.1:1/nobody"}}
    scraper.caller.run("acme/counted", told)
    assert wait_for(lambda: scraper.value("aixplain_hub_webhook_attempts_total", outcome="unanswered") == 1)
    assert scraper.value("aixplain_hub_writer_group_changes_count") > 0
    assert scraper.value("aixplain_hub_writer_flush_seconds_sum") > 0
    assert scraper.value("process_resident_memory_bytes") > 1e6


def test_they_come_in_the_newer_format_when_it_is_asked_for(scraper: Scraper) -> None:
    answer = scraper.caller.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "aixplain_hub_runs_waiting" in {family.name for family in parse_open(answer.body.decode())}


def test_a_hub_with_keys_tells_those_who_have_one(serve: Callable[..., Caller]) -> None:
    caller = serve(Hub(builtin=False, keys=["secret"]))
    assert caller.get("/metrics").status == 401
    assert Scraper(caller, authorization="Bearer secret").value("aixplain_hub_request_seconds_count", status="401") == 1


def test_a_key_for_some_models_sees_none_of_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    secret, scoped = new_key(place)[1], new_key(place, "bob", models=("acme/*",))[1]
    with served(tmp_path, Replica(None)) as [hub]:
        assert hub.get("/metrics", **{"x-api-key": secret}).status == 200
        refused = hub.get("/metrics", **{"x-api-key": scoped})
    assert (refused.status, refused.json["message"].partition(",")[0]) == (403, "Metrics tell of all models")


def test_models_beyond_the_first_share_a_label() -> None:
    metrics, ending = Metrics(), Ending("finished", b"")
    for number in range(MOST_MODELS + 7):
        metrics.run_ended(f"acme/{number}", "at_once", ending, 0.1)
    metrics.run_ended("acme/0", "at_once", ending, 0.1)
    assert len(metrics.runs.rows) == MOST_MODELS + 1
    assert sum(metrics.runs.rows[OTHER_MODELS, "at_once", "finished"][:-1]) == 7
    assert sum(metrics.runs.rows["acme/0", "at_once", "finished"][:-1]) == 2


@pytest.mark.parametrize(("value", "place"), [(0.0, 0), (1.0, 0), (1.5, 1), (2.0, 1), (9.0, 2)])
def test_a_value_counts_for_the_first_bound_that_it_does_not_exceed(value: float, place: int) -> None:
    histogram = Histogram("name", "help", bounds=(1.0, 2.0))
    histogram.observe((), value)
    expected: list[Any] = [0, 0, 0, value]
    expected[place] = 1
    assert histogram.rows[()] == expected
