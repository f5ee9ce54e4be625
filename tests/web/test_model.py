"""A model's page: the form that its parameters make, the run, and the answer as what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.web.conftest import Doors, wait_until


def open_model(page: Page, url: str, path: str) -> None:
    page.goto(f"{url}/#/models/{path}")
    expect(page.locator(".path code")).to_have_text(path)


def run(page: Page, state: str = "Done") -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".panel .state")).to_contain_text(state)


def test_a_form_has_a_control_for_each_kind_of_input(page: Page, url: str) -> None:
    open_model(page, url, "acme/shout")
    page.get_by_label("text", exact=False).first.fill('it\'s "so"')
    page.get_by_role("textbox", name="times").fill("2")
    page.get_by_label("mood").select_option(label="angry")
    page.get_by_label("loud").select_option(label="true")
    page.get_by_label("tags").fill("a")
    page.get_by_role("button", name="Add another").click()
    page.get_by_label("tags, another value").fill("b")
    page.get_by_label("extra").fill('{"deep": [1, null]}')
    page.get_by_label("de", exact=True).check()
    run(page)
    answer = page.locator(".answer pre").inner_text()
    assert re.sub(r"\s", "", answer) == (
        '{"text":"IT\'S\\"SO\\"","times":2,"mood":"angry","loud":true,"tags":["a","b"],"extra":{"deep":[1,null]},"tongues":["de"]}'
    )
    expect(page.locator(".foot")).to_contain_text("Run")


def test_what_is_not_set_is_left_to_the_model_and_its_default_told(page: Page, url: str) -> None:
    open_model(page, url, "acme/shout")
    expect(page.get_by_role("textbox", name="times")).to_have_attribute("placeholder", "1")
    expect(page.get_by_label("mood")).to_contain_text("default (calm)")
    page.locator("textarea").first.fill("hi")
    run(page)
    assert '"mood": "calm"' in page.locator(".answer pre").inner_text()


def test_a_slider_and_its_number_are_one(page: Page, url: str) -> None:
    open_model(page, url, "acme/shout")
    page.get_by_role("slider", name="times").fill("4")
    expect(page.get_by_role("textbox", name="times")).to_have_value("4")
    page.get_by_role("textbox", name="times").fill("2")
    expect(page.get_by_role("slider", name="times")).to_have_value("2")


def test_many_inputs_are_folded_and_one_that_is_wrong_unfolds_them(page: Page, url: str) -> None:
    open_model(page, url, "acme/many")
    page.locator("textarea").first.fill("hi")
    expect(page.get_by_label("c", exact=True).first).not_to_be_visible()
    page.get_by_text("6 more inputs").click()
    page.get_by_role("textbox", name="c", exact=True).fill("9")
    page.get_by_text("6 more inputs").click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("textbox", name="c", exact=True)).to_be_focused()
    expect(page.locator(".field .problem", has_text="At most 5.")).to_be_visible()


@pytest.mark.parametrize(
    ("label", "written", "sentence"),
    [
        ("times", "9", "At most 5."),
        ("times", "many", "“many” is no number."),
        ("extra", "{", "This is no JSON"),
        ("text", "", "text is needed."),
    ],
)
def test_what_is_wrong_is_said_by_the_field_before_anything_is_sent(
    page: Page, url: str, label: str, written: str, sentence: str
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/execute/" in request.url else None)
    open_model(page, url, "acme/shout")
    page.locator("textarea").first.fill("hi")
    field = (
        page.locator(".field", has=page.locator(f"label:text-is('{label}')"))
        if label != "text"
        else page.locator(".field").first
    )
    field.get_by_role("textbox").fill(written)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(field.locator(".problem")).to_contain_text(sentence)
    expect(field.get_by_role("textbox")).to_be_focused()
    expect(field.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")
    assert sent == []


def test_what_the_hub_refuses_stands_by_its_field(page: Page, url: str) -> None:
    open_model(page, url, "acme/odd")
    page.get_by_role("textbox", name="number").fill("4")
    run(page, "Failed")
    expect(page.locator(".field .problem")).to_have_text("Parameter 'number' has invalid value 4. Expected an odd one")


def test_a_failure_is_a_sentence(page: Page, url: str) -> None:
    open_model(page, url, "acme/broken")
    page.locator("textarea").first.fill("hi")
    run(page, "Failed")
    expect(page.get_by_role("alert")).to_have_text("The supplier is out of tokens today.")


def test_a_stream_is_shown_as_it_comes(page: Page, url: str, doors: Doors, shot: Callable[[str], None]) -> None:
    open_model(page, url, "acme/teller")
    page.locator("textarea").first.fill("a hub")
    page.locator("textarea").first.press("Control+Enter")
    expect(page.locator(".answer .text")).to_have_text("Once upon a time, a hub")
    expect(page.locator(".panel .state")).to_contain_text("Running")
    shot("stream")
    doors.open.set()
    expect(page.locator(".answer .text")).to_have_text("Once upon a time, a hub lived happily.")
    expect(page.locator(".panel .state")).to_contain_text("Done in")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    page.locator(".foot a").click()
    expect(page.locator("main")).to_contain_text("The answer went to its caller at once")
    expect(page.locator("main")).to_contain_text("acme/teller")
    assert "#/runs/" in page.url


def test_a_stream_is_canceled_and_keeps_what_came(page: Page, url: str) -> None:
    open_model(page, url, "acme/teller")
    page.locator("textarea").first.fill("a hub")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".answer .text")).to_contain_text("Once")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".panel .state")).to_have_text("Canceled")
    expect(page.locator(".answer .text")).to_have_text("Once upon a time, a hub")
    expect(page.locator(".foot a")).to_have_attribute("href", re.compile("#/runs/"))
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_focused()


def test_a_stream_that_is_cut_says_so(page: Page, url: str) -> None:
    open_model(page, url, "acme/teller")
    page.route(
        "**/execute/**", lambda route: route.fulfill(content_type="text/event-stream", body='data: {"data": "half"}\n\n')
    )
    page.locator("textarea").first.fill("a hub")
    run(page, "Failed")
    expect(page.locator(".answer .text")).to_have_text("half")
    expect(page.get_by_role("alert")).to_contain_text("The stream was cut before its end")


def test_a_run_in_the_background_tells_how_far_it_is(page: Page, url: str, doors: Doors) -> None:
    open_model(page, url, "acme/slow")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.5")
    doors.open.set()
    expect(page.locator(".answer .text")).to_have_text("at last")


def test_a_run_in_the_background_is_canceled_on_the_hub(page: Page, url: str) -> None:
    open_model(page, url, "acme/slow")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".panel .state")).to_contain_text("Canceled")
    page.locator(".foot a").click()
    expect(page.locator(".timeline")).to_contain_text("canceled")


def test_a_run_that_is_canceled_before_the_hub_has_answered_is_canceled_there_too(page: Page, url: str) -> None:
    asked: list[Route] = []
    page.route("**/execute/**", lambda route: asked.append(route))
    open_model(page, url, "acme/slow")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    while not asked:
        page.wait_for_timeout(10)
    asked[0].continue_()
    expect(page.locator(".panel .state")).to_contain_text("Canceled")
    page.locator(".foot a").click()
    expect(page.locator(".timeline")).to_contain_text("canceled")


def test_files_go_up_when_they_are_chosen(page: Page, url: str, tmp_path: Path) -> None:
    names = ["a.svg", "one.wav", "two.wav"]
    for name in names:
        (tmp_path / name).write_bytes(b"x" * 70)
    open_model(page, url, "acme/size")
    page.locator("input[type=file]").nth(0).set_input_files(tmp_path / "a.svg")
    page.locator("input[type=file]").nth(1).set_input_files([tmp_path / "one.wav", tmp_path / "two.wav"])
    expect(page.locator(".files .state", has_text="uploaded")).to_have_count(3)
    page.get_by_role("button", name="Remove two.wav").click()
    run(page)
    assert '"bytes": 70' in page.locator(".answer pre").inner_text()
    assert '"one.wav"' in page.locator(".answer pre").inner_text()


def test_files_can_be_dropped(page: Page, url: str) -> None:
    open_model(page, url, "acme/size")
    transfer = page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['12345'], 'dropped.png')); return data; }"
    )
    page.locator(".zone").first.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.locator(".files .state").first).to_have_text("uploaded")
    run(page)
    assert '"bytes": 5' in page.locator(".answer pre").inner_text()


def test_a_file_that_does_not_go_up_is_said_by_its_field(page: Page, url: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    open_model(page, url, "acme/size")
    page.route("**/files/**", lambda route: route.fulfill(status=413, json={"message": "The file is larger than 300 MB."}))
    page.locator("input[type=file]").first.set_input_files(tmp_path / "a.png")
    expect(page.locator(".files .problem")).to_have_text("The file is larger than 300 MB.")


def test_a_picture_is_shown(page: Page, url: str, shot: Callable[[str], None]) -> None:
    open_model(page, url, "acme/draw")
    page.locator("textarea").first.fill("a tree")
    run(page)
    wait_until(lambda: page.locator(".answer img").evaluate("(image) => image.naturalWidth") == 320)
    shot("picture")


@pytest.mark.parametrize(
    ("address", "shown"),
    [("https://example.com/a.mp3?x=1", "audio"), ("https://example.com/a.mp4", "video"), ("https://example.com/page", "a")],
)
def test_an_address_is_shown_as_what_is_there(page: Page, url: str, address: str, shown: str) -> None:
    page.route("https://example.com/**", lambda route: route.abort())
    open_model(page, url, "acme/link")
    page.locator("textarea").first.fill(address)
    run(page)
    expect(page.locator(f".answer {shown}").first).to_be_visible()
    expect(page.locator(".answer a")).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.parametrize("text", ["<script>document.title = 'gone'</script><b>x</b>", "javascript:alert(1)"])
def test_what_models_answer_is_text(page: Page, url: str, text: str) -> None:
    open_model(page, url, "acme/echo")
    page.locator("textarea").first.fill(text)
    run(page)
    expect(page.locator(".answer .text")).to_have_text(text)
    expect(page.locator(".answer a, .answer b")).to_have_count(0)
    expect(page).to_have_title("Echo · Hub")


def test_a_model_that_is_not_there_is_said_with_the_nearest(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models/acme/shoot")
    expect(page.get_by_role("alert")).to_contain_text("did you mean 'acme/shout'")


def test_titles_and_focus_follow(page: Page, url: str) -> None:
    page.goto(f"{url}/")
    page.get_by_role("link", name="Runs").click()
    expect(page).to_have_title("Runs · Hub")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("link", name="Runs", exact=True)).to_have_attribute("aria-current", "page")
    page.goto(f"{url}/#/models/acme/shout")
    expect(page).to_have_title("Shout · Hub")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.goto(f"{url}/#/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_a_hub_that_is_away_for_a_moment_is_asked_again(page: Page, url: str, doors: Doors) -> None:
    open_model(page, url, "acme/slow")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.5")
    page.route("**/sdk/runs/**", lambda route: route.abort())
    expect(page.locator(".foot")).to_contain_text("The hub doesn't answer.")
    page.unroute("**/sdk/runs/**")
    doors.open.set()
    expect(page.locator(".answer .text")).to_have_text("at last")


def test_reasoning_stands_apart_from_the_answer(page: Page, url: str) -> None:
    chunks = [{"reasoning_content": "Hm. "}, {"content": "Four"}, {"content": "."}]
    events = [{"choices": [{"delta": chunk, "finish_reason": None}]} for chunk in chunks]
    events.append({"choices": [{"index": 1, "delta": {"content": "Five, as an alternative."}, "finish_reason": None}]})
    ending: dict[str, Any] = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    used = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, "usedCredits": 0.25}
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in [*events, ending, used]) + "data: [DONE]\n\n"
    open_model(page, url, "acme/teller")
    page.route("**/execute/**", lambda route: route.fulfill(content_type="text/event-stream", body=body))
    page.locator("textarea").first.fill("2 + 2")
    run(page)
    expect(page.locator(".answer .reasoning")).to_have_text("Hm. ")
    expect(page.locator(".answer .text")).to_have_text("Four.")
    expect(page.locator(".foot")).to_contain_text("5 (3 in, 2 out)")
    expect(page.locator(".foot")).to_contain_text("0.25")


# --- What is written survives ---------------------------------------------------------------------


def fill_all(page: Page, url: str) -> None:
    open_model(page, url, "acme/shout")
    page.locator("textarea").first.fill("hi")
    page.get_by_role("textbox", name="times").fill("4")
    page.get_by_label("mood").select_option(label="angry")
    page.get_by_label("tags").fill("a")
    page.get_by_role("button", name="Add another").click()
    page.get_by_label("tags, another value").fill("b")
    page.get_by_label("de", exact=True).check()


def expect_all(page: Page) -> None:
    expect(page.locator("textarea").first).to_have_value("hi")
    expect(page.get_by_role("textbox", name="times")).to_have_value("4")
    expect(page.get_by_role("slider", name="times")).to_have_value("4")
    expect(page.get_by_label("mood").locator("option:checked")).to_have_text("angry")
    expect(page.get_by_label("tags", exact=True)).to_have_value("a")
    expect(page.get_by_label("tags, another value")).to_have_value("b")
    expect(page.get_by_label("de", exact=True)).to_be_checked()
    expect(page.locator(".code-panel code")).to_contain_text('tags=["a", "b"]')


def test_inputs_survive_a_reload(page: Page, url: str) -> None:
    fill_all(page, url)
    page.reload()
    expect_all(page)


def test_inputs_survive_another_view_and_back(page: Page, url: str) -> None:
    fill_all(page, url)
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Runs")
    page.go_back()
    expect_all(page)


def test_uploaded_files_survive_a_reload_and_an_interrupted_upload_is_named(page: Page, url: str) -> None:
    open_model(page, url, "acme/size")
    page.locator("input[type=file]").nth(0).set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"12345"})
    expect(page.locator(".files .state")).to_have_text("uploaded")
    page.route("**/files/**", lambda route: None)
    page.locator("input[type=file]").nth(1).set_input_files({"name": "b.wav", "mimeType": "audio/wav", "buffer": b"1"})
    expect(page.locator(".files li")).to_have_count(2)
    page.reload()
    expect(page.locator(".files .state").nth(0)).to_have_text("uploaded")
    expect(page.locator(".files .state").nth(1)).to_contain_text("The upload was interrupted.")
    page.get_by_role("button", name="Remove b.wav").click()
    run(page)
    assert '"bytes": 5' in page.locator(".answer pre").inner_text()


def test_inputs_can_be_reset(page: Page, url: str) -> None:
    fill_all(page, url)
    page.get_by_role("button", name="Reset inputs").click()
    for _ in range(2):
        expect(page.locator("textarea").first).to_have_value("")
        expect(page.get_by_role("slider", name="times")).to_have_value("1")
        expect(page.get_by_label("tags, another value")).to_have_count(0)
        expect(page.get_by_label("de", exact=True)).not_to_be_checked()
        page.reload()


# --- Labels ---------------------------------------------------------------------------------------


def test_the_name_of_a_group_of_boxes_ticks_none(page: Page, url: str) -> None:
    open_model(page, url, "acme/shout")
    page.locator(".field .label", has_text="tongues").click()
    for name in ("en", "de"):
        expect(page.get_by_label(name, exact=True)).not_to_be_checked()


def test_a_label_leads_to_its_own_control(page: Page, url: str) -> None:
    """Each label names one control, and no control has another one's id."""
    open_model(page, url, "acme/shout")
    targets = page.locator("main label[for]").evaluate_all("(labels) => labels.map((label) => label.htmlFor)")
    assert targets
    assert len(set(targets)) == len(targets)
    for target in targets:
        assert page.locator(f"[id='{target}']").count() == 1


# --- Media ----------------------------------------------------------------------------------------


def test_media_over_http_shows_on_a_hub_over_http(page: Page, url: str, media: str) -> None:
    open_model(page, url, "acme/draw-elsewhere")
    page.locator("textarea").first.fill(f"{media}/picture")
    run(page)
    wait_until(lambda: page.locator(".answer img").evaluate("(image) => image.naturalWidth") == 320)


def test_audio_of_a_model_whose_function_makes_images_is_audio(page: Page, url: str, media: str) -> None:
    open_model(page, url, "acme/draw-elsewhere")
    page.locator("textarea").first.fill(f"{media}/sound")
    run(page)
    expect(page.locator(".answer audio")).to_be_visible()
    expect(page.locator(".answer img")).to_have_count(0)


def test_the_type_of_the_hub_s_own_file_counts(page: Page, url: str) -> None:
    """An uploaded file is shown by the type that the hub tells, whatever the function of the model."""
    open_model(page, url, "acme/size")
    page.locator("input[type=file]").first.set_input_files({"name": "a.wav", "mimeType": "audio/wav", "buffer": b"12345"})
    expect(page.locator(".files .state")).to_have_text("uploaded")
    address = re.search(r'picture="([^"]+)"', page.locator(".code-panel code").inner_text())
    assert address
    open_model(page, url, "acme/draw-elsewhere")
    page.locator("textarea").first.fill(address[1])
    run(page)
    expect(page.locator(".answer audio")).to_be_visible()


@pytest.mark.parametrize(("media_type", "tag"), [("audio/mpeg", "audio"), ("image/png", "img"), ("video/mp4", "video")])
def test_inline_media_is_shown_by_its_type(page: Page, url: str, media_type: str, tag: str) -> None:
    open_model(page, url, "acme/draw-elsewhere")
    page.locator("textarea").first.fill(f"data:{media_type};base64,AAAA")
    run(page)
    expect(page.locator(f".answer {tag}")).to_have_count(1)
    expect(page.locator(".answer audio, .answer img, .answer video")).to_have_count(1)


# --- Streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        'event: error\ndata: {"message": "out of memory"}',
        'data: {"object": "error", "message": "out of memory"}',
        'data: {"status": "FAILED", "errorMessage": "out of memory", "choices": [{"delta": {}}]}',
        'data: {"choices": [{"delta": {}, "finish_reason": "error"}], "error": {"message": "out of memory"}}',
        'data: {"error": "out of memory"}',
    ],
)
def test_a_failure_in_a_stream_is_shown_after_what_came(page: Page, url: str, event: str) -> None:
    begun = 'data: {"choices": [{"delta": {"content": [{"type": "text", "text": "half"}]}}]}'
    open_model(page, url, "acme/teller")
    page.route("**/execute/**", lambda route: route.fulfill(content_type="text/event-stream", body=f"{begun}\n\n{event}\n\n"))
    page.locator("textarea").first.fill("x")
    run(page, "Failed")
    expect(page.locator(".answer .text")).to_have_text("half")
    expect(page.get_by_role("alert")).to_have_text("out of memory")
