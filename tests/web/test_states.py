"""What every view shows while it loads, when a request fails, and when there is nothing."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from playwright.sync_api import Page, Route, expect


class View(NamedTuple):
    """A view, the request that it waits for, and what it shows in the end."""

    address: str
    request: str
    content: str


VIEWS = {
    "models": View("/", "**/v2/models/paginate", "models"),
    "filters": View("/", "**/v2/models/facets", "Function"),
    "model": View("/models/acme/echo", "**/v2/models/acme/echo", "acme/echo"),
    "runs": View("/runs", "**/sdk/runs?*", "Nothing was run yet"),
    "usage": View("/usage", "**/sdk/usage?*", "Usage"),
    "keys": View("/keys", "**/sdk/api-keys", "There is no key yet"),
}


@pytest.fixture(params=VIEWS)
def view(request: pytest.FixtureRequest) -> View:
    return VIEWS[request.param]


def test_a_slow_request_shows_that_it_is_loading(page: Page, url: str, view: View) -> None:
    held: list[Route] = []
    page.route(view.request, lambda route: held.append(route))
    page.goto(f"{url}/#{view.address}")
    expect(page.get_by_role("status").filter(has_text="Loading…")).to_be_visible()
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.locator("main")).to_contain_text(view.content)
    expect(page.get_by_text("Loading…")).to_have_count(0)


def test_a_failed_request_is_shown_and_can_be_repeated(page: Page, url: str, view: View) -> None:
    page.route(view.request, lambda route: route.fulfill(status=500, json={"message": "The disk is full."}))
    page.goto(f"{url}/#{view.address}")
    expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("main")).to_contain_text(view.content)


def test_a_hub_that_is_gone_is_named(page: Page, url: str, view: View) -> None:
    page.route(view.request, lambda route: route.abort())
    page.goto(f"{url}/#{view.address}")
    expect(page.get_by_role("alert")).to_contain_text("The hub doesn't answer.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("address", "request_", "answer", "words"),
    [
        ("/", "**/v2/models/paginate", {"results": [], "total": 0, "pageTotal": 0, "pageNumber": 0}, "No model is here"),
        ("/runs", "**/sdk/runs?*", {"results": [], "total": 0, "pageTotal": 0, "pageNumber": 0}, "Nothing was run yet"),
        ("/usage", "**/sdk/usage?*", {"results": []}, "Nothing was run in this time"),
        ("/keys", "**/sdk/api-keys", [], "There is no key yet"),
    ],
)
def test_a_view_of_nothing_says_so(page: Page, url: str, address: str, request_: str, answer: object, words: str) -> None:
    page.route(request_, lambda route: route.fulfill(json=answer))
    page.goto(f"{url}/#{address}")
    expect(page.locator(".notice.empty")).to_contain_text(words)


def test_a_part_of_the_page_that_is_not_there_any_more_offers_to_load_the_page_again(page: Page, url: str) -> None:
    page.goto(f"{url}/#/")
    expect(page.locator(".models li").first).to_be_visible()
    page.route("**/views/usage.js", lambda route: route.fulfill(status=404, body=""))
    page.get_by_role("link", name="Usage").click()
    expect(page.get_by_role("alert")).to_contain_text("The hub may have been updated or stopped.")
    page.unroute_all()
    page.get_by_role("button", name="Load the page again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Usage")
