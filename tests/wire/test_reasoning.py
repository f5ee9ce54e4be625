"""A message's reasoning, wherever a service tells it."""

from __future__ import annotations

from typing import Any

import pytest

from aixplain._wire.messages import Message

BLOCKS = [{"type": "reasoning.text", "text": "17 * "}, {"type": "reasoning.summary", "summary": "23"}]


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({"reasoning": "r"}, "r"),
        ({"reasoning_content": "c"}, "c"),
        ({"reasoning_content": None, "reasoning": "r"}, "r"),
        ({"reasoning_content": "", "reasoning": "r"}, "r"),
        ({"reasoning_content": "c", "reasoning": "r", "reasoning_details": BLOCKS}, "c"),
        ({"reasoning_details": BLOCKS}, "17 * 23"),
        ({"reasoning": None, "reasoning_details": [*BLOCKS, {"type": "reasoning.encrypted", "data": "x"}, None, 7]}, "17 * 23"),
        ({"reasoning_details": [{"type": "reasoning.summary", "summary": [{"text": "a"}, "b"]}]}, "ab"),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, None),
        ({"reasoning": 7}, None),
        ({"reasoning_content": ""}, ""),
        ({}, None),
    ],
)
def test_the_reasoning_is_read_from_the_first_key_that_has_any(told: dict[str, Any], wanted: str | None) -> None:
    message = Message.from_dict({"role": "assistant", **told})
    assert message.reasoning_content == wanted
    if told.get("reasoning_content") != "":
        assert message.to_dict() == {"role": "assistant", **told}


def test_a_message_made_by_hand_has_it_too() -> None:
    assert Message("assistant", reasoning="r").reasoning_content == "r"
