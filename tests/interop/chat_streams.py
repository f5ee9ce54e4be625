"""The official package streams a chat model of an upstream; it prints what it got, as JSON."""

from __future__ import annotations

import json

from aixplain.v2 import Aixplain

aix = Aixplain(api_key="a-key")
model = aix.Model.get("up/m")
with model.run_stream(text="hi") as stream:
    pieces = [chunk.data for chunk in stream]
print(json.dumps({"pieces": pieces, "status": stream.status.value}))
