"""What the tests without a browser share with those in tests/browser."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from hypothesis import settings
from matplotlib import pyplot as plt

from ngo_lesson.show.explorer import Explorer

settings.register_profile("course", deadline=None, derandomize=True)  # the first example may compile a loop
settings.load_profile("course")


@pytest.fixture
def explorers_of() -> Callable[[Path], dict[str, Explorer]]:
    """A function that runs a notebook's code in this process and returns its explorers by title."""
    found: dict[str, Explorer] = {}

    def run(path: Path) -> dict[str, Explorer]:
        namespace = {"__name__": "__main__"}
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}:{cell.id}", "exec"), namespace)
        plt.close("all")
        return found

    with pytest.MonkeyPatch.context() as patch:
        made = Explorer.__init__

        def remember(self: Explorer, *arguments: object, **options: object) -> None:
            made(self, *arguments, **options)
            assert self.title not in found, f"two explorers of one notebook are titled {self.title!r}"
            found[self.title] = self

        patch.setattr(Explorer, "__init__", remember)
        yield run
