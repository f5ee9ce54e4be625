"""A script as people write it against the official package, from the examples of its reference. It prints what it gets."""

from __future__ import annotations

import logging
from typing import Any

from aixplain.v2 import Aixplain
from aixplain.v2.exceptions import AixplainV2Error, APIError, TimeoutError, ValidationError
from aixplain.v2.model import Detail, Message, ModelResponseStreamer, ModelResult, Parameter, StreamChunk, Usage


def find(aix: Any) -> None:
    page = aix.Model.search("sentiment", page_size=3)
    print(page.page_number, page.total, page["total"], [model.path for model in page.results])
    print([model.path for model in aix.Model.search(path="aixplain/", page_size=50).results])
    print([model.name for model in aix.Model.search(functions=["text-summarization"], host="aixplain-hub").results])
    model = aix.Model.get("aixplain/sentiment")
    again = aix.Model.get(model.id)
    print(again.id == model.id, again.name, again.path, again.host, again.developer, again.vendor.code, again.status.value)
    print(again.supports_streaming, again.connection_type, again.is_sync_only, again.is_async_capable, again.pricing.price)


def configure(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    print(model.inputs.copy(), list(model.inputs), len(model.inputs), "times" in model.inputs)
    print(sorted(model.inputs.keys()), model.inputs.get("nothing", "default"))
    for parameter in model.params:
        print(parameter.name, parameter.required, parameter.data_type, parameter.default_values, parameter.available_options)
    model.inputs.times = 2
    model.inputs["mood"] = "angry"
    print(model.run(text="hello").data)
    model.inputs = {"times": 4}
    print(model.run(text="hello", mood="glad").data)
    model.inputs.update(times=5)
    print(model.run(text="hello").data, model.inputs.copy())


def run(aix: Any) -> None:
    for path, text in (("aixplain/sentiment", "I love this"), ("aixplain/identify-language", "Guten Morgen, wie geht es dir?")):
        result = aix.Model.get(path).run(text=text)
        print(path, isinstance(result, ModelResult), result.status, result.completed, result.data, result.error_message)
    slow = aix.Model.get("acme/slow")
    print(slow.run(text="waited for", steps=4, timeout=60, wait_time=0.2).data)
    accepted = slow.run_async(text="polled for", steps=4)
    print(accepted.status, accepted.completed, accepted.url is not None)
    print(slow.sync_poll(accepted.url, timeout=60, wait_time=0.2).data, slow.poll(accepted.url).completed)
    quick = aix.Model.get("acme/shout")
    print(quick.sync_poll(quick.run_async(text="in the background").url).data)


def stream(aix: Any) -> None:
    model = aix.Model.get("acme/count")
    with model.run_stream(text="n", upto=4) as chunks:
        print(isinstance(chunks, ModelResponseStreamer))
        for chunk in chunks:
            print(isinstance(chunk, StreamChunk), chunk.status.value, chunk.data, end=" | ", flush=True)
    print(chunks.status.value)
    print("".join(chunk.data for chunk in model.run_stream(text="m")))


def fail(aix: Any) -> None:
    shout, slow = aix.Model.get("acme/shout"), aix.Model.get("acme/slow")
    mistakes = {
        "a missing input": lambda: shout.run(),
        "a wrong type": lambda: shout.run(text=3),
        "two wrong types": lambda: shout.run(text=3, times=["x"]),
        "a model that raises": lambda: aix.Model.get("acme/broken").run(text="x"),
        "a model that fails later": lambda: aix.Model.get("acme/broken-async").run(text="x", wait_time=0.2),
        "a model that doesn't stream": lambda: shout.run_stream(text="x"),
        "an unknown model": lambda: aix.Model.get("acme/nothing-like-it"),
        "a deadline": lambda: slow.run(text="late", steps=100, timeout=0.5, wait_time=0.2),
    }
    for name, mistake in mistakes.items():
        try:
            mistake()
        except (ValueError, AixplainV2Error) as error:
            kinds = [kind.__name__ for kind in (ValueError, ValidationError, APIError, TimeoutError) if isinstance(error, kind)]
            words = str(error).partition(". ")[0].rstrip(".")  # what follows the first sentence is advice
            print(name, kinds[:1], getattr(error, "status_code", None), words)


def use_as_a_tool(aix: Any) -> None:
    model = aix.Model.get("acme/shout")
    tool = model.as_tool()
    print({name: tool[name] for name in ("name", "description", "supplier", "type")}, tool["id"] == model.id)
    print([(each["name"], each["value"], each["required"], each["datatype"]) for each in model.get_parameters()])


def make_records() -> None:
    print(Message("assistant", "hi").content, Detail(0, Message("assistant", "hi")).message.role)
    print(Usage(1, 2, 3).total_tokens, Parameter("text", True).name, ModelResult("SUCCESS", True).status)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    client = Aixplain()
    find(client)
    configure(client)
    run(client)
    stream(client)
    fail(client)
    use_as_a_tool(client)
    make_records()
