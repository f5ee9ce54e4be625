"""Every line of a request has its id, and a run's has the run's; neither bodies nor keys are in any."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aixplain.hub import Hub
from aixplain.hub.logs import JsonLines, TextLines
from aixplain.hub.service import Service

from .conftest import Caller, wait_for

gate, begun = threading.Event(), threading.Event()
SECRET, TEXT = "a-key-that-nobody-may-see", "a text that is nobody's business"


class Lines(logging.Handler):
    """The log, as whoever gathers it gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.raw: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.raw.append(self.format(record))

    def found(self, **wanted: Any) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.raw]
        return [line for line in lines if wanted.items() <= line.items()]

    def one(self, **wanted: Any) -> dict[str, Any]:
        assert wait_for(lambda: bool(self.found(**wanted)))
        found = self.found(**wanted)
        assert len(found) == 1
        return found[0]


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)


def models() -> Hub:
    hub = Hub(builtin=False, keys=[SECRET])
    its_log = logging.getLogger("acme")

    @hub.model("acme/talk")
    def talk(text: str) -> str:
        its_log.info("at work")
        return text

    @hub.model("acme/pieces")
    def pieces(text: str) -> Iterator[str]:
        its_log.info("piece by piece")
        yield text

    @hub.model("acme/slow", asynchronous=True, concurrency=1)
    def slow(text: str) -> str:
        its_log.info("begun %s", text)
        begun.set()
        assert gate.wait(20)
        return text

    return hub


@pytest.fixture
def ask(serve: Callable[..., Caller]) -> Iterator[Callable[..., Any]]:
    caller = serve(models())

    def post(path: str, inputs: dict[str, Any], **headers: str) -> Any:
        return caller.send("POST", path, json.dumps(inputs).encode(), {"x-api-key": SECRET, **headers})

    gate.clear()
    begun.clear()
    yield post
    gate.set()


def test_a_request_is_a_line_with_its_id_its_run_and_the_name_of_its_key(ask: Callable[..., Any], lines: Lines) -> None:
    answer = ask("/api/v2/execute/acme/talk", {"text": TEXT}, **{"x-request-id": "from-the-caller:1"})
    assert answer.headers["x-request-id"] == "from-the-caller:1"
    line = lines.one(logger="aixplain.hub.requests")
    assert (line["method"], line["route"], line["status"]) == ("POST", "/api/v2/execute/{key}", 200)
    assert (line["request"], line["run"]) == ("from-the-caller:1", answer.json["requestId"])
    assert 0 < line["seconds"] < 20
    assert len(line["key"]) == 16
    its = lines.one(logger="acme")
    assert (its["request"], its["run"]) == ("from-the-caller:1", answer.json["requestId"])
    assert not [raw for raw in lines.raw if SECRET in raw or TEXT in raw]


@pytest.mark.parametrize("given", [None, "", "x" * 129, "two words", "späße", "tab\tbed"])
def test_a_request_without_an_id_that_can_be_one_gets_one_of_its_own(
    ask: Callable[..., Any], lines: Lines, given: str | None
) -> None:
    headers = {} if given is None else {"x-request-id": given}
    ids = [ask("/nowhere", {}, **headers).headers["x-request-id"] for _ in range(2)]
    assert ids[0] != ids[1]
    assert given not in ids
    assert wait_for(lambda: [line["request"] for line in lines.found(logger="aixplain.hub.requests")] == ids)


def test_a_stream_is_a_line_when_it_is_over_and_its_model_s_lines_are_of_its_run(ask: Callable[..., Any], lines: Lines) -> None:
    answer = ask("/api/v2/execute/acme/pieces", {"text": TEXT, "stream": True})
    line = lines.one(logger="aixplain.hub.requests", status=200)
    assert line["request"] == answer.headers["x-request-id"]
    assert lines.one(logger="acme")["run"] == line["run"]


def test_a_run_in_the_background_keeps_the_id_of_its_request_whoever_begins_it(ask: Callable[..., Any], lines: Lines) -> None:
    first = ask("/api/v2/execute/acme/slow", {"text": "1"}, **{"x-request-id": "one"}).json["requestId"]
    assert begun.wait(20)
    second = ask("/api/v2/execute/acme/slow", {"text": "2"}, **{"x-request-id": "two"}).json["requestId"]
    assert wait_for(lambda: [line["run"] for line in lines.found(message="request")] == [first, second])
    gate.set()
    assert lines.one(message="begun 2")["request"] == "two"
    assert lines.one(message="begun 2")["run"] == second
    ended = lines.one(message="run ended", run=second)
    assert (ended["request"], ended["model"], ended["state"]) == ("two", "acme/slow", "finished")


def test_a_failure_of_the_hub_is_a_500_whose_reason_is_in_the_log_under_its_id(
    ask: Callable[..., Any], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> bytes:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(Service, "search", broken)
    answer = ask("/v2/models/paginate", {}, **{"x-request-id": "lost"})
    assert (answer.status, answer.headers["x-request-id"]) == (500, "lost")
    assert answer.json["message"] == "The hub failed on this request; its log has the reason."
    assert answer.headers["idempotency-key-kept"] == "true"
    reason = lines.one(level="error")
    assert reason["request"] == "lost"
    assert "RuntimeError: a mistake of ours" in reason["exception"]
    assert lines.one(message="request")["status"] == 500


def test_lines_for_people_tell_the_same() -> None:
    record = logging.LogRecord("aixplain.hub", logging.WARNING, "", 0, "what %s", ("happened",), None)
    record.created, record.status = 1774000000.5, 503
    assert TextLines().format(record) == "2026-03-20T09:46:40.500Z WARNING aixplain.hub what happened status=503"


FORGED = "x\n2026-01-01T00:00:00Z INFO forged \x1b[2J\x9b31m\u202e\ud800"


def record(message: str, error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("acme", logging.ERROR, "file.py", 1, message, None, exc_info)
    made.__dict__.update(extra)
    return made


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_nothing_that_is_logged_makes_a_line_or_steers_a_terminal(formatter: logging.Formatter) -> None:
    """Messages, names of keys and models, and errors are other people's."""
    written = formatter.format(record(FORGED, ValueError(FORGED), key=FORGED, model=FORGED))
    assert not [line for line in written.splitlines()[1:] if not line.startswith("    ")]
    assert not [character for character in written if character in "\x1b\x9b\u202e\ud800"]
    assert written.count("forged") == 4  # and nothing is lost


def test_a_line_of_json_stays_json() -> None:
    line = JsonLines().format(record(FORGED, ValueError(FORGED), key=FORGED))
    assert json.loads(line)["message"].startswith(FORGED[:-1])
    assert json.loads(line)["key"].startswith(FORGED[:-1])


def test_a_value_with_spaces_is_quoted() -> None:
    assert TextLines().format(record("request", key='a" status=200')).endswith(r'request key="a\" status=200"')


def test_a_traceback_of_another_process_or_of_the_server_stands_under_its_line() -> None:
    raised = "Traceback (most recent call last):\n  File\nValueError: no"
    for message, told in [(f"model acme/x failed\n{raised}", "acme model acme/x failed"), (raised, "acme ValueError: no")]:
        head, *below = TextLines().format(record(message)).split("\n")
        assert head.endswith(told)
        assert below == [f"    {line}" for line in raised.split("\n")]


@pytest.mark.parametrize(
    "said",
    ["can't reach postgresql://hub:se:cr@et@db:5432/hub", "dsn host=db user=hub password=se:cr@et", "PWD='se:cr@et' x"],
)
@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
def test_no_password_is_logged(formatter: logging.Formatter, said: str) -> None:
    line = formatter.format(record(said, ValueError(said)))
    assert "se:cr@et" not in line
    assert "…" in line


def test_an_address_with_a_port_has_no_password() -> None:
    assert "http://127.0.0.1:8180/a@b" in TextLines().format(record("at http://127.0.0.1:8180/a@b"))
