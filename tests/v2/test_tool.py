"""A model as a tool of an agent: one dict, as agents expect it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aixplain import ValidationError
from aixplain.v2.enums import Language
from aixplain.v2.mixins import ToolableMixin
from aixplain.v2.model import Model, Parameter, VendorInfo, Version

TEMPERATURE = {
    "name": "temperature",
    "value": 0.7,
    "required": False,
    "datatype": "text",
    "allowMulti": False,
    "supportsVariables": False,
    "fixed": False,
    "description": "",
}


def test_a_model_is_a_tool(canned: Any, told: Any) -> None:
    assert canned.Model.from_dict(told()).as_tool() == {
        "id": "669a63646eb56306647e1091",
        "name": "GPT-4o",
        "description": "Answers",
        "supplier": "openai",
        "parameters": [TEMPERATURE],
        "function": "text-generation",
        "type": "model",
        "version": "v1",
        "assetId": "669a63646eb56306647e1091",
    }


def test_the_parameters_are_those_that_have_a_value(canned: Any, told: Any) -> None:
    model = canned.Model.from_dict(told())
    assert model.get_parameters() == [TEMPERATURE]
    model.inputs.text = ""
    model.inputs.temperature = 0
    assert [(each["name"], each["value"], each["required"]) for each in model.get_parameters()] == [
        ("text", "", True),
        ("temperature", 0, False),
    ]
    assert model.get_parameters() == model.as_tool()["parameters"]
    model.inputs.update(text=None, temperature=None)
    assert model.get_parameters() == []


def test_a_parameter_tells_whether_it_is_fixed_and_takes_several_values() -> None:
    several = Parameter("to", multiple_values=True, is_fixed=True, data_type="label", default_values=["fr", "es"])
    (told,) = Model(id="x", params=[several]).get_parameters()
    assert (told["value"], told["allowMulti"], told["fixed"], told["datatype"]) == (["fr", "es"], True, True, "label")


def test_what_is_not_known_is_left_blank() -> None:
    assert Model(id="x").as_tool() == {
        "id": "x",
        "name": "",
        "description": "",
        "supplier": "aixplain",
        "parameters": [],
        "function": None,
        "type": "model",
        "version": None,
        "assetId": "x",
    }


@pytest.mark.parametrize("vendor", [None, VendorInfo(), VendorInfo(7, "Nobody", None), VendorInfo(7, "Nobody", "")])
def test_the_supplier_is_the_vendor_s_code_else_aixplain(vendor: VendorInfo | None) -> None:
    assert Model(id="x", vendor=vendor).as_tool()["supplier"] == "aixplain"


def test_unknown_words_come_as_they_are() -> None:
    tool = Model(id="x", function="mind-reading", vendor=VendorInfo("v", "Nobody", "nobody"), version=Version("1")).as_tool()
    assert (tool["function"], tool["supplier"], tool["version"]) == ("mind-reading", "nobody", None)


def test_a_tool_is_plain_data() -> None:
    model = Model(id="x", params=[Parameter("language", data_type="label")])
    model.inputs.language = Language.SPANISH_MEXICO
    tool = model.as_tool()
    assert json.loads(json.dumps(tool)) == tool
    assert type(tool["parameters"][0]["value"]) is str


def test_a_model_that_is_deleted_or_unsaved_is_no_tool() -> None:
    model = Model(id="x")
    model.mark_as_deleted()
    with pytest.raises(ValidationError, match="Model has been deleted"):
        model.as_tool()
    with pytest.raises(ValidationError, match="Model has not been saved yet"):
        Model().as_tool()
    with pytest.raises(ValidationError, match="Model has been deleted"):
        model.as_openai_tool()


def test_a_model_is_a_tool_of_an_llm(canned: Any, told: Any) -> None:
    assert canned.Model.from_dict(told()).as_openai_tool() == {
        "type": "function",
        "function": {
            "name": "openai__gpt-4o__openai",
            "description": "Answers",
            "parameters": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "temperature": {"type": "number", "default": 0.7}},
                "required": ["text"],
                "additionalProperties": False,
            },
        },
    }


def test_a_tool_of_an_llm_that_has_no_path_is_named_by_its_id() -> None:
    model = Model(id="669a63646eb56306647e1091", name="Übersetzer 2.0")
    assert model.as_openai_tool()["function"]["name"] == "-bersetzer-2-0_669a63646eb56306647e1091"


def test_a_model_is_toolable() -> None:
    assert isinstance(Model(), ToolableMixin)
