"""The runs of a key: listed, narrowed, followed, and one by one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import Doors


def post(url: str, path: str, inputs: dict[str, Any], way: str = "v1") -> Any:
    body = json.dumps(inputs).encode()
    with urlopen(Request(f"{url}/api/{way}/execute/{path}", body, {"content-type": "application/json"})) as answer:
        return json.load(answer)


def end_of(url: str, run: str) -> Any:
    with urlopen(Request(f"{url}/sdk/runs/{run}/result", headers={"prefer": "wait=20"})) as answer:
        return json.load(answer)


@pytest.fixture
def receiver() -> Iterator[str]:
    """Takes webhooks."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/taken"
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_was_run_yet(page: Page, serve: Any) -> None:
    page.goto(f"{serve().url}/#/runs")
    expect(page.locator("main")).to_contain_text("Nothing was run yet")


def test_runs_are_listed_and_narrowed(page: Page, url: str) -> None:
    for path in ("acme/echo", "acme/broken"):
        end_of(url, post(url, path, {"text": "x"})["requestId"])
    page.goto(f"{url}/#/runs")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("The supplier is out of tokens today.")
    page.get_by_label("Status").select_option("failed")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{url}/#/runs?status=failed")
    page.get_by_label("Model", exact=True).fill("acme/echo")
    expect(page.locator("main")).to_contain_text("No run fits")
    page.get_by_label("Status").select_option("")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Time").select_option("3600")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.get_by_label("Time")).to_have_value("")


def test_the_list_follows_runs_that_go_on(page: Page, url: str, doors: Doors) -> None:
    post(url, "acme/slow", {"text": ""})
    page.goto(f"{url}/#/runs?model=acme/slow")
    expect(page.locator("tbody tr").first).to_contain_text("started")
    doors.open.set()
    expect(page.locator("tbody tr").first).to_contain_text("finished")


def test_a_run_is_followed_to_its_answer(page: Page, url: str, doors: Doors) -> None:
    run = post(url, "acme/slow", {"text": ""})["requestId"]
    page.goto(f"{url}/#/runs/{run}")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.5")
    doors.open.set()
    expect(page.locator(".answer .text")).to_have_text("at last")
    expect(page.locator(".timeline li")).to_have_count(3)
    expect(page.locator(".timeline")).to_contain_text("finished")
    expect(page.locator("dl.list")).to_contain_text("Answer kept until")
    expect(page.get_by_role("button", name="Cancel this run")).to_be_hidden()


def test_a_run_is_canceled_from_its_page(page: Page, url: str) -> None:
    run = post(url, "acme/slow", {"text": ""})["requestId"]
    page.goto(f"{url}/#/runs/{run}")
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.locator(".timeline")).to_contain_text("canceled")
    expect(page.locator(".panel .state")).to_have_text("Canceled")


def test_a_failed_run_says_why(page: Page, url: str) -> None:
    run = post(url, "acme/broken", {"text": "x"})["requestId"]
    end_of(url, run)
    page.goto(f"{url}/#/runs/{run}")
    expect(page.get_by_role("alert")).to_have_text("The supplier is out of tokens today.")
    expect(page.locator("dl.list")).to_contain_text("485")


def test_an_answer_that_is_not_kept_is_said(page: Page, url: str) -> None:
    run = post(url, "acme/echo", {"text": "x"}, "v2")["requestId"]
    page.goto(f"{url}/#/runs/{run}")
    expect(page.locator(".answer")).to_contain_text("it isn't kept any more")


def test_a_run_shows_how_its_webhook_stands(page: Page, url: str, receiver: str) -> None:
    run = post(url, "acme/echo", {"text": "x", "options": {"webhookUrl": receiver}})["requestId"]
    while not json.load(urlopen(f"{url}/sdk/runs/{run}/webhooks"))["results"][0]["attempts"]:
        """It is on its way."""
    page.goto(f"{url}/#/runs/{run}")
    expect(page.get_by_role("region", name="Webhook")).to_contain_text(re.compile(r"delivered.*204", re.DOTALL))


def test_a_run_that_is_not_there(page: Page, url: str) -> None:
    page.goto(f"{url}/#/runs/nowhere")
    expect(page.get_by_role("alert")).to_contain_text("There is no run 'nowhere' on this hub.")
