"""The official package, in an environment of its own, uses the hub as it uses the platform."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aixplain.hub.embedded import EmbeddedHub

pytestmark = pytest.mark.timeout(600)  # the first test makes the environment


class Report:
    """What the checks of one client found, by the check's name."""

    def __init__(self, version: str, outcomes: dict[str, Any]) -> None:
        self.version = version
        self._outcomes = outcomes

    def value(self, name: str) -> Any:
        """What a check returned."""
        outcome = self._outcomes[name]
        assert "value" in outcome, f"{name} raised {outcome}"
        return outcome["value"]

    def error(self, name: str, kind: str) -> str:
        """The message of what a check raised, which is of this kind."""
        outcome = self._outcomes[name]
        assert kind in outcome.get("raised", []), f"{name} gave {outcome}"
        message: str = outcome["message"]
        return message

    def status_code(self, name: str) -> int:
        code: int = self._outcomes[name]["status_code"]
        return code


@pytest.fixture(scope="module")
def found(official: Any, hub: EmbeddedHub) -> Report:
    return Report(official.version, json.loads(official.run("checks.py", hub)))


def test_it_searches_by_words(found: Report) -> None:
    assert found.value("search_by_words") == {"positional": ["acme/shout"], "q": ["acme/shout"]}


def test_it_walks_through_pages(found: Report) -> None:
    seen = found.value("search_by_page")
    assert seen["numbers"] == [0, 1]
    assert seen["sizes"] == [4, 4]
    assert seen["pages"] == -(-seen["total"] // 4)
    assert seen["overlap"] == []


@pytest.mark.parametrize("name", ["functions", "vendors", "host", "developer", "path", "status", "source_languages"])
def test_it_filters_by_strings(found: Report, name: str) -> None:
    assert "acme/shout" in found.value("search_by_string")[name]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("functions", "aixplain/sentiment"),
        ("vendors", "acme/shout"),
        ("status", "acme/shout"),
        ("source_languages", "acme/shout"),
        ("ownership", "acme/shout"),
    ],
)
def test_it_filters_by_members_of_its_enums(found: Report, name: str, path: str) -> None:
    """They arrive as `Supplier.AIXPLAIN`, `AIXPLAIN`, `FRENCH`, `{"id": "SENTIMENT_ANALYSIS"}`."""
    assert path in found.value("search_by_member")[name]


def test_its_filters_leave_out_what_does_not_match(found: Report) -> None:
    assert all(paths == [] for paths in found.value("search_for_what_is_not_there").values())


def test_it_sorts_both_ways(found: Report) -> None:
    names = found.value("search_in_order")
    assert names["up"] == sorted(names["up"], key=str.lower)
    assert names["down"] == names["up"][::-1]


def test_it_gets_a_model_by_path_and_by_id(found: Report) -> None:
    seen = found.value("get_by_path_and_by_id")
    assert seen["paths"] == ["acme/shout", "acme/shout"]
    assert seen["same"]


def test_it_reads_what_a_model_is(found: Report) -> None:
    assert found.value("read_what_a_model_is") == {
        "name": "Shout",
        "description": "Says it louder.",
        "status": "onboarded",
        "developer": "acme",
        "vendor": "aixplain",
        "version": "1.2",
        "price": 0.0,
        "streams": False,
        "sync_only": True,
        "async_capable": False,
        "params": [
            ["text", True, "text", False],
            ["times", False, "text", False],
            ["mood", False, "label", False],
            ["words", False, "text", True],
        ],
    }


def test_it_reads_inputs(found: Report) -> None:
    assert found.value("read_inputs") == {
        "values": {"text": None, "times": 1, "mood": "glad", "words": None},
        "names": ["text", "times", "mood", "words"],
        "attribute": 1,
        "item": "glad",
        "contains": [True, False],
    }


def test_it_sets_inputs_that_runs_use(found: Report) -> None:
    assert found.value("set_inputs") == "HI!!! Grr."


def test_it_refuses_inputs_that_the_parameters_do_not_allow(found: Report) -> None:
    assert "'times'. Expected text, got list" in found.error("set_a_wrong_input", "ValueError")
    assert "'tims' not found" in found.error("set_an_unknown_input", "AttributeError")


def test_it_runs_a_model(found: Report) -> None:
    assert found.value("run") == {"status": "SUCCESS", "completed": True, "data": "HI!!"}
    assert found.value("run_and_read_what_it_took") == ["float", "float"]


def test_it_runs_a_model_that_tells_details(found: Report) -> None:
    """0.2.41 breaks off over details that are no list of messages."""
    assert found.value("run_a_model_that_tells_details")["data"] == "four"


def test_it_runs_the_builtin_models(found: Report) -> None:
    ran = found.value("run_the_builtin_models")
    assert len(ran) >= 5
    assert set(ran.values()) == {"SUCCESS"}


def test_it_tells_for_whom_a_run_is(found: Report) -> None:
    """In headers, or among the inputs as 0.2.41 does."""
    assert found.value("run_for_somebody")["data"] == "HI!"


def test_it_runs_with_options(found: Report) -> None:
    assert found.value("run_with_options")["data"] == "HI!"


def test_it_sends_a_file_up(found: Report) -> None:
    assert found.value("run_on_a_file_that_goes_up") == 1234


def test_it_refuses_a_run_whose_inputs_are_wrong(found: Report) -> None:
    missing = found.error("run_without_a_required_input", "ValueError")
    assert missing.startswith("Parameter validation failed: Required parameter 'text' is missing")
    assert "'text' has invalid type. Expected text, got int" in found.error("run_with_a_wrong_type", "ValueError")


def test_it_is_told_what_the_hub_refuses(found: Report) -> None:
    assert "Expected one of 'glad', 'angry'" in found.error("run_with_a_value_that_is_no_option", "APIError")
    assert found.status_code("run_with_a_value_that_is_no_option") == 400


def test_it_runs_an_asynchronous_model_to_its_end(found: Report) -> None:
    assert found.value("run_an_asynchronous_model") == {"status": "SUCCESS", "completed": True, "data": "done"}


def test_it_starts_a_run_and_polls(found: Report) -> None:
    assert found.value("run_async_and_poll") == {
        "accepted": "IN_PROGRESS",
        "first": "IN_PROGRESS",
        "completed": False,
        "last": {"status": "SUCCESS", "completed": True, "data": "done"},
    }
    assert found.value("run_async_and_wait")["data"] == "done"


def test_it_starts_a_run_of_a_synchronous_model_the_v1_way(found: Report) -> None:
    seen = found.value("run_async_of_a_synchronous_model")
    assert (seen["accepted"], seen["last"]["data"]) == ("IN_PROGRESS", "HI!!!")


def test_its_runs_end_at_their_deadline(found: Report) -> None:
    assert found.error("run_out_of_time", "TimeoutError").startswith("Operation timed out after 0.5 seconds")


def test_it_streams(found: Report) -> None:
    assert found.value("stream_with_run_stream") == {"chunks": ["n0 ", "n1 ", "n2 "], "status": "SUCCESS"}


def test_it_streams_from_run(found: Report) -> None:
    if found.version == "0.2.41":  # it sends `"stream": true`, and then reads any answer as JSON
        assert found.error("stream_with_run", "JSONDecodeError")
        return
    assert found.value("stream_with_run") == ["n0 ", "n1 ", "n2 "]


def test_it_is_told_that_a_model_does_not_stream(found: Report) -> None:
    assert "does not support streaming." in found.error("stream_a_model_that_does_not", "ValidationError")


def test_it_keeps_what_came_of_a_stream_that_failed(found: Report) -> None:
    assert found.value("stream_a_model_that_fails")[0] == "one "


def test_it_raises_what_a_model_raised(found: Report) -> None:
    assert "ZeroDivisionError: by design" in found.error("run_a_model_that_fails", "APIError")
    failed = found.error("run_a_model_that_fails_in_the_background", "APIError")
    assert failed == "Operation failed: this text is not for me"


def test_it_is_told_what_is_not_there(found: Report) -> None:
    assert "did you mean 'acme/shout'" in found.error("get_an_unknown_model", "APIError")
    assert found.status_code("get_an_unknown_model") == 404
    assert "no run 'nothing'" in found.error("poll_an_unknown_run", "APIError")


def test_it_makes_a_tool_of_a_model(found: Report) -> None:
    seen = found.value("use_as_a_tool")
    tool = seen["tool"]
    assert tool["id"] == tool["assetId" if found.version == "0.2.41" else "asset_id"] == seen["id"]
    assert (tool["name"], tool["type"], tool["supplier"]) == ("Shout", "model", "aixplain")
    assert [(each["name"], each["value"]) for each in seen["parameters"]] == [("times", 1), ("mood", "glad")]
