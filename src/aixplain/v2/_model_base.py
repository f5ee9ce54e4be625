"""What both colours of a model share: the record as the catalog gives it, and all that needs no wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

import msgspec

from aixplain._wire.messages import RUN_HEADER_NAMES, Parameter
from aixplain._wire.open_records import decode_open
from aixplain._wire.plain_data import PLAIN_TYPES, is_surely_sendable, plain
from aixplain._wire.validation import did_you_mean, shown
from aixplain.v2 import _operations as operations
from aixplain.v2 import enums
from aixplain.v2._flow import Operation
from aixplain.v2._inputs.form import validate
from aixplain.v2._inputs.proxy import InputsProxy
from aixplain.v2._inputs.signature import shows_inputs
from aixplain.v2._model_fields import ModelFields
from aixplain.v2._search import SearchCall, not_the_protocol, page_decoder, read_page, search_body
from aixplain.v2._settings import Settings
from aixplain.v2.enums import AssetStatus
from aixplain.v2.exceptions import FileUploadError, InputError, ValidationError
from aixplain.v2.mixins import OpenAIFunctionDict, OpenAIToolDict, ToolDict
from aixplain.v2.resource import BaseGetParams, PageParts

if TYPE_CHECKING:
    from aixplain.v2._client_base import ClientBase
    from aixplain.v2.enums import Function, Supplier


def find_supplier_by_id(supplier_id: str | int) -> Supplier | None:
    """The supplier of this id; None for one that isn't known.

    >>> find_supplier_by_id("1777")
    <Supplier.OPENAI: 'openai'>
    """
    found = enums.Supplier.lookup(supplier_id)
    return found if found is not None and str(found.id) == str(supplier_id).strip() else None


def find_function_by_id(function_id: str) -> Function | None:
    """The function of this id, in either spelling; None for one that isn't known.

    >>> find_function_by_id("text-generation") is find_function_by_id("TEXT_GENERATION")
    True
    """
    return enums.Function.lookup(function_id)


class ModelBase(ModelFields, rename="camel", kw_only=True):
    """All of a model that needs no wire: its inputs, its checks, its form as a tool."""

    RESOURCE_PATH: ClassVar[str] = "v2/models"
    _page_decoder: ClassVar[Any] = None

    @property
    def inputs(self) -> InputsProxy:
        """The model's inputs with their current values: `model.inputs.temperature = 0.7`."""
        inputs: InputsProxy | None = vars(self).get("_inputs")
        if inputs is not None:
            return inputs
        made: InputsProxy = vars(self).setdefault("_inputs", InputsProxy(self))  # one for all threads
        return made

    @inputs.setter
    def inputs(self, values: Mapping[str, Any]) -> None:
        self.inputs.update(values)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from aixplain.v2._notebook.catalog import model_html

        return model_html(self)

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

    def clone(self) -> Self:
        """The same model, of the same client, with inputs of its own that begin with these values."""
        return self.__copy__()

    @shows_inputs
    def check(self, /, **inputs: Any) -> list[str]:
        """What is wrong about a run with these inputs, a sentence each; nothing is sent, and nothing awaited.

        An empty list is a run that would be sent. A name that the model doesn't know counts, though a run only warns of it.
        """
        try:
            self._prepare(inputs, operations.Run("", {}), strict=True, is_sent=False)
        except (ValidationError, FileUploadError) as error:
            return list(error.details.get("problems", [error.message]))
        return []

    def get_parameters(self) -> list[dict[str, Any]]:
        """The inputs that have a value, as a tool's parameters."""
        values = self.inputs.copy()
        parameters = self.inputs._form.parameters.values()
        return [_tool_parameter(each, values[each.name]) for each in parameters if values[each.name] is not None]

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
            "function": function.wire if isinstance(function, enums.Function) else function or None,
            "type": "model",
            "version": (self.version.id if self.version else None) or None,
            "assetId": self.id or "",
        }

    def as_openai_tool(self) -> OpenAIToolDict:
        """The model as a tool of an LLM, for the `tools` of a chat in OpenAI's shape.

        The name is the model's path with `__` for `/`, in the letters that every service takes and 64 of them at most; one that
        can't be told so has the model's id behind it. The parameters are the schema of the inputs. Raises `ValidationError` for
        a model that is deleted or unsaved.
        """
        from aixplain._wire.tool_names import tool_name  # few need it

        self._ensure_valid_state()
        schema = {key: value for key, value in self.inputs.json_schema().items() if key != "$schema"}
        name = tool_name(self.path, self.id or "", self.name or "")
        function: OpenAIFunctionDict = {"name": name, "description": self.description or "", "parameters": schema}
        return {"type": "function", "function": function}

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

    def _prepare(
        self, given: dict[str, Any], controls: operations.Run, *, strict: bool | None = None, is_sent: bool = True
    ) -> operations.Run:
        """The run with its inputs: the model's values, then the call's, checked.

        Whether JSON has the values is found by the request itself, unless none is sent, or files go up before it.
        """
        self._ensure_valid_state()
        held = self.inputs
        inputs = {
            name: value if type(value) in PLAIN_TYPES else plain(value)
            for name, value in {**held._values, **given}.items()
            if value is not None
        }
        if "response_format" in inputs:
            from aixplain.v2._inputs.structured import response_format  # few runs want one

            inputs["response_format"] = response_format(inputs["response_format"])
        checked: dict[str, Any] = inputs
        if held._form.takes_files:
            from aixplain.v2._files.local import local_files, names_of  # few models take files

            controls.files = local_files(self.params, inputs)
            checked = {**inputs, **{name: names_of(found) for name, found in controls.files.items()}}
        if "options" in inputs and not isinstance(inputs["options"], dict):
            raise InputError(f"options is a dict of the switches of a run, not {shown(inputs['options'])}")
        validate(held._form, checked, strict=self._settings().strict if strict is None else strict)
        if (controls.files or not is_sent) and not is_surely_sendable(inputs):
            operations.body_of({name: value for name, value in inputs.items() if name not in controls.files})
        if not RUN_HEADER_NAMES.isdisjoint(inputs):
            for name in RUN_HEADER_NAMES & inputs.keys():
                _check_header(name, inputs[name])
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
        return SearchCall(search_body({**filters, "query": query}), filters.get("api_key") or cls._settings().api_key, path)

    @classmethod
    def _search_operation(cls, call: SearchCall) -> Operation[bytes]:
        return operations.search(cls._settings(), call.wanted, call.api_key, call.path)

    @classmethod
    def _get_call(cls, id: str, options: dict[str, Any]) -> Operation[bytes]:
        if not isinstance(id, str) or not id.strip():
            raise InputError(f"A model is got by its id or its path, not by {shown(id)}")
        known = BaseGetParams.__annotations__
        for name in options.keys() - known.keys() if options else ():
            raise InputError(f"'{name}' is nothing that a get takes{did_you_mean(name, known)}")
        path = options.get("resource_path") or cls.RESOURCE_PATH
        return operations.get(cls._settings(), id, options.get("host"), options.get("api_key"), path)

    @classmethod
    def _page_parts(cls, body: bytes, call: SearchCall) -> PageParts[Self]:
        if "_page_decoder" not in cls.__dict__:
            cls._page_decoder = page_decoder(cls)
        return read_page(cls, body, cls._page_decoder, call)

    @classmethod
    def _from_answer(cls, body: bytes, api_key: str | None = None) -> Self:
        try:
            return decode_open(cls, body)
        except msgspec.DecodeError as error:
            raise not_the_protocol(body, api_key or cls._settings().api_key) from error


#: Of a number in a header; Python writes none of many thousands of digits.
MAX_HEADER_BITS = 1024


def _check_header(name: str, value: Any) -> None:
    """Raise `InputError` for an argument that can't travel as a header."""
    is_number = isinstance(value, int) and value.bit_length() <= MAX_HEADER_BITS
    if not (is_number or (isinstance(value, str | UUID) and str(value).isprintable())):
        raise InputError(f"{name} is sent as a header: a text in one line, without control characters, not {shown(value)}")


def _ways(model: ModelBase) -> set[str]:
    return {str(way).lower() for way in model.connection_type or ()}


def _tool_parameter(parameter: Parameter, value: Any) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "value": plain(value),
        "required": parameter.required,
        "datatype": parameter.data_type,
        "allowMulti": parameter.multiple_values,
        "supportsVariables": False,
        "fixed": parameter.is_fixed,
        "description": "",
    }
