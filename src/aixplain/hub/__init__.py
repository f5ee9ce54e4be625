"""The hub: a server that answers the aiXplain protocol with models of its own.

>>> from typing import Annotated
>>> from aixplain.hub import Hub, Input
>>> hub = Hub()
>>> @hub.model("acme/shout", function="text-normalization")
... def shout(text: str, times: Annotated[int, Input(ge=1, le=5)] = 1) -> str:
...     return text.upper() + "!" * times
>>> hub.serve()  # doctest: +SKIP
"""

from __future__ import annotations

from aixplain._wire.messages import Usage
from aixplain.hub.backends import ModelError, Output
from aixplain.hub.backends.functions import Models, progress
from aixplain.hub.backends.signature import Audio, Document, Image, Input, Video
from aixplain.hub.errors import HubError
from aixplain.hub.hub import Hub
from aixplain.hub.settings import Settings

__all__ = [
    "Audio",
    "Document",
    "Hub",
    "HubError",
    "Image",
    "Input",
    "ModelError",
    "Models",
    "Output",
    "Settings",
    "Usage",
    "Video",
    "progress",
]
