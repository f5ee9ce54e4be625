"""A model as a record: what the catalog says of it, and how it is compared, copied and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import msgspec

from aixplain._wire.messages import AssetInfo, Attribute, FunctionInfo, Parameter, Pricing, VendorInfo, Version
from aixplain._wire.open_records import decode_all_open, read_all_open, read_late
from aixplain._wire.records import parse
from aixplain.v2 import enums
from aixplain.v2.enums import AssetStatus
from aixplain.v2.resource import BaseResource

if TYPE_CHECKING:
    from aixplain.v2.enums import Function

FieldsT = TypeVar("FieldsT", bound="ModelFields")

_decode_params = msgspec.json.Decoder(list[Parameter]).decode
_decode_attributes = msgspec.json.Decoder(list[Attribute]).decode
_STATUSES: dict[str, str] = {status.wire: status for status in AssetStatus}


def _read_params(body: msgspec.Raw) -> list[Parameter]:
    try:
        return decode_all_open(_decode_params, body)
    except msgspec.DecodeError:
        return read_all_open(Parameter, parse(body) if body else None)


def _read_attributes(body: msgspec.Raw) -> list[Attribute]:
    """Attributes come as a list of records, or as one object by name."""
    try:
        return decode_all_open(_decode_attributes, body)
    except msgspec.DecodeError:
        told = parse(body) if body else None
    if isinstance(told, dict):
        return [Attribute(name, name, value) for name, value in told.items()]
    return read_all_open(Attribute, told)


if TYPE_CHECKING:
    _Params = list[Parameter]
    _Attributes = list[Attribute]
else:
    # Raw admits null too; a union with None would admit null alone.
    _Params = _Attributes = msgspec.Raw


@read_late(params=_read_params, attributes=_read_attributes)
class ModelFields(BaseResource, rename="camel", kw_only=True):
    """A model as the wire has it. The parts that few callers read are decoded when they are read."""

    context: ClassVar[Any] = None
    """The client that this class belongs to: `Aixplain().Model` is bound, `Model` itself is not."""

    path: str | None = None
    service_name: str | None = None
    status: str | None = None
    host: str | None = None
    developer: str | None = None
    vendor: VendorInfo | None = None
    function: Any = None
    pricing: Pricing | None = None
    version: Version | None = None
    function_type: str | None = None
    type: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    supports_streaming: bool | None = None
    supports_byoc: bool | None = msgspec.field(default=None, name="supportsBYOC")
    connection_type: list[str] | None = None
    attributes: _Attributes = []
    params: _Params = []
    asset_info: AssetInfo | None = None

    def __post_init__(self) -> None:
        if isinstance(self.status, str):
            self.status = _STATUSES.get(self.status, self.status)
        if isinstance(self.function, dict):
            self.function = _function(self.function)
        elif isinstance(self.function, list):
            self.function = None  # what is no function stays in `_raw_data`
        if self.path is None and self.asset_info is not None:
            self.path = self.asset_info.instance_id or self.asset_info.asset_path

    def to_dict(self) -> dict[str, Any]:
        """The model as plain data, under the names of the wire, with what no field holds."""
        plain = super().to_dict()
        if self.function is not None and "function" in plain:
            plain["function"] = self._function_info()
        return plain

    def _function_info(self) -> Any:
        function = self.function
        told = (self._told() or {}).get("function")
        if isinstance(told, dict) and told.get("id") == function:
            return told
        if isinstance(function, enums.Function):
            return {"id": function.wire, "name": function.label}
        return msgspec.to_builtins(FunctionInfo(function)) if isinstance(function, str) else function

    # --- Equal, copied, pickled: always without the client ------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelFields) or _unbound(type(self)) is not _unbound(type(other)):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    def __hash__(self) -> int:
        return hash((_unbound(type(self)), self.id))

    def __copy__(self) -> Self:
        from copy import copy  # slow to import

        twin = super().__copy__()
        if "_inputs" in vars(self):
            vars(twin)["_inputs"] = copy(vars(self)["_inputs"])
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy  # slow to import

        # As by way of a pickle, but the copy of a bound model stays bound.
        _, (_, fields), state = self.__reduce__()
        twin = _rebuild(type(self), deepcopy(fields, memo))
        vars(twin).update(deepcopy(state, memo))
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the client, and so without its key."""
        self._settle()
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return _rebuild, (_unbound(type(self)), fields), self._state()


def _function(told: dict[str, Any]) -> Function | str | None:
    id = told.get("id")
    known = enums.Function._value2member_map_
    return known.get(id, id) if isinstance(id, str) else None  # type: ignore[return-value]


def _unbound(kind: type[Any]) -> type[Any]:
    return next(base for base in kind.__mro__ if issubclass(base, ModelFields) and base.context is None)


def _rebuild(kind: type[FieldsT], fields: dict[str, Any]) -> FieldsT:
    return kind(**fields)
