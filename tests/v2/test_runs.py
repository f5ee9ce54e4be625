"""Running models on a hub that really runs, in both colours."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from aixplain import APIError, ConnectionLostError, FileUploadError, InputError, TimeoutError, ValidationError
from aixplain.v2.exceptions import ConfigurationError, IncompleteStreamError
from aixplain.v2.model import Model


def test_a_sync_model_answers_at_once(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    result = model.run(text="hi", times=2)
    assert (result.status, result.completed, result.data) == ("SUCCESS", True, "HI!!")
    assert result.asset["assetId"] == model.id
    assert result.run_time > 0


def test_a_coroutine_answers_with_raw_data(aix: Any) -> None:
    result = aix.Model.get("acme/coroutine").run(text="four")
    assert (result.data, result.raw_data) == ("four", {"length": 4})


def test_an_async_only_model_is_polled_to_its_end(aix: Any) -> None:
    told: list[float | None] = []
    model = aix.Model.get("acme/slow")
    result = model.run(text="done", steps=8, wait_time=0.03, on_progress=lambda result: told.append(result.progress))
    assert result.data == "done"
    assert told == sorted(told, key=lambda done: done or 0)
    assert told


def test_run_async_returns_at_once_and_poll_asks_after_it(aix: Any, release: threading.Event) -> None:
    release.clear()
    model = aix.Model.get("acme/gated")
    accepted = model.run_async(text="late")
    assert accepted.status == "IN_PROGRESS"
    assert accepted.url.endswith("/result")
    assert not model.poll(accepted.url).completed
    release.set()
    assert model.sync_poll(accepted.url).data == "late"
    assert model.poll(accepted.url).data == "late"


def test_run_async_of_a_sync_only_model_goes_the_v1_way(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    assert model.is_sync_only
    accepted = model.run_async(text="hi", times=3)
    assert model.sync_poll(accepted.url).data == "HI!!!"


def test_inputs_hold_values_that_runs_use(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    assert model.inputs.times == 1
    model.inputs.times = 3
    model.inputs["mood"] = "angry"
    assert model.run(text="hi").data == "HI!!! Grr."
    assert model.run(text="hi", times=1).data == "HI! Grr."
    model.inputs.clear()
    assert model.run(text="hi").data == "HI!"


def test_inputs_are_set_together(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    model.inputs = {"text": "hi", "times": "2"}
    assert model.run().data == "HI!!"


def test_several_values_travel_as_a_list(aix: Any) -> None:
    assert aix.Model.get("acme/shout").run(text="hi", words=["a", "b"]).data == "HI! a b"


def test_data_stands_for_a_missing_text(aix: Any) -> None:
    assert aix.Model.get("acme/shout").run(data="hi").data == "HI!"


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "Parameter validation failed: Required parameter 'text' is missing"),
        ({"text": 3}, "Parameter 'text' has invalid type. Expected text, got int"),
        ({"text": "x", "times": True}, "Parameter 'times' has invalid type. Expected text, got bool"),
        ({"text": "x", "times": 9}, "Expected a number from 1 to 5"),
        ({"text": "x", "mood": "sad"}, "Expected one of 'glad', 'angry'"),
        ({"text": "x", "words": ["a", 1]}, "Parameter 'words' has invalid type"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_is_sent(connect: Any, hub: Any, inputs: Any, words: str) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/shout")
    with pytest.raises(ValueError, match="Parameter validation failed") as error:
        model.run(**inputs)
    assert words in str(error.value)
    assert isinstance(error.value, InputError)


def test_a_misspelt_input_warns_and_is_refused_by_a_strict_client(connect: Any, hub: Any) -> None:
    model = connect(backend_url=hub.url).Model.get("acme/shout")
    with pytest.warns(UserWarning, match="did you mean 'times'"), pytest.raises(APIError, match="'tims' not found"):
        model.run(text="x", tims=2)
    strict = connect(backend_url=hub.url, strict=True).Model.get("acme/shout")
    with warnings.catch_warnings(), pytest.raises(InputError, match="did you mean 'times'"):
        strict.run(text="x", tims=2)


def test_a_model_that_raises_is_a_failed_run_with_a_clean_message(aix: Any) -> None:
    with pytest.raises(APIError, match="Operation failed: Model 'acme/broken' failed: ZeroDivisionError") as error:
        aix.Model.get("acme/broken").run(text="x")
    assert error.value.status_code == 500
    assert "Traceback" not in str(error.value)


def test_a_model_that_fails_in_the_background_tells_why(aix: Any) -> None:
    with pytest.raises(APIError, match="Operation failed: this text is not for me") as error:
        aix.Model.get("acme/broken-async").run(text="x")
    assert error.value.status_code == 495


def test_a_deadline_names_the_seconds_and_how_to_resume(aix: Any, release: threading.Event) -> None:
    release.clear()
    model = aix.Model.get("acme/gated")
    with pytest.raises(TimeoutError, match=r"Operation timed out after 1\.5 seconds") as error:
        model.run(text="late", timeout=1.5)
    release.set()
    assert model.sync_poll(error.value.poll_url).data == "late"


def test_a_stream_comes_in_pieces_and_ends_well(aix: Any) -> None:
    stream = aix.Model.get("acme/count").run(text="n", stream=True)
    assert [chunk.data for chunk in stream] == ["n0 ", "n1 ", "n2 "]
    assert stream.status == "SUCCESS"


@pytest.mark.parametrize("path", ["acme/count", "acme/count-async"])
def test_generators_of_both_kinds_stream(aix: Any, path: str) -> None:
    with aix.Model.get(path).run_stream(text="n") as stream:
        assert "".join(chunk.data for chunk in stream) == "n0 n1 n2 "


def test_a_raw_stream_has_the_shape_of_openai(aix: Any) -> None:
    with aix.Model.get("acme/count").run_stream(text="n", options={"raw": True}) as stream:
        chunks = list(stream)
    assert "".join(chunk.data for chunk in chunks) == "n0 n1 n2 "
    assert chunks[-1].finish_reason == "stop"


def test_a_streaming_model_also_answers_whole(aix: Any) -> None:
    assert aix.Model.get("acme/count").run(text="n").data == "n0 n1 n2 "


def test_a_stream_can_be_left_early(aix: Any) -> None:
    with aix.Model.get("acme/count").run_stream(text="n", upto=100_000) as stream:
        first = next(iter(stream))
    assert first.data == "n0 "
    assert list(stream) == []


def test_a_stream_that_fails_keeps_what_came(aix: Any) -> None:
    with aix.Model.get("acme/broken-stream").run_stream(text="x") as stream:
        chunks = []
        with pytest.raises(IncompleteStreamError, match="ZeroDivisionError") as error:
            chunks.extend(chunk.data for chunk in stream)
    assert error.value.partial == "one "
    assert isinstance(error.value, APIError)
    assert stream.status == "FAILED"


def test_a_model_that_does_not_stream_says_so(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    with pytest.raises(ValidationError, match=rf"Model 'Shout' \(id={model.id}\) does not support streaming\."):
        model.run_stream(text="x")


def test_a_local_file_is_sent_up_by_the_run(aix: Any, letter: Path) -> None:
    model = aix.Model.get("acme/size")
    assert model.run(document=letter).data == 1234
    assert model.run(document=str(letter)).data == 1234
    assert model.run(document=b"12345").data == 5
    with letter.open("rb") as file:
        assert model.run(document=file).data == 1234
    assert model.run(document=io.BytesIO(b"1234567")).data == 7


def test_a_file_that_is_not_there_is_said_before_anything_is_sent(aix: Any, tmp_path: Path) -> None:
    with pytest.raises(FileUploadError, match="is not there"):
        aix.Model.get("acme/size").run(document=tmp_path / "none.pdf")


def test_a_file_address_that_the_hub_cannot_read_is_a_492(aix: Any) -> None:
    with pytest.raises(APIError, match="can't be read") as error:
        aix.Model.get("acme/size").run(document="https://example.com/letter.txt")
    assert error.value.status_code == 492


def test_a_deleted_or_unsaved_model_does_not_run(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    model.mark_as_deleted()
    with pytest.raises(ValidationError, match="Model has been deleted"):
        model.run(text="x")
    with pytest.raises(ValidationError, match="Model has not been saved yet"):
        aix.Model(name="new").run(text="x")


def test_an_unknown_run_is_a_404_and_never_in_progress(aix: Any, hub: Any) -> None:
    with pytest.raises(APIError) as error:
        aix.Model.get("acme/shout").poll(f"{hub.url}/sdk/runs/nothing/result")
    assert error.value.status_code == 404


def test_a_poll_address_elsewhere_is_refused_before_a_socket_opens(aix: Any) -> None:
    with pytest.raises(ConfigurationError, match="the key is not sent"):
        aix.Model.get("acme/shout").poll("http://127.0.0.1:1/sdk/runs/x/result")


def test_an_unreachable_hub_is_a_sentence(connect: Any) -> None:
    with pytest.raises(ConnectionLostError, match="can't be reached: Connection refused"):
        connect(backend_url="http://127.0.0.1:1").Model.get("x")


def test_a_model_is_a_tool(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    tool = model.as_tool()
    assert (tool["id"], tool["assetId"], tool["type"], tool["supplier"]) == (model.id, model.id, "model", "aixplain")
    assert (tool["function"], tool["version"]) == ("text-normalization", f"{model.id}-1.2")
    assert [each["name"] for each in tool["parameters"]] == ["times", "mood"]
    assert tool["parameters"][0] == {
        "name": "times",
        "value": 1,
        "required": False,
        "datatype": "text",
        "allowMulti": False,
        "supportsVariables": False,
        "fixed": False,
        "description": "",
    }


def test_the_two_colours_have_the_same_methods_and_parameters() -> None:
    import inspect

    from aixplain.v2.model import AsyncModel

    public = [name for name in dir(Model) if not name.startswith("_")]
    assert public == [name for name in dir(AsyncModel) if not name.startswith("_")]
    for name in public:
        ours, theirs = getattr(Model, name), getattr(AsyncModel, name)
        if callable(ours) and inspect.isroutine(ours):
            same = [(each.name, each.kind, each.default) for each in inspect.signature(ours).parameters.values()]
            assert same == [(each.name, each.kind, each.default) for each in inspect.signature(theirs).parameters.values()]
