"""One entry of the catalog: what a model is, and the bodies that tell it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from aixplain._wire.messages import Parameter

if TYPE_CHECKING:
    from aixplain.hub.backends import Backend

HOST = "aixplain-hub"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that this hub serves. From it come the MODEL body, the filters and, in time, every outlet's schema."""

    path: str
    function: str
    name: str
    description: str
    developer: str
    backend: Backend
    parameters: tuple[Parameter, ...] = ()
    version: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    target_languages: tuple[str, ...] = ()
    asynchronous: bool = False
    streams: bool = False
    supplier: tuple[int, str, str] = field(default=(1, "aiXplain", "aixplain"))

    @property
    def id(self) -> str:
        """24 hexadecimal digits, the same on every hub that serves this path."""
        return hashlib.sha256(self.path.encode()).hexdigest()[:24]

    @property
    def first_required(self) -> str | None:
        """The input that a bare `data` stands for."""
        required = [parameter.name for parameter in self.parameters if parameter.required]
        return required[0] if required else None

    def body(self, created_at: str, updated_at: str) -> dict[str, Any]:
        """The MODEL of the protocol."""
        number, name, code = self.supplier
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "status": "onboarded",
            "serviceName": None,
            "host": HOST,
            "developer": self.developer,
            "vendor": {"id": number, "name": name, "code": code},
            "function": {"id": self.function, "name": self.function.replace("-", " ").title()},
            "functionType": "ai",
            "type": "model",
            "pricing": {"price": 0.0, "unitType": "REQUEST", "unitTypeScale": None},
            "version": {"name": self.version, "id": f"{self.id}-{self.version}" if self.version else self.id},
            "createdAt": created_at,
            "updatedAt": updated_at,
            "supportsStreaming": self.streams,
            "supportsBYOC": False,
            "connectionType": ["asynchronous"] if self.asynchronous else ["synchronous"],
            "assetInfo": {"assetPath": self.path, "instanceId": self.path},
            "attributes": self._attributes(),
            "params": msgspec.to_builtins(self.parameters),
        }

    def _attributes(self) -> list[dict[str, Any]]:
        facts = {
            "license": self.license,
            "languages": ", ".join(self.languages) or None,
            "target languages": ", ".join(self.target_languages) or None,
        }
        return [{"name": name, "code": name, "value": value} for name, value in facts.items() if value]
