import pytest
from conftest import NOTEBOOKS
from lab import DISPLAY, TRUSTED, LiveExplorer


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_explorers_move(notebook, open_lab, explorers_of):
    has_explorers = "Explorer(" in notebook.read_text(encoding="utf-8")
    expected = explorers_of(notebook) if has_explorers else {}
    lab = open_lab(notebook.name)
    lab.run_all()
    assert lab.errors() == []
    assert lab.explorers().keys() == expected.keys()
    for title, explorer in expected.items():
        live = LiveExplorer(lab, title)
        live.wait_for(explorer.at().sentence)
        lab.settle()
        before = live.picture()
        name = next(name for name, knob in explorer.knobs.items() if not knob.is_choice)
        at_the_end = explorer.knobs[name].start == len(explorer.knobs[name].values) - 1
        live.press(name, "PageDown" if at_the_end else "PageUp")
        moved = explorer.at(**{name: explorer.knobs[name].values[live.values()[name]]})
        live.wait_for(moved.sentence)
        lab.settle()
        assert live.picture() != before, title
        assert live.reached() == moved.reached, title
        live.keep(lab, title.replace(" ", "-"))
    assert lab.javascript_errors == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_trusted_notebook_without_its_kernel_shows_what_is_stored(notebook, open_lab):
    lab = open_lab(notebook.name)
    lab.stop_kernel()
    assert lab.page.evaluate(TRUSTED)
    stored = lab.outputs(DISPLAY)
    for title, index in lab.explorers().items():
        cell = lab.cell(index)
        cell.wait_for_selector(".jp-RenderedImage img")
        assert cell.query_selector(".jp-RenderedImage img").evaluate("img => img.naturalWidth") > 300, title
        sentence = "".join([output for output in stored if output["index"] == index][1]["data"]["text/plain"])
        assert sentence in cell.inner_text(), title
        assert "rror displaying widget" not in cell.inner_text(), title
        lab.keep(f"{title.replace(' ', '-')}-without-kernel", cell)
    assert lab.javascript_errors == []
