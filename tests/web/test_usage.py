"""What was used, day by day, by model and by key: a chart and its sums."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.web.test_runs import end_of, post

from aixplain.hub.embedded import EmbeddedHub

pytestmark = pytest.mark.usefixtures("one_day")


def day(ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).date().isoformat()


def used(ago: int, model: str, runs: int, tokens: int | None = None, **more: Any) -> dict[str, Any]:
    """A sum as `GET /sdk/usage` tells it."""
    usage = None if tokens is None else {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    return {
        "day": day(ago),
        "model": model,
        "key": None,
        "keyName": None,
        "runs": runs,
        "finished": runs,
        "failed": 0,
        "canceled": 0,
        "runTime": 1.5 * runs,
        "usedCredits": None,
        "usage": usage,
        **more,
    }


def answer(page: Page, *results: dict[str, Any]) -> None:
    page.route("**/sdk/usage?*", lambda route: route.fulfill(json={"results": results}))


def test_nothing_was_used_yet(page: Page, serve: Callable[..., EmbeddedHub]) -> None:
    page.goto(f"{serve().url}/#/usage")
    expect(page.locator("main")).to_contain_text("Nothing was run in this time")


def test_the_hub_s_own_sums_are_shown(page: Page, url: str) -> None:
    for path in ("acme/echo", "acme/echo", "acme/broken"):
        end_of(url, post(url, path, {"text": "x"})["requestId"])
    page.goto(f"{url}/#/usage")
    expect(page.get_by_role("row", name="acme/echo")).to_contain_text("2")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("svg rect.series")).to_have_count(2)
    expect(page.get_by_role("img", name=re.compile("Runs a day, by model, the last 30 days"))).to_be_visible()
    page.get_by_role("link", name="acme/echo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Echo")


def test_days_and_models_are_columns_and_colours(page: Page, url: str) -> None:
    answer(page, used(0, "a/one", 30), used(0, "b/two", 10), used(3, "a/one", 5))
    page.goto(f"{url}/#/usage?days=7")
    expect(page.locator("svg rect.series")).to_have_count(3)
    heights = [float(each.get_attribute("height") or 0) for each in page.locator("svg rect.series").all()]
    assert sorted(round(each / heights[0], 1) for each in heights) == [1, 2, 6]  # 5, 10 and 30
    expect(page.locator(".legend li")).to_have_text(["a/one", "b/two"])
    assert page.locator("svg title").first.text_content() is not None


def test_what_is_not_known_is_no_zero(page: Page, url: str) -> None:
    answer(page, used(0, "a/one", 30), used(0, "b/two", 10, tokens=1200))
    page.goto(f"{url}/#/usage?measure=tokens")
    expect(page.locator(".legend li")).to_have_text(["b/two"])
    assert page.locator("tbody tr").first.locator("td").nth(3).inner_text() == ""
    page.get_by_label("What is counted").select_option("credits")
    expect(page.locator("main")).to_contain_text("No credits are known of in this time")
    expect(page).to_have_url(re.compile("measure=credits"))


def test_by_key(page: Page, url: str) -> None:
    answer(page, used(0, "", 4, key="k1", keyName="Ada"), used(0, "", 2, key="", keyName=None))
    page.goto(f"{url}/#/usage")
    page.get_by_label("Split").select_option("key")
    expect(page.locator("tbody th")).to_have_text(["Ada", "without a key"])


def test_many_models_are_some_and_the_others(page: Page, url: str) -> None:
    answer(page, *[used(0, f"m/{number}", 20 - number) for number in range(10)])
    page.goto(f"{url}/#/usage")
    expect(page.locator(".legend li")).to_have_count(7)
    expect(page.locator(".legend li").last).to_have_text("4 others")
    expect(page.locator("tbody tr")).to_have_count(10)


@pytest.mark.parametrize(
    ("largest", "ticks"),
    [(0, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (1234, [0, 500, 1000, 1500]), (0.3, [0, 0.1, 0.2, 0.3])],
)
def test_the_scale_has_round_numbers(page: Page, url: str, largest: float, ticks: list[float]) -> None:
    page.goto(url)
    module = page.locator("script").get_attribute("src").replace("main", "charts/columns")
    assert (
        page.evaluate("async ([module, largest]) => (await import(module)).ticksFor(largest)", [f"/{module}", largest]) == ticks
    )
