"""Sound as text, and text as sound, by models of a service that speaks OpenAI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from aixplain._wire.validation import is_number
from aixplain.hub.backends import Keep, OnProgress, Output
from aixplain.hub.backends.openai.form import Form
from aixplain.hub.backends.openai.messages import number
from aixplain.hub.backends.openai.upstream import Upstream, read_usage
from aixplain.hub.backends.whole import Whole

#: What a service speaks with that isn't told; OpenAI's first voice, which others know too.
VOICE = "alloy"


class _Transcript(msgspec.Struct):
    text: str
    duration: Any = None
    usage: msgspec.Raw = msgspec.Raw(b"")


class TranscriptionBackend(Whole):
    """Writes down what is said."""

    def __init__(self, upstream: Upstream, model: str) -> None:
        self._upstream = upstream
        self._model = model

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        told = {name: str(value) for name, value in inputs.items() if name != "source_audio"}
        form = Form({"model": self._model, "response_format": "json", **told}, Path(inputs["source_audio"]))
        answer = await self._upstream.post("/audio/transcriptions", form, form.content_type)
        found = self._upstream.decoded(answer.content, _Transcript, "no transcript")
        usage = read_usage(found.usage)
        told_length = found.duration if usage is None else usage.to_dict().get("seconds", found.duration)
        seconds = float(told_length) if is_number(told_length) else None  # what came is answered, whatever its length is
        return Output(found.text, usage=usage, seconds=seconds, raw_data=msgspec.Raw(answer.content))


class SpeechBackend(Whole):
    """Says a text: the answer is the address of a file."""

    def __init__(self, upstream: Upstream, model: str, keep: Keep) -> None:
        self._upstream = upstream
        self._model = model
        self._keep = keep

    async def run(self, inputs: dict[str, Any], on_progress: OnProgress) -> Output:
        """The whole answer. Raises `ModelError`."""
        body = {"model": self._model, "voice": VOICE, "response_format": "mp3", **inputs, "input": inputs["text"]}
        del body["text"]
        if "speed" in body:
            body["speed"] = number(body["speed"])
        answer = await self._upstream.post("/audio/speech", msgspec.json.encode(body))
        if "json" in answer.headers.get("content-type", ""):
            raise self._upstream.failed("what it answered is no sound.")
        return Output(await self._keep(f"speech.{body['response_format']}", answer.content))
