from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = [
    path
    for path in [ROOT / "docs" / "00_gallery.ipynb", *sorted((ROOT / "notebooks").glob("*.ipynb"))]
    if "Explorer(" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_knob_works_at_its_ends(notebook, explorers_of):
    explorers = explorers_of(notebook)
    assert explorers
    for title, explorer in explorers.items():
        for values in explorer.probes():
            shown = explorer.at(**values)
            assert shown.sentence.strip(), (title, values)
            assert explorer.frame(shown)["patch"], (title, values)
        assert not explorer.at().reached, f"{title}: the goal is reached before anything is moved"
