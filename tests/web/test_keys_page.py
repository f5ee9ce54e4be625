"""The keys of a hub: made, shown once, and revoked."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect
from tests.web.conftest import wait_until
from tests.web.test_sign_in import sign_in

from aixplain.hub.embedded import EmbeddedHub


@pytest.fixture(scope="module")
def guarded(serve: Callable[..., EmbeddedHub]) -> str:
    """A hub that has a key, which may make others."""
    url = serve().url
    body = json.dumps({"name": "Root", "isAdmin": True}).encode()
    with urlopen(Request(f"{url}/sdk/api-keys", body, {"content-type": "application/json"})) as made:
        ROOT[url] = json.load(made)["accessKey"]
    return url


#: The first key of each hub.
ROOT: dict[str, str] = {}


def open_keys(page: Page, url: str) -> None:
    wait_until(lambda: status(url, "") == 401)
    page.goto(f"{url}/#/keys")
    sign_in(page, ROOT[url])
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def make(page: Page, name: str) -> str:
    """The new key."""
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator(".news")).to_contain_text(f"The key “{name}”. It is shown this once")
    return page.locator(".secret code").inner_text()


def status(url: str, key: str) -> int:
    try:
        with urlopen(Request(f"{url}/sdk/runs", headers={"x-api-key": key})) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_the_first_key_closes_the_hub_and_this_tab_stays_in(page: Page, serve: Callable[..., EmbeddedHub]) -> None:
    url = serve().url
    page.goto(f"{url}/#/keys")
    expect(page.locator("main")).to_contain_text("There is no key yet")
    expect(page.locator("form")).to_contain_text("This is the first key.")
    secret = make(page, "Ada")
    expect(page.locator("tbody tr")).to_contain_text("admin")
    assert status(url, secret) == 200
    wait_until(lambda: status(url, "") == 401)
    page.reload()
    expect(page.locator("tbody tr")).to_contain_text("Ada")


def test_a_key_with_models_limits_and_an_end(page: Page, guarded: str) -> None:
    open_keys(page, guarded)
    page.get_by_label("Models", exact=True).fill("acme/shout, team/*")
    page.get_by_text("Limits and expiry").click()
    page.get_by_label("Requests a minute").fill("60")
    page.get_by_label("Credits a month").fill("2.5")
    page.get_by_label("Last day").fill("2099-01-31")
    make(page, "Team")
    row = page.get_by_role("row", name="Team")
    for words in ("acme/shout, team/*", "60 requests a minute", "2.5 credits a month", "Jan 31, 2099", "never"):
        expect(row).to_contain_text(words)


def test_a_key_is_revoked_when_one_says_so_twice(page: Page, guarded: str) -> None:
    open_keys(page, guarded)
    secret = make(page, "Passing")
    assert status(guarded, secret) == 200
    page.get_by_role("button", name="Revoke Passing").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Revoke Passing").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="Passing")).to_have_count(0)
    wait_until(lambda: status(guarded, secret) == 401)


def test_the_last_admin_key_is_revoked_only_after_a_second_question(page: Page, serve: Callable[..., EmbeddedHub]) -> None:
    url = serve().url
    page.goto(f"{url}/#/keys")
    secret = make(page, "Only")
    page.get_by_role("button", name="Revoke Only").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_contain_text("is the last admin key")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("row", name="Only")).to_have_count(1)
    page.get_by_role("button", name="Revoke Only").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke it anyway").click()
    wait_until(lambda: status(url, secret) != 200 or status(url, "") == 200)


def test_the_name_of_a_key_is_taken_once(page: Page, guarded: str) -> None:
    open_keys(page, guarded)
    make(page, "Twice")
    page.get_by_label("Name").fill("Twice")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("alert")).to_contain_text("Twice")


@pytest.mark.parametrize(
    ("label", "written", "sentence"),
    [("Name", "", "A key wants a name."), ("Requests a day", "many", "Requests a day is a number, and not “many”.")],
)
def test_what_is_wrong_is_said(page: Page, guarded: str, label: str, written: str, sentence: str) -> None:
    open_keys(page, guarded)
    page.get_by_text("Limits and expiry").click()
    page.get_by_label("Name").fill("Odd")
    page.get_by_label(label).fill(written)
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.get_by_label(label)).to_be_focused()


def test_a_key_that_may_not_administer_is_told_so(page: Page, guarded: str) -> None:
    open_keys(page, guarded)
    secret = make(page, "Plain")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, secret)
    expect(page.get_by_role("alert")).to_contain_text("not for the administration of keys")
    expect(page.get_by_role("button", name="Make the key")).to_be_hidden()
