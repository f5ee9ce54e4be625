"""How soon is the hub's page there, how much travels for it, and how soon does it show what one types?

Debian's Chromium opens the page of a hub with 50,000 models, each time with an empty cache. The first view is there when the
first models are; what travels is the heads and bodies of all answers until then and, for the filters, a little after. Then
texts are typed, a letter each 60 ms: from the last letter to its results, the page's own wait for more letters included.
"""

from __future__ import annotations

import random
import shutil
import statistics
import sys

from bench.environments import Unavailable
from bench.hub_catalog import HUB, MODELS, WEIGHTS, words
from bench.hub_durable import running
from bench.measuring import report

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
VISITS, TEXTS = 21, 20
#: Notes when the first models are on the page, and when the results change.
WATCH = """
new MutationObserver(() => {
  if (!document.querySelector(".models li")) return;
  window.firstView ??= performance.now();
  window.lastChange = performance.now();
}).observe(document, {childList: true, subtree: true});
document.addEventListener("input", () => { window.lastInput = performance.now(); window.lastChange = null; }, true);
"""


def main() -> None:
    try:
        from playwright.sync_api import Browser, sync_playwright
    except ImportError as error:
        raise Unavailable("playwright is not installed; ./dev setup does that") from error

    def visit(browser: Browser, url: str) -> tuple[float, float, float]:
        """The seconds to the first view, the bytes for it, and the seconds to all filters."""
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_selector(".facets legend", state="attached")
        first = page.evaluate("firstView")
        filters = page.evaluate("performance.now()")
        page.wait_for_timeout(50)
        context.close()
        return first / 1e3, sum(sizes), filters / 1e3

    def type_texts(browser: Browser, url: str) -> list[float]:
        """The seconds from the last letter of a text to its results, for each."""
        draw, vocabulary = random.Random(3), words()
        page = browser.new_page()
        page.add_init_script(WATCH)
        page.goto(url)
        page.wait_for_selector(".models li")
        seconds = []
        for _ in range(TEXTS):
            page.fill("#search", "")
            page.wait_for_timeout(300)
            page.type("#search", draw.choices(vocabulary, WEIGHTS)[0], delay=60)
            while not (changed := page.evaluate("window.lastChange")):
                """The results are on their way."""
            seconds.append((changed - page.evaluate("lastInput")) / 1e3)
        return seconds

    with running(HUB) as (hub, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        url = f"http://127.0.0.1:{hub.address[1]}/"
        visits = [visit(browser, url) for _ in range(VISITS)][1:]
        typed = type_texts(browser, url)
        browser.close()
    first, sizes, filters = (statistics.median(each) for each in zip(*visits, strict=True))
    report(f"page, first view of {MODELS:,} models", {"ours": first}, "ms", 1e3, at_most=300)
    report("page, what travels for it", {"ours": sizes}, "kB", 1e-3, at_most=60)
    report("page, first view with its filters", {"ours": filters}, "ms", 1e3)
    report("page, from the last letter to its results, p50", {"ours": statistics.median(typed)}, "ms", 1e3, at_most=150)


def _chromium() -> str:
    return shutil.which("chromium") or sys.exit("There is no Chromium on the PATH. On Debian: apt install chromium")


if __name__ == "__main__":
    main()
