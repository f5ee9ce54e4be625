"""What both type checkers know of records and inputs. `./dev check` reads it; nothing runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_type

from aixplain import Aixplain, AsyncAixplain
from aixplain.v2.model import AsyncModel, Detail, Message, Model, ModelResult, Usage


@dataclass
class Person:
    name: str


def parse(result: ModelResult) -> None:
    assert_type(result.parse(Person), Person)
    assert_type(result.parse(dict[str, int]), dict[str, int])


def read_what_no_field_holds(result: ModelResult, usage: Usage, detail: Detail) -> None:
    assert_type(result.asset, Any)
    assert_type(result._raw_data, dict[str, Any])
    assert_type(usage.total_tokens, int | None)
    assert_type(usage.prompt_tokens_details, Any)
    assert_type(detail.message, Message)
    assert_type(detail.message.audio, Any)
    assert_type(result.details, list[Detail] | dict[str, Any] | None)
    assert_type(result.usage, Usage | None)


def copy_and_check(model: Model, other: AsyncModel) -> None:
    assert_type(model.clone(), Model)
    assert_type(other.clone(), AsyncModel)
    assert_type(model.check(text="hi"), list[str])
    assert_type(other.check(text="hi"), list[str])
    assert_type(model.inputs.json_schema(), dict[str, Any])


async def ask_for_a_class(aix: Aixplain, asynchronous: AsyncAixplain) -> None:
    model = aix.Model.get("acme/chat")
    assert_type(model.run(text="Who?", response_format=Person).parse(Person), Person)
    other = await asynchronous.Model.get("acme/chat")
    assert_type((await other.run(text="Who?", response_format=Person)).parse(Person), Person)
