"""What a notebook shows: HTML without scripts, in which nothing of a service is markup, and media that show and play."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from aixplain.v2.model import InputsProxy, Model, ModelResult, Page, Parameter, Usage

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="


class Elements(HTMLParser):
    """The elements of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def shown(thing: Any) -> Elements:
    """What a notebook is given: well-formed, and without anything that runs or that a dark page would hide."""
    elements = Elements(thing._repr_html_())
    tags = {tag for tag, _ in elements.found}
    assert tags.isdisjoint({"script", "style", "iframe", "object", "svg"})
    names = {name for _, attributes in elements.found for name in attributes}
    assert not any(name.startswith("on") for name in names)
    styles = [attributes.get("style") or "" for _, attributes in elements.found]
    assert not any("background:#" in style or "color:#" in style for style in styles)
    return elements


def model_of(**fields: Any) -> Model:
    told = {"id": "1", "name": EVIL, "description": EVIL, "path": EVIL, "developer": EVIL, "function": {"id": EVIL}, **fields}
    parameter = {"name": EVIL, "required": True, "dataType": EVIL, "description": EVIL, "availableOptions": [{"value": EVIL}]}
    return Model.from_dict({**told, "params": [parameter], "attributes": [{"name": EVIL, "code": EVIL, "value": EVIL}]})


def test_nothing_that_a_service_tells_is_markup() -> None:
    model = model_of()
    model.inputs[EVIL] = EVIL
    for thing in (model, model.inputs, Page([model], total=1), ModelResult("FAILED", True, error_message=EVIL)):
        elements = shown(thing)
        assert EVIL in elements.text
        assert elements.of("img") == []
    assert shown(ModelResult("SUCCESS", True, data=EVIL)).of("img") == []
    assert EVIL.replace('"', '\\"') in shown(ModelResult("SUCCESS", True, data={"x": [EVIL]})).text


def test_a_page_lists_its_models(aix: Any) -> None:
    elements = shown(aix.Model.search("summarization"))
    assert "aixplain/summarize" in elements.text
    assert elements.text.endswith("page 1 of 1")


def test_a_model_has_its_inputs_with_their_values(aix: Any) -> None:
    model = aix.Model.get("aixplain/summarize")
    model.inputs.sentences = 7
    text = shown(model).text
    assert "sumy" in text
    assert "sentences7number" in text
    assert "one of lex-rank, text-rank, lsa" in text
    assert "textrequired" in shown(model.inputs).text


def test_a_model_that_tells_no_inputs_says_so() -> None:
    inputs: InputsProxy = Model.from_dict({"id": "1", "name": "x"}).inputs
    assert "doesn't tell" in shown(inputs).text


def test_a_result_is_its_data_and_what_it_took() -> None:
    result = ModelResult("SUCCESS", True, data="a\nb", run_time=0.5, used_credits=0.01, usage=Usage(1, 2, 3))
    assert shown(result).text == "a\nb0.5 s · 3 tokens · 0.01 credits"
    assert '"a": 1' in shown(ModelResult("SUCCESS", True, data={"a": 1})).text
    assert shown(ModelResult("IN_PROGRESS", data="https://a.example/run")).text.count("https://a.example/run") == 1


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    text = shown(ModelResult("SUCCESS", True, data="x" * 20_500)).text
    assert len(text) < 20_100
    assert "… and 500 more characters" in text


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        ("https://a.example/cat.png?key=1", "img"),
        (PIXEL, "img"),
        ("https://a.example/speech.mp3", "audio"),
        ("data:audio/wav;base64,UklGRg==", "audio"),
        ("https://a.example/film.mp4", "video"),
    ],
)
def test_media_show_and_play(data: str, tag: str) -> None:
    (attributes,) = shown(ModelResult("SUCCESS", True, data=data)).of(tag)
    assert attributes["src"] == data
    assert "controls" in attributes or tag == "img"


def test_media_inside_of_data_show_beside_it() -> None:
    elements = shown(ModelResult("SUCCESS", True, data={"image": PIXEL, "caption": "a dot"}))
    assert len(elements.of("img")) == 1
    assert "a dot" in elements.text


@pytest.mark.parametrize(
    "data", ["javascript:alert(1)//.png", "data:text/html,<b>x</b>", "see https://a.example/cat.png", "ftp://a/b.png"]
)
def test_what_is_no_address_of_a_medium_is_text(data: str) -> None:
    elements = shown(ModelResult("SUCCESS", True, data=data))
    assert elements.text.startswith(data)
    assert {tag for tag, _ in elements.found} <= {"div", "span"}


def test_another_address_is_a_link_that_tells_nothing_of_this_page() -> None:
    (link,) = shown(ModelResult("SUCCESS", True, data="https://a.example/report")).of("a")
    assert (link["href"], link["rel"]) == ("https://a.example/report", "noopener noreferrer")


def test_to_show_a_stream_reads_nothing_of_it(aix: Any) -> None:
    stream = aix.Model.get("acme/count").run_stream(text="n", upto=2)
    assert "stream.text()" in shown(stream).text
    assert [piece.data for piece in stream] == ["n0 ", "n1 "]
    assert shown(stream).text == "SUCCESSn0 n1 "


def test_keys_of_a_page_are_known_to_the_tab_key() -> None:
    assert "results" in Page([])._ipython_key_completions_()


def test_parameters_are_known_to_the_tab_key() -> None:
    model = Model(id="1", params=[Parameter("heat")])
    assert "heat" in dir(model.inputs)
    assert model.inputs._ipython_key_completions_() == ["heat"]
