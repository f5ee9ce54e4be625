"""What both colours of a model share: the record as the catalog gives it, and all that needs no wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import msgspec

from aixplain._wire.messages import (
    AssetInfo,
    Attribute,
    FunctionInfo,
    Parameter,
    Pricing,
    VendorInfo,
    Version,
)
from aixplain._wire.records import read
from aixplain.v2 import _operations as operations
from aixplain.v2 import enums
from aixplain.v2._flow import Operation
from aixplain.v2._inputs import InputsProxy, validate
from aixplain.v2._search import SearchCall, not_the_protocol, page_decoder, read_page, search_body
from aixplain.v2._settings import Settings
from aixplain.v2.enums import AssetStatus
from aixplain.v2.exceptions import InputError, ValidationError
from aixplain.v2.mixins import ToolDict
from aixplain.v2.resource import BaseResource, PageParts

if TYPE_CHECKING:
    from aixplain.v2._client_base import ClientBase
    from aixplain.v2.enums import Function, Supplier

SelfT = TypeVar("SelfT", bound="ModelBase")


def find_supplier_by_id(supplier_id: str | int) -> Supplier | None:
    """The supplier of this id; None for one that isn't known.

    >>> find_supplier_by_id("1777")
    <Supplier.OPENAI: 'openai'>
    """
    return next((supplier for supplier in enums.Supplier if str(supplier.id) == str(supplier_id)), None)


def find_function_by_id(function_id: str) -> Function | None:
    """The function of this id, in either spelling; None for one that isn't known.

    >>> find_function_by_id("text-generation") is find_function_by_id("TEXT_GENERATION")
    True
    """
    return enums.Function.lookup(function_id)


class ModelFields(BaseResource, rename="camel", dict=True, weakref=True, kw_only=True):
    """A model as the wire has it. The parts that few callers read are decoded when they are read."""

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
    # Raw admits null too; a union with None would admit null alone.
    attributes: msgspec.Raw = msgspec.Raw()
    params: msgspec.Raw = msgspec.Raw()
    asset_info: AssetInfo | None = None

    def __post_init__(self) -> None:
        if isinstance(self.status, str):
            self.status = _STATUSES.get(self.status, self.status)
        if isinstance(self.function, dict):
            self.function = _function(self.function)
        if self.path is None and self.asset_info is not None:
            self.path = self.asset_info.instance_id or self.asset_info.asset_path


_STATUSES: dict[str, str] = {status.wire: status for status in AssetStatus}


def _function(told: dict[str, Any]) -> Function | str | None:
    id = told.get("id")
    return enums.Function._value2member_map_.get(id, id)  # type: ignore[return-value]


def _read_later(name: str, load: Callable[[Any], Any]) -> Any:
    """A property over a field that is decoded when first read."""
    slot = getattr(ModelFields, name)

    def fget(self: ModelFields) -> Any:
        value = slot.__get__(self)
        if isinstance(value, msgspec.Raw):
            value = load(msgspec.json.decode(value) if value else None)
            slot.__set__(self, value)
        return value

    return property(fget, slot.__set__)


def _read_params(told: Any) -> list[Parameter]:
    return read(list[Parameter], told) if isinstance(told, list) else []


def _read_attributes(told: Any) -> list[Attribute]:
    """Attributes come as a list of records, or as one object by name."""
    if isinstance(told, dict):
        return [Attribute(name, name, value) for name, value in told.items()]
    return read(list[Attribute], told) if isinstance(told, list) else []


class ModelBase(ModelFields, rename="camel", dict=True, weakref=True, kw_only=True):
    """All of a model that needs no wire: its inputs, its checks, its form as a tool."""

    RESOURCE_PATH: ClassVar[str] = "v2/models"
    context: ClassVar[Any] = None
    """The client that this class belongs to: `Aixplain().Model` is bound, `Model` itself is not."""
    _page_decoder: ClassVar[Any] = None

    if TYPE_CHECKING:
        params: list[Parameter]  # type: ignore[assignment]
        attributes: list[Attribute]  # type: ignore[assignment]
    else:
        attributes = _read_later("attributes", _read_attributes)
        params = _read_later("params", _read_params)

    @property
    def inputs(self) -> InputsProxy:
        """The model's inputs with their current values: `model.inputs.temperature = 0.7`."""
        inputs: InputsProxy | None = vars(self).get("_inputs")
        if inputs is None:
            inputs = vars(self)["_inputs"] = InputsProxy(self)
        return inputs

    @inputs.setter
    def inputs(self, values: Mapping[str, Any]) -> None:
        self.inputs.update(values)

    @property
    def is_sync_only(self) -> bool:
        """Whether the model only runs synchronously. False when the service doesn't say."""
        return _ways(self) == {"synchronous"}

    @property
    def is_async_capable(self) -> bool:
        """Whether the model runs asynchronously. True when the service doesn't say."""
        ways = _ways(self)
        return not ways or "asynchronous" in ways

    def mark_as_deleted(self) -> None:
        """Note that the model is gone: it can't be run any more."""
        self.status = AssetStatus.DELETED

    def build_run_url(self, **kwargs: Any) -> str:
        """The address that runs of this model are posted to."""
        self._ensure_valid_state()
        return operations.run_url(self._settings(), self.id or "")

    def get_parameters(self) -> list[dict[str, Any]]:
        """The inputs that have a value, as a tool's parameters."""
        values = self.inputs.copy()
        return [_tool_parameter(each, values[each.name]) for each in self.params if values[each.name] is not None]

    def as_tool(self) -> ToolDict:
        """The model as a tool of an agent.

        `id` and `assetId` are the model's id, `supplier` the vendor's code, `parameters` what `get_parameters` gives,
        `function` and `version` their ids; `type` is always "model".
        """
        self._ensure_valid_state()
        function = self.function
        return {
            "id": self.id or "",
            "name": self.name or "",
            "description": self.description or "",
            "supplier": (self.vendor.code if self.vendor else None) or "aixplain",
            "parameters": self.get_parameters(),
            "function": function.wire if isinstance(function, enums.Function) else function or "",
            "type": "model",
            "version": (self.version.id if self.version else None) or "",
            "assetId": self.id or "",
        }

    def to_dict(self) -> dict[str, Any]:
        """The model as plain data, under the names of the wire."""
        self.params, self.attributes  # noqa: B018 - decodes what was not read yet
        plain = super().to_dict()
        function = self.function
        plain["function"] = (
            {"id": function.wire, "name": function.label}
            if isinstance(function, enums.Function)
            else msgspec.to_builtins(FunctionInfo(function))
            if function
            else None
        )
        return plain

    @classmethod
    def bound_to(cls, client: ClientBase[Any]) -> type[Self]:
        """This class for one client: what it gets and finds belongs to that client."""
        space = {"context": client, "__module__": cls.__module__, "__doc__": cls.__doc__}
        metaclass: Any = type(cls)
        bound: type[Self] = metaclass(cls.__name__, (cls,), space)
        return bound

    # --- What both colours ask before they send -----------------------------------------------------

    @classmethod
    def _client(cls) -> ClientBase[Any]:
        if cls.context is None:
            raise ValidationError(
                f"{cls.__name__} belongs to no client. Use the one of a client: Aixplain().Model, or Aixplain.local().Model"
            )
        client: ClientBase[Any] = cls.context
        return client

    @classmethod
    def _settings(cls) -> Settings:
        return cls._client().settings

    def _ensure_valid_state(self) -> None:
        if not self.id:
            raise ValidationError("Model has not been saved yet")
        if self.status == AssetStatus.DELETED:
            raise ValidationError("Model has been deleted")

    def _prepare(self, given: dict[str, Any], controls: operations.Run) -> operations.Run:
        """The run with its inputs: the model's values, then the call's, checked."""
        self._ensure_valid_state()
        held = self.inputs
        inputs = {name: value for name, value in {**held._values, **given}.items() if value is not None}
        checked: dict[str, Any] = inputs
        if held._takes_files:
            from aixplain.v2._files import local_files  # few models take files

            controls.files = local_files(self.params, inputs)
            checked = {**inputs, **{name: file.name for name, file in controls.files.items()}}
        validate(held, checked, strict=self._settings().strict)
        controls.model_id, controls.inputs = self.id or "", inputs
        controls.path, controls.function = self.path, self.function
        return controls

    def _ensure_streams(self) -> None:
        self._ensure_valid_state()
        if self.supports_streaming is False:
            raise ValidationError(f"Model '{self.name}' (id={self.id}) does not support streaming.")

    @classmethod
    def _search_call(cls, query: str | None, filters: dict[str, Any]) -> SearchCall:
        path = filters.get("resource_path") or cls.RESOURCE_PATH
        return SearchCall(search_body({**filters, "query": query}), filters.get("api_key"), path)

    @classmethod
    def _search_operation(cls, call: SearchCall) -> Operation[bytes]:
        return operations.search(cls._settings(), call.wanted, call.api_key, call.path)

    @classmethod
    def _get_call(cls, id: str, options: dict[str, Any]) -> Operation[bytes]:
        if not isinstance(id, str) or not id.strip():
            raise InputError(f"A model is got by its id or its path, not by {id!r}")
        path = options.get("resource_path") or cls.RESOURCE_PATH
        return operations.get(cls._settings(), id, options.get("host"), options.get("api_key"), path)

    @classmethod
    def _page_parts(cls, body: bytes) -> PageParts[Self]:
        if "_page_decoder" not in cls.__dict__:
            cls._page_decoder = page_decoder(cls)
        return read_page(cls, body, cls._page_decoder)

    @classmethod
    def _from_answer(cls, body: bytes) -> Self:
        try:
            return msgspec.json.decode(body, type=cls)
        except msgspec.ValidationError:
            return cls._from_odd_answer(body)
        except msgspec.DecodeError as error:
            raise not_the_protocol(body) from error

    @classmethod
    def _from_odd_answer(cls, body: bytes) -> Self:
        try:
            return read(cls, msgspec.json.decode(body))
        except msgspec.ValidationError as error:
            raise not_the_protocol(body) from error

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and copies without the client, and so without its key; a copy of a bound model stays bound."""
        return _rebuild, (_unbound(type(self)), self.to_dict(), self.inputs.copy())

    def __copy__(self) -> Self:
        return _rebuild(type(self), self.to_dict(), self.inputs.copy())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()


def _unbound(kind: type[ModelBase]) -> type[ModelBase]:
    return next(base for base in kind.__mro__ if issubclass(base, ModelBase) and base.context is None)


def _rebuild(kind: type[SelfT], plain: dict[str, Any], values: dict[str, Any]) -> SelfT:
    model = kind.from_dict(plain)
    model.inputs._values.update(values)
    return model


def _ways(model: ModelBase) -> set[str]:
    return {str(way).lower() for way in model.connection_type or ()}


def _tool_parameter(parameter: Parameter, value: Any) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "value": value,
        "required": parameter.required,
        "datatype": parameter.data_type,
        "allowMulti": parameter.multiple_values,
        "supportsVariables": False,
        "fixed": parameter.is_fixed,
        "description": "",
    }
