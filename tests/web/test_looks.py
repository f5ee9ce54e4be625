"""Every screen, light and dark, narrow and wide: nothing for axe to find, nothing cut off, and a picture to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from tests.web.conftest import SCREENS, Doors
from tests.web.test_runs import end_of, post
from tests.web.test_usage import used

from aixplain.hub.embedded import EmbeddedHub

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE, TABLET, WIDE = (360, 780), (800, 1000), (1440, 900)
KINDS: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "phone-light": (PHONE, "light"),
    "phone-dark": (PHONE, "dark"),
    "tablet-light": (TABLET, "light"),
    "wide-light": (WIDE, "light"),
    "wide-dark": (WIDE, "dark"),
}
#: Each colour and each width once: axe takes longer than all else.
HELD = ("phone-dark", "tablet-light", "wide-light")


def look(page: Page, name: str) -> None:
    """Keep a picture, and see that nothing is cut off."""
    page.evaluate("scrollTo(0, 0)")  # what is half under the head of the page is too small to press
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the screen"


def hold(page: Page, name: str) -> None:
    """Hold the screen against the rules."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


@pytest.fixture(scope="module")
def guarded(serve: Callable[..., EmbeddedHub]) -> str:
    return serve("a-long-secret").url


def catalog(page: Page, url: str) -> None:
    page.goto(f"{url}/#/?q=filler")
    expect(page.locator(".models li").first).to_be_visible()
    expect(page.locator(".facets legend").first).to_be_attached()


def nothing_found(page: Page, url: str) -> None:
    page.goto(f"{url}/#/?q=xyzzy")
    expect(page.locator(".results")).to_contain_text("No model fits")


def model(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models/acme/shout")
    page.locator("textarea").first.fill("It's a fine day.")
    page.get_by_role("textbox", name="times").fill("9")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".field .problem", has_text="At most 5.")).to_be_visible()


def answer(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models/acme/size")
    page.locator("input[type=file]").first.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"12345"})
    expect(page.locator(".files .state")).to_have_text("uploaded")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".panel .state")).to_contain_text("Done")
    page.locator(".folded summary").first.click()


def failure(page: Page, url: str) -> None:
    page.goto(f"{url}/#/models/acme/broken")
    page.locator("textarea").first.fill("x")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()


def runs(page: Page, url: str) -> None:
    for path in ("acme/echo", "acme/broken"):
        end_of(url, post(url, path, {"text": "x"})["requestId"])
    page.goto(f"{url}/#/runs")
    expect(page.locator("tbody tr").first).to_be_visible()


def run(page: Page, url: str) -> None:
    started = post(url, "acme/echo", {"text": "It was said before.", "options": {"webhookUrl": "http://127.0.0.1:1/"}})[
        "requestId"
    ]
    end_of(url, started)
    page.goto(f"{url}/#/runs/{started}")
    expect(page.locator(".panel .state")).to_contain_text("Done")
    expect(page.get_by_role("region", name="Webhook")).to_be_visible()


def usage(page: Page, url: str) -> None:
    some = [used(ago, f"maker/model-{number}", (7 * ago + 3 * number) % 11) for ago in range(30) for number in range(9)]
    page.route("**/sdk/usage?*", lambda route: route.fulfill(json={"results": some}))
    page.goto(f"{url}/#/usage")
    expect(page.locator("svg rect.series").first).to_be_attached()


def keys(page: Page, url: str) -> None:
    limits = {"rpm": 60, "rpd": None, "tpm": None, "tpd": 100_000}
    key = {
        "id": "1",
        "name": "Ada",
        "accessKey": "aixh_…9f",
        "isAdmin": True,
        "models": None,
        "budget": None,
        "globalLimits": limits,
    }
    times = {"assetsLimits": [], "expiresAt": None, "createdAt": None, "lastUsedAt": None}
    found = [
        {**key, **times},
        {**key, **times, "id": "2", "name": "Team", "isAdmin": False, "models": ["acme/shout", "team/*"]},
    ]
    page.route("**/sdk/api-keys", lambda route: route.fulfill(json=found))
    page.goto(f"{url}/#/keys")
    expect(page.get_by_role("row", name="Team")).to_be_visible()
    page.get_by_text("Limits and expiry").click()


def question(page: Page, url: str) -> None:
    keys(page, url)
    page.get_by_role("button", name="Revoke Team").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("heading", name="This hub wants a key")).to_be_visible()


def nowhere(page: Page, url: str) -> None:
    page.goto(f"{url}/#/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


VISITS: dict[str, Callable[[Page, str], None]] = {
    "catalog": catalog,
    "nothing-found": nothing_found,
    "model": model,
    "answer": answer,
    "failure": failure,
    "runs": runs,
    "run": run,
    "usage": usage,
    "keys": keys,
    "question": question,
    "sign-in": sign_in,
    "nowhere": nowhere,
}


@pytest.fixture(scope="module")
def still(browser: Browser) -> Iterator[Page]:
    """A page on which nothing moves."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", VISITS)
def test_a_screen(still: Page, url: str, guarded: str, doors: Doors, name: str) -> None:
    SCREENS.mkdir(exist_ok=True)
    doors.open.set()
    still.goto("about:blank")
    VISITS[name](still, guarded if name == "sign-in" else url)
    for kind, ((width, height), scheme) in KINDS.items():
        still.set_viewport_size({"width": width, "height": height})
        still.emulate_media(color_scheme=scheme)
        look(still, f"{name}-{kind}")
        if kind in HELD:
            hold(still, f"{name}-{kind}")
