"""What people do with the official package, check by check. Runs where that package is installed, and prints JSON.

The client finds the hub as people tell it: by BACKEND_URL, MODELS_RUN_URL and TEAM_API_KEY.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from typing import Any

from aixplain.v2 import Aixplain
from aixplain.v2.enums import AssetStatus, Function, Language, OwnershipType, SortBy, SortOrder, Supplier

CHECKS = []


def check(function: Any) -> Any:
    CHECKS.append(function)
    return function


def paths(page: Any) -> list[str]:
    return [model.path for model in page.results]


@check
def search_by_words(aix: Any) -> Any:
    return {"positional": paths(aix.Model.search("louder")), "q": paths(aix.Model.search(q="louder"))}


@check
def search_by_page(aix: Any) -> Any:
    first, second = (aix.Model.search(page_size=4, page_number=number) for number in (0, 1))
    return {
        "numbers": [first.page_number, second.page_number],
        "sizes": [len(first.results), len(second["results"])],
        "pages": second.page_total,
        "total": second.total,
        "overlap": sorted(set(paths(first)) & set(paths(second))),
    }


@check
def search_by_string(aix: Any) -> Any:
    filters: dict[str, dict[str, Any]] = {
        "functions": {"functions": ["text-normalization"]},
        "vendors": {"vendors": ["aixplain"]},
        "host": {"host": aix.Model.get("acme/shout").host},
        "developer": {"developer": "acme"},
        "path": {"path": "acme/sh"},
        "status": {"status": ["onboarded"]},
        "source_languages": {"source_languages": ["fr"]},
    }
    return {name: paths(aix.Model.search(page_size=100, **filter)) for name, filter in filters.items()}


@check
def search_by_member(aix: Any) -> Any:
    filters: dict[str, dict[str, Any]] = {
        "functions": {"functions": [Function.SENTIMENT_ANALYSIS]},
        "vendors": {"vendors": [Supplier.AIXPLAIN]},
        "status": {"status": [AssetStatus.ONBOARDED]},
        "source_languages": {"source_languages": [Language.FRENCH]},
        "ownership": {"ownership": OwnershipType.PUBLIC},
    }
    return {name: paths(aix.Model.search(page_size=100, **filter)) for name, filter in filters.items()}


@check
def search_for_what_is_not_there(aix: Any) -> Any:
    filters: dict[str, dict[str, Any]] = {
        "functions": {"functions": [Function.TRANSLATION]},
        "vendors": {"vendors": [Supplier.OPENAI]},
        "developer": {"developer": "somebody"},
        "path": {"path": "shout"},
        "target_languages": {"target_languages": Language.FRENCH},
        "is_finetunable": {"is_finetunable": True},
        "saved": {"saved": True},
    }
    return {name: paths(aix.Model.search(**filter)) for name, filter in filters.items()}


@check
def search_in_order(aix: Any) -> Any:
    up = aix.Model.search(sort_by=SortBy.NAME, sort_order=SortOrder.ASC, page_size=100)
    down = aix.Model.search(sort_by=SortBy.NAME, sort_order=SortOrder.DESC, page_size=100)
    return {"up": [model.name for model in up.results], "down": [model.name for model in down.results]}


@check
def get_by_path_and_by_id(aix: Any) -> Any:
    by_path = aix.Model.get("acme/shout")
    by_id = aix.Model.get(by_path.id)
    return {
        "paths": [by_path.path, by_id.path],
        "same": by_path.id == by_id.id,
        "host": aix.Model.get(by_id.id, host=by_id.host).id,
    }


@check
def read_what_a_model_is(aix: Any) -> Any:
    model = aix.Model.get("acme/shout")
    return {
        "name": model.name,
        "description": model.description,
        "status": model.status.value,
        "developer": model.developer,
        "vendor": model.vendor.code,
        "version": model.version.name,
        "price": model.pricing.price,
        "streams": model.supports_streaming,
        "sync_only": model.is_sync_only,
        "async_capable": model.is_async_capable,
        "params": [[each.name, each.required, each.data_type, each.multiple_values] for each in model.params],
    }


def bare(value: Any) -> Any:
    """0.2.48 wraps what it reads from `inputs`."""
    return getattr(value, "value", value)


@check
def read_inputs(aix: Any) -> Any:
    inputs = aix.Model.get("acme/shout").inputs
    return {
        "values": inputs.copy(),
        "names": list(inputs),
        "attribute": bare(inputs.times),
        "item": bare(inputs["mood"]),
        "contains": ["times" in inputs, "tims" in inputs],
    }


@check
def set_inputs(aix: Any) -> Any:
    model = aix.Model.get("acme/shout")
    model.inputs.times = 3
    model.inputs["mood"] = "angry"
    return model.run(text="hi").data


@check
def set_a_wrong_input(aix: Any) -> Any:
    aix.Model.get("acme/shout").inputs.times = ["many"]


@check
def set_an_unknown_input(aix: Any) -> Any:
    aix.Model.get("acme/shout").inputs.tims = 2


def result(found: Any) -> Any:
    return {"status": found.status, "completed": found.completed, "data": found.data}


@check
def run(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run(text="hi", times=2))


@check
def run_and_read_what_it_took(aix: Any) -> Any:
    ran = aix.Model.get("acme/shout").run(text="hi")
    return [type(ran.run_time).__name__, type(ran.used_credits).__name__]


@check
def run_a_model_that_tells_details(aix: Any) -> Any:
    return result(aix.Model.get("acme/coroutine").run(text="four"))


@check
def run_the_builtin_models(aix: Any) -> Any:
    found = aix.Model.search(path="aixplain/", page_size=100).results
    takes_text = [model for model in found if [each.name for each in model.params if each.required] == ["text"]]
    text = "The library is open. The library is quiet. People read books in the library, and a quiet library is good."
    return {model.path: aix.Model.get(model.id).run(text=text).status for model in takes_text}


@check
def run_for_somebody(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run(text="hi", identifier="user-1", session_id="session-1"))


@check
def run_with_options(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run(text="hi", options={"includeRawData": True}))


@check
def run_on_a_file_that_goes_up(aix: Any) -> Any:
    from aixplain.v2 import upload_file  # the official package's own

    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"x" * 1234)
        file.flush()
        address = upload_file(file.name, return_download_link=True)
    return aix.Model.get("acme/size").run(document=address).data


@check
def run_without_a_required_input(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run())


@check
def run_with_a_wrong_type(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run(text=3))


@check
def run_with_a_value_that_is_no_option(aix: Any) -> Any:
    return result(aix.Model.get("acme/shout").run(text="hi", mood="sad"))


@check
def run_an_asynchronous_model(aix: Any) -> Any:
    return result(aix.Model.get("acme/slow").run(text="done", steps=3, wait_time=0.2))


@check
def run_async_and_poll(aix: Any) -> Any:
    model = aix.Model.get("acme/slow")
    accepted = model.run_async(text="done", steps=10)
    first = model.poll(accepted.url)
    answer = first
    deadline = time.monotonic() + 30
    while not answer.completed and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = model.poll(accepted.url)
    return {"accepted": accepted.status, "first": first.status, "completed": first.completed, "last": result(answer)}


@check
def run_async_and_wait(aix: Any) -> Any:
    model = aix.Model.get("acme/slow")
    return result(model.sync_poll(model.run_async(text="done").url))


@check
def run_async_of_a_synchronous_model(aix: Any) -> Any:
    model = aix.Model.get("acme/shout")
    accepted = model.run_async(text="hi", times=3)
    return {"accepted": accepted.status, "last": result(model.sync_poll(accepted.url))}


@check
def run_out_of_time(aix: Any) -> Any:
    return result(aix.Model.get("acme/slow").run(text="late", steps=100, timeout=0.5, wait_time=0.2))


@check
def stream_with_run_stream(aix: Any) -> Any:
    with aix.Model.get("acme/count").run_stream(text="n", upto=3) as stream:
        chunks = [chunk.data for chunk in stream]
    return {"chunks": chunks, "status": stream.status.value}


@check
def stream_with_run(aix: Any) -> Any:
    return [chunk.data for chunk in aix.Model.get("acme/count").run(text="n", upto=3, stream=True)]


@check
def stream_a_model_that_does_not(aix: Any) -> Any:
    return [chunk.data for chunk in aix.Model.get("acme/shout").run_stream(text="x")]


@check
def stream_a_model_that_fails(aix: Any) -> Any:
    return [chunk.data for chunk in aix.Model.get("acme/broken-stream").run_stream(text="x")]


@check
def run_a_model_that_fails(aix: Any) -> Any:
    return result(aix.Model.get("acme/broken").run(text="x"))


@check
def run_a_model_that_fails_in_the_background(aix: Any) -> Any:
    return result(aix.Model.get("acme/broken-async").run(text="x", wait_time=0.2))


@check
def get_an_unknown_model(aix: Any) -> Any:
    return aix.Model.get("acme/shoot").path


@check
def poll_an_unknown_run(aix: Any) -> Any:
    model = aix.Model.get("acme/slow")
    address, _, last = model.run_async(text="x").url.rpartition("/")
    return result(model.poll(f"{address.rpartition('/')[0]}/nothing/{last}"))


@check
def use_as_a_tool(aix: Any) -> Any:
    model = aix.Model.get("acme/shout")
    return {"tool": model.as_tool(), "parameters": model.get_parameters(), "id": model.id}


def outcome(function: Any, aix: Any) -> dict[str, Any]:
    try:
        return {"value": function(aix)}
    except Exception as error:  # noqa: BLE001 - what a check raises is what it reports
        known = {"status_code": getattr(error, "status_code", None), "message": str(error)}
        return {"raised": [kind.__name__ for kind in type(error).__mro__], **known}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # the official client logs what it also raises
    client = Aixplain()
    json.dump({function.__name__: outcome(function, client) for function in CHECKS}, sys.stdout, default=repr)
