"""A model as a tool, and its answer as a tool's. Needs the package `mcp`."""

from __future__ import annotations

import mimetypes
import re
from typing import Any
from urllib.parse import unquote

import mcp_types as types
import msgspec

from aixplain._wire.json_schema import json_schema
from aixplain._wire.messages import Parameter
from aixplain._wire.tool_names import tool_name
from aixplain.hub.endpoints.visits import Finished

_ADDRESS = re.compile(r"https?://[^\s/]+/\S+", re.IGNORECASE)


class _Asset(msgspec.Struct, rename="camel"):
    asset_path: str


class ModelTold(msgspec.Struct, rename="camel"):
    """What makes a model a tool, of what the catalog tells."""

    id: str
    name: str
    asset_info: _Asset
    description: str | None = None
    params: list[Parameter] = []


def tool_of(model: ModelTold) -> types.Tool:
    """The model as a tool."""
    return types.Tool(
        name=tool_name(model.asset_info.asset_path, model.id),
        title=model.name,
        description=model.description,
        input_schema=json_schema(model.params),
    )


def result_of(answer: Finished) -> types.CallToolResult:
    """The answer: text as it is, data as JSON, and files as links besides."""
    data = msgspec.json.decode(answer.data)
    text = data if isinstance(data, str) else bytes(answer.data).decode()
    links = [_link(each) for each in (data if isinstance(data, list) else [data]) if _is_address(each)]
    return types.CallToolResult(
        content=[types.TextContent(text=text), *links],
        structured_content=data if isinstance(data, dict) else None,  # no other JSON, for the protocol's older releases
        _meta={"requestId": answer.request_id},
    )


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def _link(address: str) -> types.ResourceLink:
    name = unquote(re.split(r"[?#]", address)[0].rpartition("/")[2]) or address
    return types.ResourceLink(uri=address, name=name, mime_type=mimetypes.guess_type(name)[0])
