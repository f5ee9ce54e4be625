"""The code for what a form holds: it is run here, and does what the form does."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aixplain._wire.messages import CLIENT_CONTROLS
from aixplain.v2.model import Model

HARD = 'it\'s "so" $HOME `id` \\n \\ %s !! é 🎉\ttab\nnext line; # & |'
AIX = Path(sys.executable).parent


def code(page: Page, language: str) -> str:
    page.get_by_role("tab", name=language).click()
    return page.locator(".code-panel code").inner_text()


def fill(page: Page, url: str, path: str, text: str) -> None:
    page.goto(f"{url}/#/models/{path}")
    expect(page.locator(".path code")).to_have_text(path)
    page.locator("textarea").first.fill(text)


def run(*command: str, **environment: str) -> str:
    variables = {**os.environ, "PATH": f"{AIX}:{os.environ['PATH']}", **environment}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def full(page: Page, url: str) -> dict[str, Any]:
    """A form whose every input is set; gives what the model answers to it."""
    fill(page, url, "acme/shout", HARD)
    page.get_by_role("textbox", name="times").fill("2")
    page.get_by_label("mood").select_option(label="angry")
    page.get_by_label("loud").select_option(label="false")
    page.get_by_label("tags").fill("@a 'b'")
    page.get_by_role("button", name="Add another").click()
    page.get_by_label("tags, another value").fill("-")
    page.get_by_label("extra").fill('{"it\'s": [1.5, null, true, "\\"q\\""]}')
    page.get_by_label("de", exact=True).check()
    return {
        "text": HARD.upper(),
        "times": 2,
        "mood": "angry",
        "loud": False,
        "tags": ["@a 'b'", "-"],
        "extra": {"it's": [1.5, None, True, '"q"']},
        "tongues": ["de"],
    }


def test_the_python(page: Page, full: dict[str, Any]) -> None:
    assert ast.literal_eval(run(sys.executable, "-c", code(page, "Python"))) == full


def test_the_aix_command(page: Page, full: dict[str, Any]) -> None:
    assert json.loads(run("bash", "-c", code(page, "aix"))) == full


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on the PATH")
def test_the_curl_command(page: Page, full: dict[str, Any]) -> None:
    assert json.loads(run("sh", "-c", code(page, "curl")))["data"] == full


def test_the_mcp_client(page: Page, full: dict[str, Any]) -> None:
    assert json.loads(run(sys.executable, "-c", code(page, "MCP"))) == full


def test_the_openai_client(page: Page, full: dict[str, Any]) -> None:
    assert json.loads(run(sys.executable, "-c", code(page, "OpenAI"))) == full


def test_what_aix_would_read_from_elsewhere_goes_through_a_pipe(page: Page, url: str) -> None:
    fill(page, url, "acme/echo", "@everyone")
    assert run("bash", "-c", code(page, "aix")).strip() == "@everyone"


def test_models_that_stream_stream(page: Page, url: str, doors: Any) -> None:
    fill(page, url, "acme/teller", "you")
    doors.open.set()
    told = "Once upon a time, you lived happily."
    assert run(sys.executable, "-c", code(page, "Python")) == told
    assert run("bash", "-c", code(page, "aix")).strip() == told
    assert '{"data":" lived happily."}' in run("sh", "-c", code(page, "curl"))


def test_names_that_python_can_not_write(page: Page, url: str) -> None:
    """A catalog may have inputs of any name."""
    parameters = [{"name": name, "dataType": "text"} for name in ("class", "source-language", "text")]
    model = {"id": "1", "name": "Odd", "params": parameters, "assetInfo": {"assetPath": "acme/odd"}}
    page.route("**/v2/models/**", lambda route: route.fulfill(json=model))
    page.goto(f"{url}/#/models/acme/odd")
    expect(page.locator("form textarea")).to_have_count(3)
    for box in page.locator("form textarea").all():
        box.fill("x")
    assert 'model.run(text="x", **{"class": "x", "source-language": "x"})' in code(page, "Python")


@pytest.mark.parametrize(
    ("language", "program"),
    [("Python", (sys.executable, "-c")), ("aix", ("sh", "-c")), ("curl", ("sh", "-c")), ("OpenAI", (sys.executable, "-c"))],
)
def test_an_empty_form_gives_code_that_runs(page: Page, url: str, language: str, program: tuple[str, str]) -> None:
    """Required inputs have an example value."""
    page.goto(f"{url}/#/models/acme/shout")
    expect(page.locator(".path code")).to_have_text("acme/shout")
    assert "HELLO" in run(*program, code(page, language))


def test_the_aix_command_needs_no_bash(page: Page, url: str) -> None:
    fill(page, url, "acme/echo", "@everyone\n-")
    assert run("sh", "-c", code(page, "aix")).rstrip("\n") == "@everyone\n-"


def test_what_steers_a_run_in_python_is_no_argument_of_it() -> None:
    """The page sets inputs of these names on `model.inputs`: a call would take them for its own."""
    source = (files("aixplain.hub") / "web/code/languages.js").read_text()
    listed = source.partition("CONTROLS")[2].partition(".flatMap")[0]
    for function in (Model.run, Model.run_stream):
        controls = {each.name for each in inspect.signature(function).parameters.values() if each.kind is not each.VAR_KEYWORD}
        assert (controls | CLIENT_CONTROLS) <= set(re.findall(r"\w+", listed))


@pytest.mark.parametrize("language", ["Python", "OpenAI", "MCP"])
def test_it_is_valid_python(page: Page, full: dict[str, Any], language: str) -> None:
    assert ast.parse(code(page, language))


def test_one_click_copies_it(page: Page, url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill(page, url, "acme/echo", "hi")
    page.locator(".code-panel").get_by_role("button", name="Copy").click()
    expect(page.locator(".code-panel").get_by_role("button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".code-panel code").inner_text()


def test_the_arrows_go_from_language_to_language_and_the_last_is_remembered(page: Page, url: str) -> None:
    fill(page, url, "acme/echo", "hi")
    page.get_by_role("tab", name="Python").press("ArrowRight")
    expect(page.get_by_role("tab", name="aix")).to_be_focused()
    expect(page.locator(".code-panel code")).to_contain_text("aix run acme/echo text=hi")
    page.reload()
    expect(page.get_by_role("tab", name="aix")).to_have_attribute("aria-selected", "true")
