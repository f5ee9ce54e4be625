"""What a client tells the logger `aixplain`, and what it keeps to itself."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from aixplain import APIError, ConnectionLostError
from aixplain.hub import Hub
from aixplain.hub.embedded import EmbeddedHub, start

SECRET = "a-key-that-nobody-may-see"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "aixplain")
    return caplog


def told(log: pytest.LogCaptureFixture, level: int) -> list[str]:
    return [record.getMessage() for record in log.records if record.name == "aixplain" and record.levelno == level]


def test_a_request_is_one_line_with_address_status_time_attempt_and_id(connect: Any, hub: EmbeddedHub, log: Any) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/shout")
    model.run(text="hi")
    get, post = told(log, logging.DEBUG)
    place = re.escape(hub.url)
    assert re.fullmatch(rf"GET {place}/v2/models/acme%2Fshout: HTTP 200 in \d+ ms \(attempt 1, request [\w-]+\)", get)
    run = re.escape(f"{hub.url}/api/v2/execute/{model.id}")
    assert re.fullmatch(rf"POST {run}: HTTP 200 in \d+ ms \(attempt 1, request [\w-]+\)", post)


def test_a_stream_is_told_when_it_opens(connect: Any, hub: EmbeddedHub, log: Any) -> None:
    with connect(backend_url=hub.url).Model.get("acme/count").run_stream(text="n") as stream:
        list(stream)
    assert re.search(r"POST .*: HTTP 200, a stream in \d+ ms \(attempt 1\)", told(log, logging.DEBUG)[-1])


def test_a_retry_is_told_with_its_reason(connect: Any, log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aixplain.v2._send.ATTEMPTS", 2)
    with pytest.raises(ConnectionLostError):
        connect(backend_url="http://127.0.0.1:1").Model.get("acme/shout")
    [again] = told(log, logging.INFO)
    assert re.fullmatch(
        r"GET http://127\.0\.0\.1:1/v2/models/acme%2Fshout: .* can't be reached: .*; sent again in 0\.\d s", again
    )
    assert [re.findall(r"attempt \d", line) for line in told(log, logging.DEBUG)] == [["attempt 1"], ["attempt 2"]]


def test_polls_of_a_run_that_goes_on_are_no_retries(connect: Any, hub: EmbeddedHub, log: Any) -> None:
    connect(backend_url=hub.url).Model.get("acme/slow").run(text="x", wait_time=0.01, on_progress=lambda _: None)
    polls = [line for line in told(log, logging.DEBUG) if "/result: " in line]
    assert len(polls) > 1
    assert all("(attempt 1" in line for line in polls)
    assert told(log, logging.INFO) == []


def test_a_refusal_is_told_at_debug_alone_for_it_is_raised(connect: Any, hub: EmbeddedHub, log: Any) -> None:
    with pytest.raises(APIError):
        connect(backend_url=hub.url).Model.get("acme/nothing")
    assert "HTTP 404 in" in told(log, logging.DEBUG)[0]
    assert [record for record in log.records if record.levelno > logging.DEBUG and record.name == "aixplain"] == []


def test_no_query_is_told(hub: EmbeddedHub, log: Any) -> None:
    from aixplain import Aixplain

    with Aixplain(backend_url=hub.url) as aix, pytest.raises(APIError):
        aix.client.get("v2/nothing", params={"signature": SECRET})
    assert told(log, logging.DEBUG)[0].startswith(f"GET {hub.url}/v2/nothing: ")
    assert SECRET not in log.text


def test_no_body_is_told_unless_asked(connect: Any, hub: EmbeddedHub, log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/shout")
    model.run(text="a prompt of mine")
    assert "prompt of mine" not in log.text.lower()
    monkeypatch.setenv("AIXPLAIN_LOG_BODIES", "1")
    model.run(text="a prompt of mine")
    sent, got = told(log, logging.DEBUG)[-2:]
    assert 'sent {"text":"a prompt of mine"' in sent
    assert "A PROMPT OF MINE!" in got
    model.run(text="x" * 10_000)
    assert re.search(r"x{3000,4000}… \(10,0\d\d bytes\)$", told(log, logging.DEBUG)[-2])


def test_a_key_is_told_to_nobody_bodies_and_all(connect: Any, log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIXPLAIN_LOG_BODIES", "1")
    guarded = start(hub=Hub(keys=[SECRET]))
    guarded.wait_until_ready()
    try:
        model = connect(api_key=SECRET, backend_url=guarded.url).Model.get("aixplain/sentiment")
        assert model.run(text=f"my key is {SECRET}").data
    finally:
        guarded.close()
    told_by_us = [record for record in log.records if record.name == "aixplain"]
    assert told_by_us
    assert SECRET not in "".join(f"{record.getMessage()} {record.args!r}" for record in told_by_us)


QUIET = """
import sys
from aixplain import Aixplain
aix = Aixplain(backend_url=sys.argv[1])
aix.Model.get("acme/shout").run(text="hi")
assert "logging" not in sys.modules, "nobody who has not loaded logging can listen"
import logging
aix.Model.get("acme/shout").run(text="hi")
log = logging.getLogger("aixplain")
assert any(isinstance(handler, logging.NullHandler) for handler in log.handlers)
assert log.level == logging.NOTSET and log.propagate
Aixplain(backend_url="http://127.0.0.1:1").Model.get("acme/shout")
"""


def test_a_program_that_sets_no_logging_up_hears_nothing(hub: EmbeddedHub) -> None:
    done = subprocess.run([sys.executable, "-c", QUIET, hub.url], capture_output=True, text=True, timeout=50)
    assert done.stderr.rstrip().endswith("starts one on this machine.")
    assert "sent again" not in done.stderr
    assert done.stdout == ""


def test_what_a_service_says_makes_no_line_of_its_own(
    canned: Any, service: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIXPLAIN_LOG_BODIES", "1")
    service.answer = {"id": "1", "name": "a", "requestId": "r\nINFO forged \x1b[2J"}
    canned.Model.get("evil\nINFO forged")
    lines = told(log, logging.DEBUG)
    assert [line for line in lines if "forged" in line]
    assert not [line for line in lines if "\n" in line or "\x1b" in line]
