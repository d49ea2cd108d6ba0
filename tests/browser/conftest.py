"""Fixtures of the tests that drive JupyterLab in Chromium; without Chromium they are skipped, unless told to fail."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lab import ROOT, Lab, browser, find_chromium, server

GALLERY = "00_gallery.ipynb"
NOTEBOOKS = [ROOT / "docs" / GALLERY, *sorted((ROOT / "notebooks").glob("*.ipynb"))]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(600))


def skip_without(found: object, reason: str) -> None:
    """Skip the test if something was not found, or fail where a browser is required."""
    if not found:
        (pytest.fail if os.environ.get("NGO_REQUIRE_BROWSER") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def chromium() -> None:
    """Chromium, or the test is skipped."""
    skip_without(
        find_chromium(), "Chromium is missing, NOTHING WAS TESTED IN A BROWSER (Debian: apt-get install chromium)"
    )


@pytest.fixture(scope="session")
def browsing(chromium: None) -> Iterator[object]:
    """Chromium's context for all tests: Playwright runs once in a process."""
    with browser() as context:
        yield context


@pytest.fixture(scope="session")
def fresh_lab(browsing: object) -> Iterator[Callable[[str], Lab]]:
    """A function that opens a copy of a notebook: pages that open the same file would share its kernel."""
    with server(NOTEBOOKS) as (address, folder):
        numbers = count()

        def open_copy(name: str) -> Lab:
            copy = Path(str(next(numbers)), name)
            (folder / copy).parent.mkdir()
            shutil.copy(folder / name, folder / copy)
            return Lab(browsing, address, copy.as_posix())

        yield open_copy


@pytest.fixture
def open_lab(fresh_lab: Callable[[str], Lab]) -> Iterator[Callable[[str], Lab]]:
    """A function that opens a copy of a notebook; it is closed after the test."""
    labs: list[Lab] = []

    def open_one(name: str) -> Lab:
        labs.append(fresh_lab(name))
        return labs[-1]

    yield open_one
    for lab in labs:
        lab.close()
