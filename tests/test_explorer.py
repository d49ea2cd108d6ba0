import base64
import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from ngo_lesson.show.explorer import WIDGET, Explorer, choice, slider
from ngo_lesson.show.figures import panels
from ngo_lesson.show.pieces import band, bars, dots, image, landscape, line

CELL = """
import numpy as np
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels
from ngo_lesson.show.pieces import line

figure, axes = panels()
axes.set(xlim=(0, 1), ylim=(0, 9))
x = np.linspace(0, 1, 50)
Explorer(
    lambda slope: ({"line": (x, slope * x)}, f"The line ends at {slope}.", slope > 5),
    figure, {"line": line(axes)}, {"slope": slider("slope", 0, 9, 2, step=1)}, title="A line", goal="above 5",
)
"""


def explorer_of_every_kind(**changes):
    figure, (left, middle, right) = panels(1, 3, width=9, height=3)
    middle.set(xlim=(0, 10), ylim=(0, 10))
    curve = line(middle)

    def compute(shape, steps, lr):
        x = np.arange(steps + 1)
        data = {
            "dots": (x / 10, x / 10),
            "curve": (x, x * lr),
            "band": (x, x * lr / 2, x * lr * 2),
            "bars": np.full(4, steps),
            "image": np.full((8, 8), steps / 10),
            "note": shape,
        }
        return data, f"{steps} steps at lr {lr} in a {shape}.", steps >= 8

    moving = {
        "dots": dots(left),
        "curve": curve,
        "band": band(middle, curve),
        "bars": bars(middle, np.arange(5)),
        "image": image(right, (8, 8)),
        "note": left.text(0, 0, ""),
    }
    knobs = {
        "shape": choice("shape", ["bowl", "valley"]),
        "steps": slider("steps", 1, 10, 3, step=1),
        "lr": slider("learning rate", 0.01, 1.0, 0.1, log=True, ticks={0.25: "1/L"}),
    }

    def draw(figure, shape):
        landscape(figure.axes[0], lambda p: p[0] ** 2 + (p[1] if shape == "bowl" else 0) ** 2, (-1, 1), (-1, 1))

    options = {"title": "All", "goal": "eight steps", "play": "steps", "backdrop": draw} | changes
    return Explorer(compute, figure, moving, knobs, **options)


def test_a_slider_takes_every_step_and_its_ticks():
    knob = slider("x", -1.0, 1.0, 0.0, step=0.5, unit="m", ticks={0.3: "here"})
    assert knob.values == (-1.0, -0.5, 0.0, 0.3, 0.5, 1.0)
    assert knob.texts == ("-1.0 m", "-0.5 m", "0.0 m", "0.3 m", "0.5 m", "1.0 m")
    assert (knob.start, knob.ticks) == (2, {3: "here"})


def test_a_step_that_does_not_divide_the_range_keeps_both_ends():
    assert slider("x", 0, 10, 5, step=4).values == (0, 4, 5, 8, 10)


def test_a_slider_of_integers_stays_with_integers():
    for knob in (slider("n", 1, 5, 2, step=1), slider("n", 1, 1000, 10, log=True, step=1.5)):
        assert all(isinstance(value, int) for value in knob.values)
    assert slider("n", 1, 2000, 1, step=1).texts[-1] == "2,000"


def test_values_on_a_log_scale_are_the_values_shown():
    knob = slider("lr", 1e-4, 1.0, 0.01, log=True)
    assert knob.values[0] == 1e-4
    assert knob.values[-1] == 1.0
    assert len(knob.values) == 81
    assert all(float(text) == value for text, value in zip(knob.texts, knob.values, strict=True))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((1, 1, 1), {"step": 1}, "low < high"),
        ((0, 1, 1), {"log": True}, "0 < low on a log scale"),
        ((0.0, 1.0, 0.5), {}, "step=None; give a step above 0"),
        ((0.0, 1.0, 0.5), {"step": -1}, "step=-1; give a step above 0"),
        ((0.1, 1.0, 0.5), {"log": True, "step": 1}, "a step above 1, a factor"),
        ((0, 10, 11), {"step": 1}, "start=11"),
        ((0, 10, 5), {"step": 1, "ticks": {12: "far"}}, r"ticks=\[12\] must lie within 0 to 10"),
    ],
)
def test_a_wrong_slider_is_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        slider("x", *arguments, **options)


def test_a_choice_starts_where_told():
    assert choice("rule", ["Adam", "GD"]).start == 0
    assert choice("rule", ["Adam", "GD"], "GD").start == 1
    with pytest.raises(ValueError, match="start='SGD'"):
        choice("rule", ["Adam", "GD"], "SGD")


def test_at_evaluates_without_a_browser():
    explorer = explorer_of_every_kind()
    shown = explorer.at(steps=8)
    assert shown.reached
    assert str(shown) == "8 steps at lr 0.1 in a bowl.\nGoal reached: eight steps"
    assert str(explorer.at()) == "3 steps at lr 0.1 in a bowl.\nGoal not reached yet: eight steps"
    np.testing.assert_array_equal(shown.data["bars"], [8, 8, 8, 8])


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"stps": 1}, TypeError, "no knob 'stps'; it has shape, steps, lr"),
        ({"steps": 11}, ValueError, "steps=11 is outside 1 to 10"),
        ({"lr": float("nan")}, ValueError, "lr=nan is outside"),
        ({"shape": "cup"}, ValueError, "shape='cup': choose one of 'bowl', 'valley'"),
    ],
)
def test_a_wrong_value_is_named(values, error, message):
    with pytest.raises(error, match=message):
        explorer_of_every_kind().at(**values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"play": "stps"}, "'stps' must be one of steps, lr"),
        ({"play": "shape"}, "'shape' must be one of steps, lr"),
        ({"backdrop": lambda figure, size: None}, "'size' must be one of shape, steps, lr"),
    ],
)
def test_a_wrong_explorer_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        explorer_of_every_kind(**changes)


def test_every_probe_of_every_knob_draws_something():
    explorer = explorer_of_every_kind()
    probes = list(explorer.probes())
    assert probes[:3] == [{}, {"shape": "bowl"}, {"shape": "valley"}]
    assert {"lr": 0.01} in probes
    assert {"lr": 1.0} in probes
    frames = [explorer.frame(explorer.at(**probe)) for probe in probes]
    assert all(frame["patch"] for frame in frames)
    assert len({frame["sentence"] for frame in frames}) == len(probes) - 1


def test_the_data_must_be_that_of_the_moving_parts():
    figure, axes = panels()
    explorer = Explorer(
        lambda n: ({"lin": ([0], [n])}, "x"),
        figure,
        {"line": line(axes)},
        {"n": slider("n", 0, 1, 0, step=1)},
        title="T",
    )
    with pytest.raises(ValueError, match=r"moves \['line'\], but the function returned \['lin'\]"):
        explorer.frame(explorer.at())
    explorer.compute = lambda n: ({"line": ([0, 1, 2], [n, n])}, "x")
    with pytest.raises(ValueError, match="picture part 'line'"):
        explorer.frame(explorer.at())
    explorer.compute = lambda n: ({"line": ([0], [n])}, "x", True)
    with pytest.raises(ValueError, match=r"must return \(data, sentence\), got 3 parts"):
        explorer.at()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_run_that_diverges_is_drawn(value):
    figure, axes = panels()
    explorer = Explorer(
        lambda n: ({"line": (np.arange(9), np.full(9, value))}, "It diverged."),
        figure,
        {"line": line(axes)},
        {"n": slider("n", 0, 1, 0, step=1)},
        title="T",
    )
    assert explorer.frame(explorer.at())["sentence"] == "It diverged."


def show(explorer):
    """Display an explorer and return the two MIME bundles and the widget."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    publisher, shell.display_pub = shell.display_pub, CapturingDisplayPublisher()
    try:
        explorer._ipython_display_()
        return shell.display_pub.outputs, explorer._view
    finally:
        shell.display_pub = publisher
        InteractiveShell.clear_instance()


def test_the_bundles_hold_picture_sentence_and_view():
    (picture, words), view = show(explorer_of_every_kind())
    assert set(picture["data"]) == {"image/png", "text/plain", WIDGET}
    assert picture["data"]["text/plain"] == "Explorer: All"
    assert picture["metadata"] == {"image/png": {"alt": "All. 3 steps at lr 0.1 in a bowl."}}
    assert words["data"]["text/plain"] == "3 steps at lr 0.1 in a bowl.\nGoal not reached yet: eight steps"
    assert picture["data"][WIDGET]["model_id"] == view.model_id


def test_the_stored_picture_is_the_same_every_time():
    first, second = (show(explorer_of_every_kind())[0][0]["data"]["image/png"] for _ in range(2))
    assert first == second


def test_a_move_redraws_only_what_it_must():
    explorer = explorer_of_every_kind()
    _, view = show(explorer)
    before, base = view.frame, view.base
    view._handle_custom_msg({"positions": {"steps": 8}}, [])
    assert view.frame["sentence"] == "9 steps at lr 0.1 in a bowl."
    assert view.frame["reached"]
    assert view.frame["patch"] != before["patch"]
    assert view.frame["turn"] == before["turn"] + 1
    assert view.base == base
    view._handle_custom_msg({"positions": {"shape": 1}}, [])
    assert view.base != base
    assert explorer.values == {"shape": "valley", "steps": 9, "lr": 0.1}
    assert explorer.here().sentence == view.frame["sentence"] == "9 steps at lr 0.1 in a valley."


def test_a_sharp_screen_gets_a_sharp_picture():
    _, view = show(explorer_of_every_kind())
    width = [int.from_bytes(view.base[16:20])]
    view._handle_custom_msg({"scale": 2}, [])
    width.append(int.from_bytes(view.base[16:20]))
    assert width == [864, 1728]


def test_a_drag_sets_both_sliders():
    figure, axes = panels()
    axes.set(xlim=(0, 10), ylim=(1, 1000), yscale="log")
    explorer = Explorer(
        lambda x, y: ({"point": ([x], [y])}, f"{x}, {y}"),
        figure,
        {"point": dots(axes)},
        {"x": slider("x", 0, 10, 0, step=1), "y": slider("y", 1, 1000, 1, log=True, step=10)},
        title="T",
        drag=(axes, "x", "y"),
    )
    _, view = show(explorer)
    left, top, right, bottom = view.setup["drag"]
    view._handle_custom_msg({"drag": [(left + right) / 2, top + (bottom - top) / 3]}, [])
    assert explorer.values == {"x": 5, "y": 100}
    view._handle_custom_msg({"drag": [2.0, -1.0]}, [])
    assert explorer.values == {"x": 10, "y": 1000}


def test_a_function_that_fails_says_so_and_keeps_the_picture():
    explorer = explorer_of_every_kind()
    _, view = show(explorer)
    patch, compute = view.frame["patch"], explorer.compute
    explorer.compute = lambda **values: 1 / 0
    view._handle_custom_msg({"positions": {"steps": 8}}, [])
    assert view.frame["sentence"] == "This setting fails. ZeroDivisionError: division by zero"
    assert view.frame["patch"] == patch
    explorer.compute = compute
    view._handle_custom_msg({"positions": {"steps": 0}}, [])
    assert view.frame["sentence"].startswith("1 steps")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook with one explorer, executed and stored as the build stores it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL, id="explorer")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    NotebookClient(notebook).execute()
    for output in notebook.cells[0].outputs:
        output.data.pop(WIDGET)
    notebook.metadata.pop("widgets", None)
    path = tmp_path_factory.mktemp("stored") / "right.ipynb"
    nbformat.write(notebook, path)
    return path


def test_nbval_compares_the_sentence(stored):
    wrong = json.loads(stored.read_text())
    assert wrong["cells"][0]["outputs"][1]["data"]["text/plain"][0] == "The line ends at 2.\n"
    wrong["cells"][0]["outputs"][1]["data"]["text/plain"] = ["The line ends at 3.\n", "Goal not reached yet: above 5"]
    stored.with_name("wrong.ipynb").write_text(json.dumps(wrong))
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "-rA", stored.parent]
    done = subprocess.run(command, cwd=stored.parent, capture_output=True, text=True, timeout=120)
    assert "PASSED right.ipynb::Cell 0" in done.stdout
    assert "FAILED wrong.ipynb::Cell 0" in done.stdout


def test_a_page_exported_without_a_kernel_shows_picture_and_sentence(stored):
    page, _ = HTMLExporter().from_filename(str(stored))
    outputs = json.loads(stored.read_text())["cells"][0]["outputs"]
    picture = base64.b64decode("".join(outputs[0]["data"]["image/png"]))
    assert picture.startswith(b"\x89PNG")
    assert base64.b64encode(picture).decode() in page.replace("\n", "")
    assert "The line ends at 2.\nGoal not reached yet: above 5" in page
