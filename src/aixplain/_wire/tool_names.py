"""The name of a model where it is a tool of an LLM: unique among models, and in the letters that every service takes."""

from __future__ import annotations

import re

LONGEST = 64
#: A path that its name tells: words of letters, digits and hyphens, with single underscores within.
_PLAIN = re.compile(r"[a-zA-Z0-9-]+(_[a-zA-Z0-9-]+)*(/[a-zA-Z0-9-]+(_[a-zA-Z0-9-]+)*)*")
_NAMED_BY_ID = re.compile(r".*_([0-9a-f]{24})")


def tool_name(path: str | None, id: str, title: str = "") -> str:
    """The name of the model at this path, `/` written as `__`; one whose path can't be told so has its id behind it.

    >>> tool_name("acme/my_model", "669a63646eb56306647e1091")
    'acme__my_model'
    >>> tool_name("openai/gpt-4.1", "669a63646eb56306647e1091")
    'openai__gpt-4-1_669a63646eb56306647e1091'
    >>> tool_name(None, "669a63646eb56306647e1091", "GPT-4o")
    'GPT-4o_669a63646eb56306647e1091'
    """
    plain = (path or "").replace("/", "__")
    if path and _PLAIN.fullmatch(path) and len(plain) <= LONGEST and not _NAMED_BY_ID.fullmatch(plain):
        return plain
    ending = f"_{_letters(id)}"[-LONGEST:]
    return _letters(plain or title)[: LONGEST - len(ending)] + ending


def named_model(name: str) -> str:
    """The path or the id of the model with this name as a tool.

    >>> named_model("acme__my_model"), named_model("openai__gpt-4-1_669a63646eb56306647e1091")
    ('acme/my_model', '669a63646eb56306647e1091')
    """
    found = _NAMED_BY_ID.fullmatch(name)
    return found[1] if found else name.replace("__", "/")


def _letters(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", text)
