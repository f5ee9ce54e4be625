"""The two colours are one surface: what blocks and what is awaited have the same names, parameters and types."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from typing import Any, get_overloads

import pytest

from aixplain.v2.client import AixplainClient, AsyncAixplainClient
from aixplain.v2.core import Aixplain, AsyncAixplain
from aixplain.v2.model import AsyncModel, AsyncModelResponseStreamer, Model, ModelResponseStreamer
from aixplain.v2.resource import AsyncPage, Page

PAIRS = [
    (Model, AsyncModel),
    (Aixplain, AsyncAixplain),
    (AixplainClient, AsyncAixplainClient),
    (ModelResponseStreamer, AsyncModelResponseStreamer),
    (Page, AsyncPage),
]
MADE_BY_PEOPLE = [(Aixplain, AsyncAixplain), (AixplainClient, AsyncAixplainClient)]

#: A blocking stream is open when its reader gets it; an asynchronous one is sent when something is first awaited.
ONLY_ASYNC = {"AsyncModelResponseStreamer": {"open", "aclose"}}
#: These give at once what is then awaited, or have nothing to wait for.
NOT_AWAITED = {
    *("AsyncModel.map", "AsyncModel.run_stream", "AsyncAixplain.local", "AsyncPage.of"),
    "AsyncModelResponseStreamer.__aiter__",
}
#: What `with` and `for` call, in either colour.
PROTOCOLS = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__"}


def names(kind: type) -> set[str]:
    """The names that people use, and the protocols, under the names of the blocking ones."""
    blocking = {theirs: ours for ours, theirs in PROTOCOLS.items()}
    every = {blocking.get(name, name) for name in dir(kind)}
    return {name for name in every if not name.startswith("_") or name in PROTOCOLS}


def name_of(awaited: type, name: str) -> str:
    """Under which name the asynchronous class has it. A page is iterated without waiting in both colours."""
    asynchronous = PROTOCOLS.get(name, name)
    return asynchronous if hasattr(awaited, asynchronous) else name


def called(kind: type, name: str) -> Any:
    """The function behind a method or a property; None for a field."""
    found = inspect.getattr_static(kind, name)
    if isinstance(found, property):
        return found.fget
    if isinstance(found, cached_property):
        return found.func
    return getattr(found, "__func__", found) if inspect.isroutine(found) else None


def surface(function: Any) -> tuple[Any, ...]:
    """Parameters and result as a reader sees them, without the words of one colour."""
    signature = inspect.signature(function)
    parameters = [(each.name, each.kind, each.default, uncoloured(each.annotation)) for each in signature.parameters.values()]
    return (*parameters, uncoloured(signature.return_annotation))


def uncoloured(annotation: Any) -> str:
    """An annotation as the blocking colour writes it.

    >>> uncoloured("Callable[[], Awaitable[AsyncPage[int]]] | AsyncGenerator[int, None]")
    'Callable[[], Page[int]] | Generator[int, None, None]'
    >>> uncoloured("Iterable[int] | AsyncIterable[int]")
    'Iterable[int]'
    """
    blocking = re.sub(r"Awaitable\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", r"\1", str(annotation))
    blocking = re.sub(r"AsyncGenerator\[(.*), None\]", r"Generator[\1, None, None]", blocking).replace("Async", "")
    return " | ".join(dict.fromkeys(blocking.split(" | ")))


METHODS = [
    pytest.param(blocking, awaited, name, id=f"{blocking.__name__}.{name}")
    for blocking, awaited in PAIRS
    for name in sorted(names(blocking))
    if called(blocking, name)
]
each_method = pytest.mark.parametrize(("blocking", "awaited", "name"), METHODS)


@pytest.mark.parametrize(("blocking", "awaited"), PAIRS)
def test_the_two_colours_have_the_same_names(blocking: type, awaited: type) -> None:
    assert names(awaited) - ONLY_ASYNC.get(awaited.__name__, set()) == names(blocking)


@each_method
def test_a_method_takes_and_gives_the_same_in_both_colours(blocking: type, awaited: type, name: str) -> None:
    ours, theirs = called(blocking, name), called(awaited, name_of(awaited, name))
    assert surface(ours) == surface(theirs)
    assert [surface(each) for each in get_overloads(ours)] == [surface(each) for each in get_overloads(theirs)]


@each_method
def test_what_blocks_in_one_colour_is_awaited_in_the_other(blocking: type, awaited: type, name: str) -> None:
    ours, theirs = called(blocking, name), called(awaited, name_of(awaited, name))
    is_property = isinstance(inspect.getattr_static(blocking, name), property | cached_property)
    waits = not is_property and ours is not theirs and theirs.__qualname__ not in NOT_AWAITED
    assert (inspect.iscoroutinefunction(theirs) or inspect.isasyncgenfunction(theirs)) == waits
    assert not inspect.iscoroutinefunction(ours)


@pytest.mark.parametrize(("blocking", "awaited"), MADE_BY_PEOPLE)
def test_a_client_is_made_with_the_same_arguments_in_both_colours(blocking: Any, awaited: Any) -> None:
    assert surface(blocking.__init__) == surface(awaited.__init__)
