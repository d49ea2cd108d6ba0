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
        name, knob = min(explorer.knobs.items(), key=lambda item: item[1].is_choice)  # a slider if there is one
        at_the_end = knob.start == len(knob.values) - 1
        there, back = ("ArrowDown", "ArrowUp") if knob.is_choice else ("PageUp", "PageDown")
        live.press(name, back if at_the_end else there)
        moved = explorer.at(**{name: knob.values[live.values()[name]]})
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
