"""The catalog: found as one types, narrowed by filters, walked through by keys, and all of it in the address."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def open_catalog(page: Page, url: str, address: str = "") -> None:
    page.goto(f"{url}/{address}")
    expect(page.locator(".models li").first).to_be_visible()


def names(page: Page) -> list[str]:
    return page.locator(".models li .head a").all_inner_texts()


def test_the_best_match_comes_first_as_one_types(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.keyboard.type("sentim")  # the search has the focus
    expect(page.locator(".total")).to_have_text("1 model")
    assert names(page) == ["Sentiment"]
    assert page.locator(".models mark").first.inner_text().lower() == "sentim"
    expect(page.locator("#said")).to_have_text("1 model")


def test_a_search_stands_in_the_address_and_can_be_sent_on(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.get_by_label("Search the models").fill("shout")
    expect(page).to_have_url(f"{url}/#/?q=shout")
    page.reload()
    expect(page.get_by_label("Search the models")).to_have_value("shout")
    expect(page.locator(".total")).to_have_text("1 model")


def test_filters_tell_how_many_and_go_together(page: Page, url: str) -> None:
    open_catalog(page, url)
    functions, languages = page.get_by_role("group", name="Function"), page.get_by_role("group", name="Language", exact=True)
    assert "60" in functions.locator("label", has_text="Translation").inner_text()
    functions.get_by_label("Translation").check()
    expect(page.locator(".total")).to_have_text("60 models")
    functions.get_by_role("button", name="All").click()
    functions.get_by_label("Sentiment analysis").check()
    expect(page.locator(".total")).to_have_text("61 models")
    languages.get_by_label("French").check()
    expect(page.locator(".total")).to_have_text("60 models")  # sentiment is for English
    expect(functions.get_by_label("Translation")).to_be_checked()
    page.go_back()
    expect(languages.get_by_label("French")).not_to_be_checked()
    expect(page.locator(".total")).to_have_text("61 models")


def test_the_focus_stays_on_a_filter_that_was_set(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.get_by_role("group", name="Function").get_by_label("Translation").press("Space")
    expect(page.locator(".total")).to_have_text("60 models")
    expect(page.get_by_role("group", name="Function").get_by_label("Translation")).to_be_focused()


def test_a_long_list_of_filters_is_unfolded(page: Page, url: str) -> None:
    open_catalog(page, url)
    functions = page.get_by_role("group", name="Function")
    expect(functions.get_by_role("checkbox")).to_have_count(7)
    functions.get_by_role("button", name="All").click()
    expect(functions.get_by_label("Text reconstruction")).to_be_visible()


def test_arrows_walk_and_enter_opens(page: Page, url: str) -> None:
    open_catalog(page, url, "#/?q=acme")
    page.get_by_label("Search the models").press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".models a").nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Search the models")).to_be_focused()
    page.keyboard.press("ArrowDown")
    first = names(page)[0]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)


def test_enter_in_the_search_opens_the_first_and_slash_comes_back_to_it(page: Page, url: str) -> None:
    open_catalog(page, url, "#/?q=shout")
    page.get_by_label("Search the models").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shout")
    page.go_back()
    expect(page.locator(".total")).to_have_text("1 model")
    page.locator(".models a").first.focus()
    page.keyboard.press("/")
    expect(page.get_by_label("Search the models")).to_be_focused()


def test_enter_waits_for_what_was_typed_just_now(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.keyboard.type("shout")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shout")


def test_going_back_comes_to_the_model_that_one_left(page: Page, url: str) -> None:
    open_catalog(page, url, "#/?sort=name")
    page.get_by_role("link", name="Filler 20", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Filler 20")
    page.go_back()
    expect(page.get_by_role("link", name="Filler 20", exact=True)).to_be_focused()


def test_pages_have_addresses(page: Page, url: str) -> None:
    open_catalog(page, url, "#/?q=filler&sort=name")
    first = names(page)
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("21–40 of 60")
    expect(page).to_have_url(f"{url}/#/?q=filler&sort=name&page=2")
    assert not set(first) & set(names(page))
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("41–60 of 60")
    page.go_back()
    page.go_back()
    expect(page.locator(".pager")).to_contain_text("1–20 of 60")


def test_a_search_that_finds_nothing_says_what_to_do(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.get_by_label("Search the models").fill("xyzzy")
    expect(page.locator(".results")).to_contain_text("No model fits “xyzzy”")
    page.get_by_label("Search the models").press("Escape")
    expect(page.locator(".models li").first).to_be_visible()


def test_what_models_say_of_themselves_is_text(page: Page, url: str) -> None:
    open_catalog(page, url, "#/?q=echo")
    expect(page.locator(".about").first).to_contain_text("<img src=x onerror=")
    page.get_by_role("link", name="Echo").click()
    expect(page.locator(".description")).to_contain_text("<b>bold</b>")
    expect(page).to_have_title("Echo · Hub")


def test_only_the_last_of_several_searches_is_shown(page: Page, url: str) -> None:
    """An answer that comes late must not take the place of the one that was asked for after it."""
    open_catalog(page, url)
    held = []

    def hold_the_first(route) -> None:  # type: ignore[no-untyped-def]
        held.append(route)
        if len(held) > 1:
            route.continue_()

    page.route("**/v2/models/paginate", hold_the_first)
    page.get_by_label("Search the models").fill("filler")
    while not held:
        page.wait_for_timeout(10)
    page.get_by_label("Search the models").fill("shout")
    expect(page.locator(".total")).to_have_text("1 model")
    held[0].abort()
    assert names(page) == ["Shout"]


def test_a_hub_that_is_gone_is_said_and_asked_again(page: Page, url: str) -> None:
    open_catalog(page, url)
    page.route("**/v2/models/paginate", lambda route: route.abort())
    page.get_by_label("Search the models").fill("shout")
    expect(page.get_by_role("alert")).to_contain_text("The hub doesn't answer")
    page.unroute("**/v2/models/paginate")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".total")).to_have_text("1 model")
