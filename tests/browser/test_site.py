"""The site that `make site` makes: every page in Chromium, with what it loads, shows and links to, and axe-core."""

import re
import subprocess
import sys
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from threading import Thread
from urllib.parse import unquote

import pytest
from conftest import skip_without
from lab import ROOT

COMMAND = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", "."]  # as in the Makefile
SOURCES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*"), *ROOT.glob("notebooks/*"), *ROOT.glob("exercises/*")]
PAGES = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in SOURCES if path.suffix in (".md", ".ipynb")}
PAGES |= {"index.html", "search.html", "genindex.html", "py-modindex.html"}
LOOK = """() => ({
  links: [...document.links].map((link) => link.href),
  pictures: [...document.images].map((image) => ({ alt: image.alt, width: image.naturalWidth })),
  widgets: document.querySelectorAll("[class*=jupyter-widgets], script[type*=widget]").length,
})"""
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "preload": False,
    "resultTypes": ["violations"],
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line for each."""

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(chromium, tmp_path_factory):
    """The site, made now."""
    skip_without(
        find_spec("sphinx") and find_spec("axe_playwright_python"), "not installed: pip install -e '.[site,test]'"
    )
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([*COMMAND, folder], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def site(folder):
    """The address at which the site is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def page(site, browsing):
    """A page of Chromium, with the `faults` of all that it loads."""
    page = browsing.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: said.type in ("error", "warning") and page.faults.append(said.text))
    page.on("requestfailed", lambda request: page.faults.append(f"failed: {request.url}"))
    page.on("request", lambda request: request.url.startswith((site, "data:")) or page.faults.append(request.url))
    yield page
    page.close()


@cache
def anchors(path):
    """The places of a page that a link can name."""
    return set(re.findall(r'\bid="([^"]*)"', path.read_text(encoding="utf-8")))


def leads_nowhere(folder, link):
    path, _, fragment = unquote(link).partition("#")
    path = folder / path.partition("?")[0]
    return not path.is_file() or (fragment and fragment not in anchors(path))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page(folder, site, page, name):
    from axe_playwright_python.sync_playwright import Axe

    page.faults.clear()
    page.goto(site + name, wait_until="networkidle")
    assert page.faults == [], "errors, or requests that left this machine"
    seen = page.evaluate(LOOK)
    links = [link.removeprefix(site) for link in seen["links"] if link.startswith(site)]
    assert [link for link in links if leads_nowhere(folder, link)] == []
    assert [each for each in seen["pictures"] if not each["width"] or not each["alt"] or ".png" in each["alt"]] == []
    assert seen["widgets"] == 0, "a widget stands where a picture should"
    violations = Axe().run(page, options=WCAG).response["violations"]
    assert [(each["id"], node["html"]) for each in violations for node in each["nodes"]] == []


def test_no_page_is_left_out(folder):
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert {page for page in pages if not page.startswith("_static/")} == PAGES


def test_search_finds_a_term(site, page):
    page.goto(f"{site}search.html?q=momentum")
    page.wait_for_selector("#search-results li a[href*='04_momentum']")
