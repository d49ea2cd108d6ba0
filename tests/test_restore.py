"""Putting a student's answers into the solved notebook, with a small exercise of two questions made here."""

import ast
import copy
import itertools
import json

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbval.plugin import find_comment_markers

from ngo_lesson.grading.restore import (
    LONGEST,
    MOST_EXTRAS,
    UnreadableError,
    grade_id,
    points,
    read_cells,
    restore,
    source,
    tidy,
)

LOSS = "def half_mse(theta, X, y):\n    return ((X @ theta - y) ** 2).mean() / 2"
GRADIENT = "def half_mse_gradient(theta, X, y):\n    return X.T @ (X @ theta - y) / len(y)"
SETUP = "from ngo_lesson.questions import check"


def tiny(loss, gradient):
    def cell(id, source, **flags):
        metadata = {"grade_id": id, "grade": False, "solution": False, "locked": True, "schema_version": 3, **flags}
        return nbformat.v4.new_code_cell(source, id=id, metadata={"nbgrader": metadata})

    cells = [
        cell("setup", SETUP),
        nbformat.v4.new_markdown_cell("Questions", id="text"),
        cell("half_mse", loss, solution=True, locked=False),
        cell("half_mse-check", 'check("02.half_mse", half_mse)', grade=True, points=2),
        cell("gradient", gradient, solution=True, locked=False),
        cell("gradient-check", 'check("02.gradient", half_mse_gradient)', grade=True, points=3),
        cell("end", "score"),
    ]
    return json.loads(nbformat.writes(nbformat.v4.new_notebook(cells=cells)))


SOLVED = tiny(LOSS, GRADIENT)


@pytest.fixture
def cells():
    """The cells of a student who solved everything."""
    return tiny("# mine\n" + LOSS, "# mine\n" + GRADIENT)["cells"]


def code(text):
    return {"cell_type": "code", "source": text}


def cell_of(cells, id):
    return next(cell for cell in cells if cell["id"] == id)


def answer(restored, id):
    return source(cell_of(restored.notebook["cells"], id))


def with_answer(text):
    """What is restored from a notebook with this answer to the first question."""
    return restore(tiny(text, GRADIENT)["cells"], SOLVED)


def test_answers_go_in_and_all_else_is_the_instructors(cells):
    cell_of(cells, "half_mse-check")["metadata"]["nbgrader"]["points"] = 100
    cell_of(cells, "gradient")["metadata"]["tags"] = ["nbval-skip"]
    before = copy.deepcopy(SOLVED)
    restored = restore(cells, SOLVED)
    assert before == SOLVED
    assert restored.notes == ()
    assert restored.cells == (("setup", SETUP), ("half_mse", "# mine\n" + LOSS), ("gradient", "# mine\n" + GRADIENT))
    for id, text in (("half_mse", LOSS), ("gradient", GRADIENT)):
        assert answer(restored, id) == "# mine\n" + text
        cell_of(restored.notebook["cells"], id)["source"] = cell_of(SOLVED["cells"], id)["source"]
    assert restored.notebook == SOLVED


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (lambda cells: cells.pop(2), "half_mse: no cell with this id (deleted or renamed)"),
        (lambda cells: cells[2].update(cell_type="markdown"), "half_mse: no longer a code cell"),
        (lambda cells: cells[2].update(cell_type="raw"), "half_mse: no longer a code cell"),
        (lambda cells: cells.append(code("x")), "1 extra code cell left out: 1 after the last answer"),
        (lambda cells: cells.insert(0, 3), "1 damaged cell left out"),
        (
            lambda cells: cells[3].update(source="print('passed')"),
            "changed, but run as the exercise has them: half_mse-check",
        ),
        (
            lambda cells: cells[2].update(source="x" * (LONGEST + 1)),
            f"half_mse: longer than {LONGEST} characters, left out",
        ),
    ],
)
def test_oddities_are_noted_and_the_other_answer_counts(cells, damage, note):
    damage(cells)
    restored = restore(cells, SOLVED)
    assert restored.notes == (note,)
    assert answer(restored, "gradient") == "# mine\n" + GRADIENT
    assert answer(restored, "half_mse-check") == 'check("02.half_mse", half_mse)'
    if note.startswith("half_mse:"):
        assert not ast.parse(answer(restored, "half_mse")).body


def test_a_renamed_cell_is_a_missing_one_and_an_extra_one(cells):
    cell = cell_of(cells, "half_mse")
    cell["id"] = cell["metadata"]["nbgrader"]["grade_id"] = "mine"
    restored = restore(cells, SOLVED)
    assert restored.notes == (
        "half_mse: no cell with this id (deleted or renamed)",
        "1 extra code cell kept: 1 before gradient",
    )
    assert [id for id, _ in restored.cells] == ["setup", "half_mse", "extra-1", "gradient"]


def test_a_split_or_copied_cell_is_put_together(cells):
    cells.insert(3, {**cell_of(cells, "half_mse"), "id": "other", "source": ["half = half_mse\n", "n = 1"]})
    restored = restore(cells, SOLVED)
    assert restored.notes == ("half_mse: 2 cells with this id, put together",)
    assert answer(restored, "half_mse") == f"# mine\n{LOSS}\n\nhalf = half_mse\nn = 1"


def test_moved_answers_go_to_their_places(cells):
    restored = restore(cells[::-1], SOLVED)
    assert restored == restore(cells, SOLVED)


@pytest.mark.parametrize("lost", ["ids", "metadata"])
def test_either_the_cell_id_or_the_metadata_is_enough(cells, lost):
    for cell in cells:
        if lost == "ids":
            del cell["id"]
        else:
            cell["metadata"] = None
    assert answer(restore(cells, SOLVED), "gradient") == "# mine\n" + GRADIENT


def test_points_are_those_of_the_solved_notebook():
    assert points(SOLVED, "02") == {"02.half_mse": 2, "02.gradient": 3}


# Extra cells


def test_extra_cells_stay_in_order_before_the_answer_that_they_precede(cells):
    cells[4:4] = [code("a = 1"), code("   "), {"cell_type": "markdown", "source": "text"}, code("%time b = a\nc = a")]
    cells.insert(0, code("import math"))
    cells.append(code("late = 1"))
    restored = restore(cells, SOLVED)
    assert [id for id, _ in restored.cells] == ["setup", "extra-1", "half_mse", "extra-2", "extra-3", "gradient"]
    assert dict(restored.cells)["extra-2"] == "a = 1"
    assert dict(restored.cells)["extra-3"] == "pass  # %time b = a\nc = a"
    assert restored.notes == (
        "3 extra code cells kept: 1 before half_mse, 2 before gradient",
        "extra code cell 3: 1 magic, shell or help line left out",
        "1 extra code cell left out: 1 after the last answer",
    )
    assert restored.extras == {"extra-1", "extra-2", "extra-3"}
    nbformat.validate(restored.notebook)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("get_ipython().run_line_magic('load_ext', 'x')", "uses IPython"),
        ("ｇet_ipython()", "uses IPython"),
        ("from IPython import display", "uses IPython"),
        ("def f(:", "not Python"),
        ("%%bash\nrm -rf *", "not Python"),
        ("(" * 10_000, "not Python"),
        ("-" * 19_000 + "1", "not Python"),
        ("#" * (LONGEST + 1), "too long"),
    ],
)
def test_harmful_extra_cells_are_left_out(cells, text, why):
    cells.insert(0, code(text))
    restored = restore(cells, SOLVED)
    assert restored.notes == (f"1 extra code cell left out: 1 {why}",)
    assert not restored.extras


def test_a_hundred_thousand_cells(cells):
    restored = restore([code("x = 1")] * 100_000 + cells, SOLVED)
    assert len(restored.extras) == MOST_EXTRAS
    assert restored.notes[1] == f"{100_000 - MOST_EXTRAS} extra code cells left out: {100_000 - MOST_EXTRAS} too many"


def test_what_failed_or_never_ended_can_be_taken_out(cells):
    cells[2:2] = [code("good = 1"), code("1 / 0"), code("while True: pass")]
    restored = restore(cells, SOLVED)
    less = restored.without(["extra-2", "extra-3", "gradient", "setup"])
    assert less.extras == {"extra-1"}
    assert [id for id, _ in less.cells] == ["setup", "extra-1", "half_mse", "gradient"]
    assert dict(less.cells)["gradient"] == "# the answer to gradient was left out"
    assert dict(less.cells)["setup"] == SETUP
    assert less.notes[-2:] == (
        "2 extra code cells left out: it never ended, or ended Python",
        "gradient: the cell never ended, or ended Python, and was left out",
    )
    assert answer(restored, "gradient") == "# mine\n" + GRADIENT
    assert restored.without([]) == restored


# Magics and markers


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("%matplotlib inline\nx = 1", "pass  # %matplotlib inline\nx = 1"),
        ("%%time\nx = 1", "pass  # %%time\nx = 1"),
        ("!pip install x (\nx = 1", "pass  # !pip install x (\nx = 1"),
        ("x = 1\nprint?", "x = 1\npass  # print?"),
        ("?print\nx = 1", "pass  # ?print\nx = 1"),
        ("files = !ls\nx = 1", "pass  # files = !ls\nx = 1"),
        ("def f():\n    %time y\n    return 1", "def f():\n    pass  # %time y\n    return 1"),
        ("!a \\\n  b 'c\nx = 1", "pass  # !a \\\n#   b 'c\nx = 1"),
        ("x = 7 \\\n% 3", "x = 7 \\\n% 3"),
        ("s = '''\n%time\n!ls\n'''", "s = '''\n%time\n!ls\n'''"),
        ("x = (7\n% 3)", "x = (7\n% 3)"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        (">>> def f(x):\n...     return x", "def f(x):\n    return x"),
        ("x = '%d' % 3 # what?", "x = '%d' % 3 # what?"),
        ("def f(:\n%time x", "def f(:\n%time x"),
        ("!a\n" * 30, "!a\n" * 30),
        ("\ufeffx = 1\r\ny = 2\rz = 3", "x = 1\ny = 2\nz = 3"),
        ("x = '\ud800\0'", "x = '\ufffd\ufffd'"),
        ("", ""),
    ],
)
def test_lines_that_are_not_python_become_comments(text, clean):
    restored = with_answer(text)
    assert answer(restored, "half_mse") == clean
    assert dict(restored.cells)["half_mse"] == clean
    was, now = (each.count("\n") + 1 for each in (text, clean))
    assert any("left out" in note for note in restored.notes) == ("pass  # " in clean)
    assert was == now or "\r" in text


@pytest.mark.parametrize("newline", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
@pytest.mark.parametrize(
    "marker",
    ["# NBVAL_SKIP", "#NBVAL_IGNORE_OUTPUT", "\t##  NBVAL_RAISES_EXCEPTION ", "#PYTEST_VALIDATE_IGNORE_OUTPUT"],
)
def test_markers_have_no_effect(cells, newline, marker):
    text = f"x = '''a{newline}{marker}{newline}'''"
    cell_of(cells, "half_mse")["source"] = text
    cell_of(cells, "gradient")["source"] = f"!x \\\n{marker.lstrip('#')}\n{marker}"
    cells.insert(0, code(text))
    assert dict(find_comment_markers(text))
    restored = restore(cells, SOLVED)
    assert not any(dict(find_comment_markers(source(cell))) for cell in restored.notebook["cells"])
    changed = "a marker that tells nbval what to skip was changed"
    assert {f"{place}: {changed}" for place in ("half_mse", "gradient", "extra code cell 1")} <= set(restored.notes)


@given(
    st.lists(
        st.sampled_from(
            ["# NBVAL_SKIP", "#", "NBVAL_SKIP", "%x", "!y \\", "x?", "x = 1", "\n", "\r", "\x85", "'''", "\0"]
        )
        | st.text(max_size=5)
    ).map("".join)
)
def test_no_text_keeps_a_marker_or_breaks(text):
    clean, _, parses = tidy(text)
    assert not dict(find_comment_markers(clean))
    clean.encode()
    if parses:
        ast.parse(clean)
        assert tidy(clean) == (clean, [], True)


# Files


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "the file is empty"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"1" * 5000, "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "not a notebook"),
        (b"NaN", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"nbformat": 3, "worksheets": 3}', "not a notebook"),
    ],
)
def test_unreadable_files_say_why(content, text):
    with pytest.raises(UnreadableError, match=text):
        read_cells(content)


@pytest.mark.parametrize("version", [3, 4])
def test_old_formats(version):
    notebook = nbformat.from_dict(SOLVED | {"nbformat_minor": 4})
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
        del cell["id"]
    notebook = nbformat.convert(notebook, version)
    content = json.dumps(notebook | {"nbformat_minor": 0}).encode()
    assert restore(read_cells(content), SOLVED).notebook == restore(SOLVED["cells"], SOLVED).notebook


def test_strange_cells_do_no_harm():
    cells = [3, None, {}, {"id": 5, "source": 7}, {"id": "gradient", "cell_type": "code", "source": [1, "a"]}]
    assert answer(restore(read_cells(json.dumps({"cells": cells}).encode("utf-8-sig")), SOLVED), "gradient") == "a"
    with pytest.raises(UnreadableError, match="none of the answer cells"):
        restore([{}], SOLVED)
    content = b'{"cells": [{"id": "gradient", "x": NaN, "cell_type": "code", "source": "a", "source": "\\ud800b"}]}'
    assert answer(restore(read_cells(content), SOLVED), "gradient") == "\ufffdb"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=3)
    | st.sampled_from(["code", "half_mse"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cells", "worksheets", "input", "id", "cell_type", "source", "metadata", "nbgrader", "grade_id"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["half_mse", "gradient", "setup", "extra-1", "other"]) | JSON,
        "cell_type": st.sampled_from(["code", "code", "markdown"]) | JSON,
        "source": st.sampled_from(["x = 1", "%time", "def f(", "get_ipython()"]) | st.text(max_size=9) | JSON,
        "metadata": JSON,
    },
)


@given(st.lists(CELL | JSON, max_size=8) | JSON)
@example([{"id": "gradient", "metadata": {"nbgrader": {"grade_id": []}}}])
def test_whatever_is_submitted_the_exercises_cells_stay(cells):
    for content in ({"cells": cells}, {"worksheets": [{"cells": cells}]}, cells):
        try:
            restored = restore(read_cells(json.dumps(content).encode()), SOLVED)
        except UnreadableError:
            continue
        got = [cell for cell in restored.notebook["cells"] if cell["id"] not in restored.extras]
        for cell, own in itertools.zip_longest(got, SOLVED["cells"]):
            if cell["id"] in ("half_mse", "gradient"):
                cell = cell | {"source": own["source"]}
            assert cell == own
        sources = {grade_id(cell): source(cell) for cell in restored.notebook["cells"]}
        assert len(sources) == len(restored.notebook["cells"])
        assert all(sources[id] == text for id, text in restored.cells)
        assert restored.extras <= {id for id, _ in restored.cells}
        nbformat.validate(nbformat.from_dict(restored.notebook))
        json.dumps(restored.notebook, ensure_ascii=False, allow_nan=False).encode()
        "".join(restored.notes).encode()
