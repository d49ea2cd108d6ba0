"""What exercises 05 and 06 show beside their questions: the faulty Adam, the given steps, XOR from every seed."""

from pathlib import Path

import nbformat
import numpy as np
import pytest

from ngo_lesson.questions import check, exercise_06

EXERCISES = Path(__file__).parent.parent / "exercises"
REPAIRS = {
    "t still counts from 0": ("range(steps)", "range(1, steps + 1)"),
    "v is not stored": ("v_new", "v"),
    "the square root of v is missing": ("(v_hat + eps)", "(np.sqrt(v_hat) + eps)"),
    "beta2 is used in the update of m": ("m = beta2 * m + (1 - beta2)", "m = beta1 * m + (1 - beta1)"),
}
EPOCHS = {"descent": 300, "momentum": 150, "adam": 100, "rmsprop": 50}  # which question 06.train calls enough


def cell(notebook, id):
    """Return the code of one cell of an exercise."""
    cells = nbformat.read(EXERCISES / notebook, as_version=4).cells
    return next(cell.source for cell in cells if cell.id == id)


def defined(code):
    names = {"np": np}
    exec(code, names)
    return names


def repaired(*faults):
    code = cell("05_adaptive_steps.ipynb", "faulty")
    for fault in faults:
        wrong, right = REPAIRS[fault]
        assert wrong in code
        code = code.replace(wrong, right)
    return defined(code)["faulty_adam"]


def test_the_faulty_adam_passes_with_its_four_repairs_and_no_others():
    assert check("05.repair", repaired(*REPAIRS)).passed
    assert check("05.repair", repaired()).mistake.startswith("t still counts from 0")


@pytest.mark.parametrize("left", REPAIRS)
def test_a_fault_that_is_left_is_named(left):
    report = check("05.repair", repaired(*(fault for fault in REPAIRS if fault != left)))
    assert report.mistake.startswith(left)


def test_several_faults_that_are_left_are_all_named():
    mistake = check("05.repair", repaired("t still counts from 0")).mistake
    assert all(fault in mistake for fault in list(REPAIRS)[1:])


@pytest.mark.parametrize("name", EPOCHS)
def test_every_given_step_solves_xor_from_ten_seeds(name):
    X, y = exercise_06.XOR
    step = defined(cell("06_neural_networks.ipynb", "steps"))[name]
    for seed in range(10):
        rng = np.random.default_rng(seed)
        weights, biases = exercise_06.train(X, y, [2, 8, 1], step, EPOCHS[name], rng)
        output = exercise_06.forward(weights, biases, X)[-1]
        assert ((output > 0.5) == (y > 0.5)).all()


@pytest.mark.parametrize("name", EPOCHS)
def test_the_given_steps_are_those_of_the_check(name):
    given, checked = defined(cell("06_neural_networks.ipynb", "steps"))[name], getattr(exercise_06, name)
    rng = np.random.default_rng(0)
    w, states = rng.normal(size=(3, 2)), [None, None]
    for t in (1, 2, 3):
        g = rng.normal(size=w.shape)
        (new, states[0]), (other, states[1]) = given(w, g, states[0], t), checked(w, g, states[1], t)
        np.testing.assert_allclose(new, other, rtol=1e-12)
        w = new
