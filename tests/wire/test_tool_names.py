"""Names of models as tools: valid everywhere, unique, and told back to the model."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aixplain._wire.tool_names import named_model, tool_name

ID = "669a63646eb56306647e1091"
PATHS = st.from_regex(r"[\w.:@+-]+(/[\w.:@+-]+)*", fullmatch=True)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shout", "shout"),
        ("acme/shout", "acme__shout"),
        ("openai/gpt-4o/openai", "openai__gpt-4o__openai"),
        ("acme/my_model", "acme__my_model"),
    ],
)
def test_a_plain_path_is_read_in_the_name(path: str, name: str) -> None:
    assert tool_name(path, ID) == name
    assert named_model(name) == path


@pytest.mark.parametrize("path", ["a/gpt-4.1", "a/b__c", "a/_b", "a_/b", "a/" + "x" * 70, f"a/b_{ID}", None, ""])
def test_any_other_path_is_named_by_the_id(path: str | None) -> None:
    assert named_model(tool_name(path, ID)) == ID


@given(PATHS)
def test_a_name_is_valid_and_leads_back(path: str) -> None:
    name = tool_name(path, ID)
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", name)
    assert named_model(name) in (path, ID)


@given(st.text(), st.text(min_size=1, max_size=80), st.text())
def test_a_name_is_valid_whatever_the_service_tells(path: str, id: str, title: str) -> None:
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", tool_name(path, id, title))
