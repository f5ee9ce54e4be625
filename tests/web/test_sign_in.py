"""A hub with keys: the page asks for one, keeps it as one wants, and sends it to the hub alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from aixplain.hub.embedded import EmbeddedHub

KEY = "a-long-secret"


@pytest.fixture(scope="module")
def guarded(serve: Callable[..., EmbeddedHub]) -> str:
    return serve(KEY, "another").url


def sign_in(page: Page, key: str = KEY) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Sign in").click()


def stored(page: Page) -> list[int]:
    """How many keys are kept for the tab, and on the device."""
    counted = "Object.keys({}).filter((name) => name.includes('key')).length"
    return [page.evaluate(counted.replace("{}", each)) for each in ("sessionStorage", "localStorage")]


def test_a_hub_with_keys_asks_for_one_and_goes_on_where_one_wanted_to(page: Page, guarded: str) -> None:
    page.goto(f"{guarded}/#/models/acme/echo")
    expect(page.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Echo")
    assert stored(page) == [1, 0]
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Echo")


def test_signed_in_the_head_of_the_page_fits_a_phone(page: Page, guarded: str) -> None:
    wide = page.viewport_size
    assert wide
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(guarded)
    sign_in(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(wide)


def test_a_wrong_key_is_said(page: Page, guarded: str) -> None:
    page.goto(guarded)
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("The hub doesn't know this key")
    assert stored(page) == [0, 0]
    sign_in(page, "")
    expect(page.get_by_role("alert")).to_have_text("Write the key here.")


def test_a_key_is_kept_on_the_device_if_asked(page: Page, context: BrowserContext, guarded: str) -> None:
    page.goto(guarded)
    page.get_by_label("Keep it on this device").check()
    sign_in(page)
    expect(page.locator(".models li").first).to_be_visible()
    other = context.new_page()
    other.goto(guarded)
    expect(other.locator(".models li").first).to_be_visible()
    other.close()


def test_signing_out_forgets_it(page: Page, guarded: str) -> None:
    page.goto(guarded)
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    assert stored(page) == [0, 0]


def test_a_key_that_is_refused_later_signs_out(page: Page, guarded: str) -> None:
    page.goto(guarded)
    sign_in(page)
    expect(page.locator(".models li").first).to_be_visible()
    page.route("**/sdk/runs?*", lambda route: route.fulfill(status=401, json={"message": "The key was refused."}))
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    assert stored(page) == [0, 0]


def test_the_key_is_in_no_code(page: Page, guarded: str) -> None:
    page.goto(f"{guarded}/#/models/acme/echo")
    sign_in(page)
    for language in ("Python", "aix", "curl", "OpenAI", "MCP"):
        page.get_by_role("tab", name=language).click()
        expect(page.locator(".code-panel code")).to_contain_text("TEAM_API_KEY")
        expect(page.locator(".code-panel code")).not_to_contain_text(KEY)


def test_a_new_tab_is_signed_in(page: Page, context: BrowserContext, guarded: str) -> None:
    page.goto(guarded)
    sign_in(page)
    expect(page.locator(".models li").first).to_be_visible()
    other = context.new_page()
    other.goto(f"{guarded}/#/models/acme/echo")
    expect(other.get_by_role("heading", level=1)).to_have_text("Echo")
    assert stored(other) == [1, 0]
    other.close()


def test_signing_in_and_out_counts_for_all_tabs(page: Page, context: BrowserContext, guarded: str) -> None:
    other = context.new_page()
    for each in (page, other):
        each.goto(guarded)
        expect(each.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    sign_in(page)
    for each in (page, other):
        expect(each.locator(".models li").first).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    for each in (page, other):
        expect(each.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
        assert stored(each) == [0, 0]
    other.close()


def test_a_key_that_was_refused_is_not_taken_from_another_tab(page: Page, context: BrowserContext, guarded: str) -> None:
    page.goto(guarded)
    sign_in(page)
    expect(page.locator(".models li").first).to_be_visible()
    other = context.new_page()
    other.goto(guarded)
    expect(other.locator(".models li").first).to_be_visible()
    other.route("**/sdk/runs?*", lambda route: route.fulfill(status=401, json={"message": "The key was refused."}))
    other.get_by_role("link", name="Runs").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    other.close()


def test_inputs_survive_signing_in_again(page: Page, guarded: str) -> None:
    page.goto(f"{guarded}/#/models/acme/echo")
    sign_in(page)
    page.locator("textarea").first.fill("a long text")
    page.route("**/execute/**", lambda route: route.fulfill(status=401, json={"message": "The key has expired."}))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This hub wants a key")
    page.unroute_all()
    sign_in(page, "another")
    expect(page.locator("textarea").first).to_have_value("a long text")


def test_signing_out_forgets_what_was_written(page: Page, guarded: str) -> None:
    page.goto(f"{guarded}/#/models/acme/echo")
    sign_in(page)
    page.locator("textarea").first.fill("a long text")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page)
    expect(page.locator("textarea").first).to_have_value("")
