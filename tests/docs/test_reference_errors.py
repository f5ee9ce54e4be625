"""The reference of errors draws the tree that there is, and names what errors carry."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import aixplain
from aixplain.v2 import exceptions
from aixplain.v2.exceptions import AixplainV2Error

PAGE = (Path(__file__).parents[2] / "docs" / "reference-errors.md").read_text("utf-8")
LINE = re.compile(r"([│ ├└─]*)(\w+)(?:\s+\((\w+)\))?")


def drawn_on_the_page() -> str:
    return PAGE.partition("```text\n")[2].partition("```")[0]


def drawn_in_the_module() -> str:
    lines = (exceptions.__doc__ or "").splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.startswith("    "))) + "\n"


def errors_below(error: type[AixplainV2Error]) -> Iterator[type[AixplainV2Error]]:
    yield error
    for each in error.__subclasses__():
        yield from errors_below(each)


def error_of(name: str) -> type[Exception]:
    """An error by its name in brackets: one of the module when it is an `AixplainV2Error`, else Python's own."""
    found: type[Exception] = getattr(builtins, name, None) or getattr(exceptions, name)
    return found


def test_the_page_draws_the_tree_of_the_module() -> None:
    assert drawn_on_the_page() == drawn_in_the_module()


def test_the_tree_has_every_error_under_its_parent() -> None:
    above: list[tuple[int, type[Exception]]] = []
    drawn = set()
    for line in drawn_on_the_page().splitlines():
        found = LINE.match(line)
        assert found is not None, line
        depth, error = len(found[1]), getattr(exceptions, found[2])
        above = [each for each in above if each[0] < depth]
        assert not above or above[-1][1] in error.__bases__, line
        assert found[3] is None or issubclass(error, error_of(found[3])), line
        above.append((depth, error))
        drawn.add(error)
    assert drawn == {each for each in errors_below(AixplainV2Error) if each.__module__ == exceptions.__name__}


def test_every_error_is_where_the_page_says() -> None:
    names = {each.__name__ for each in errors_below(AixplainV2Error) if each.__module__ == exceptions.__name__}
    assert names <= set(aixplain.__all__)


def test_every_attribute_of_an_error_is_in_the_table() -> None:
    carried = {
        name
        for each in errors_below(AixplainV2Error)
        if each.__module__ == exceptions.__name__
        for name in vars(each("something"))
    }
    assert {name for name in carried if f"`{name}`" not in PAGE} == set()
