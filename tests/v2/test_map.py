"""Many inputs through one model, on a hub that really runs, in both colours."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aixplain import FileUploadError, InputError, TimeoutError, ValidationError
from aixplain.hub import Document, Hub
from aixplain.hub.embedded import EmbeddedHub, start


def data(items: Any) -> list[Any]:
    """What the models answered; None for a failure."""
    return [item.result.data if item.result else None for item in items]


def test_each_value_is_a_run_and_items_come_in_order(aix: Any) -> None:
    slow_first = [{"text": "a", "steps": 8}, {"text": "b", "steps": 1}, {"text": "c", "steps": 1}]
    items = list(aix.Model.get("acme/slow").map(slow_first, concurrency=3))
    assert [(item.index, item.inputs["text"]) for item in items] == [(0, "a"), (1, "b"), (2, "c")]
    assert data(items) == ["a", "b", "c"]
    assert [item.error for item in items] == [None, None, None]


def test_items_may_come_as_they_are_done(aix: Any) -> None:
    slow_first = [{"text": "a", "steps": 40}, {"text": "b", "steps": 1}]
    items = list(aix.Model.get("acme/slow").map(slow_first, concurrency=2, ordered=False, timeout=20))
    assert [(item.index, item.result.data) for item in items] == [(1, "b"), (0, "a")]


def test_a_bare_value_is_the_main_input_and_a_mapping_is_inputs_by_name(aix: Any) -> None:
    items = list(aix.Model.get("acme/shout").map(["hi", {"text": "ho", "times": 3}], times=2))
    assert data(items) == ["HI!!", "HO!!!"]
    assert [item.inputs for item in items] == [{"text": "hi"}, {"text": "ho", "times": 3}]


def test_a_map_uses_the_values_that_the_model_held_when_it_was_asked_for(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    model.inputs.times = 4
    items = model.map(["hi"])
    model.inputs.times = 1
    assert data(items) == ["HI!!!!"]


def test_without_text_a_bare_value_is_the_first_required_input_and_may_be_a_file(aix: Any, letter: Path) -> None:
    items = list(aix.Model.get("acme/size").map([letter, b"12345", letter.parent / "none"]))
    assert data(items) == [1234, 5, None]
    assert isinstance(items[2].error, FileUploadError)


def test_a_failure_is_an_item_and_ends_nothing(aix: Any) -> None:
    values = ["fine", 7, {"text": "x", "times": 9}, {"tims": 2}, None, {3: "x"}, {"text": "x", "stream": True}, "fine too"]
    items = list(aix.Model.get("acme/shout").map(values, concurrency=2))
    assert data(items) == ["FINE!", None, None, None, None, None, None, "FINE TOO!"]
    assert {type(item.error) for item in items[1:-1]} == {InputError}
    assert [item.index for item in items] == list(range(8))
    assert "got int" in str(items[1].error)
    assert "3 is none" in str(items[5].error)
    assert "A map takes no stream" in str(items[6].error)


@pytest.mark.parametrize(("path", "status"), [("acme/broken", 500), ("acme/broken-async", 495)])
def test_a_run_that_fails_is_an_item_with_the_error_that_run_raises(aix: Any, path: str, status: int) -> None:
    items = list(aix.Model.get(path).map(["a", "b"]))
    assert [item.error.status_code for item in items] == [status, status]


def test_a_run_that_takes_too_long_is_an_item_that_tells_where_the_run_is(aix: Any, release: threading.Event) -> None:
    release.clear()
    model = aix.Model.get("acme/gated")
    [item] = model.map(["late"], timeout=1.5)
    release.set()
    assert isinstance(item.error, TimeoutError)
    assert model.sync_poll(item.error.poll_url).data == "late"


def test_nothing_is_a_map_too(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    assert list(model.map([])) == []
    assert list(model.map(iter(()))) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"concurrency": 0}, "from 1 to 1000, not 0"),
        ({"concurrency": True}, "not True"),
        ({"concurrency": 1001}, "not 1001"),
        ({"budget": -1}, "0 or more, not -1"),
        ({"budget": float("nan")}, "not nan"),
        ({"times": "many"}, "Parameter 'times' has invalid type"),
        ({"times": 9}, "Expected a number from 1 to 5"),
        ({"run_retries": 3, "stream": True}, "A map takes no run_retries, stream"),
        ({"on_progress": print}, "A map takes no on_progress"),
    ],
)
def test_what_would_fail_every_run_is_refused_at_once(aix: Any, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        aix.Model.get("acme/shout").map(["hi"], **wrong)


@pytest.mark.parametrize("single", ["hello", b"hello", {"text": "hello"}])
def test_a_single_input_is_no_map(aix: Any, single: Any) -> None:
    with pytest.raises(InputError, match=r"this is one: .*hello"):
        aix.Model.get("acme/shout").map(single)


def test_a_model_that_is_gone_maps_nothing(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    model.mark_as_deleted()
    with pytest.raises(ValidationError, match="Model has been deleted"):
        model.map(["hi"])


@pytest.fixture(scope="module")
def together() -> threading.Barrier:
    """Where three runs have to meet."""
    return threading.Barrier(3, timeout=20)


@pytest.fixture(scope="module")
def own_hub(tmp_path_factory: pytest.TempPathFactory, together: threading.Barrier) -> Iterator[EmbeddedHub]:
    hub = Hub(builtin=False)
    at_work: list[str] = []

    @hub.model("acme/together")
    def meet(text: str) -> int:
        """How many runs there are while three of them meet."""
        at_work.append(text)
        together.wait()
        seen = len(at_work)
        together.wait()
        at_work.remove(text)
        return seen

    @hub.model("acme/ask")
    def ask(text: str, document: Document) -> list[str]:
        """What a document says, and where it lies."""
        return [text, document.read_text(), document.parent.name]

    running = start(tmp_path_factory.mktemp("hub"), hub)
    running.wait_until_ready()
    yield running
    running.close()


def test_runs_overlap_up_to_the_concurrency_and_never_beyond(connect: Any, own_hub: EmbeddedHub) -> None:
    model = connect(backend_url=own_hub.url).Model.get("acme/together")
    assert data(model.map(list("abcdef"), concurrency=3)) == [3] * 6


def test_a_file_that_all_runs_share_is_sent_up_once(connect: Any, own_hub: EmbeddedHub, letter: Path) -> None:
    model = connect(backend_url=own_hub.url).Model.get("acme/ask")
    with letter.open("rb") as file:
        answers = data(model.map(["who?", "why?"], document=file))
    assert [answer[:2] for answer in answers] == [["who?", "x" * 1234], ["why?", "x" * 1234]]
    assert answers[0][2] == answers[1][2]


def test_a_shared_file_that_is_not_there_is_said_at_once(connect: Any, own_hub: EmbeddedHub, tmp_path: Path) -> None:
    model = connect(backend_url=own_hub.url).Model.get("acme/ask")
    with pytest.raises(FileUploadError, match="is not there"):
        model.map(["who?"], document=tmp_path / "none")
