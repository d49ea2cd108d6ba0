"""An objective counts every question and names what is wrong with an answer."""

import numpy as np
import pytest
from numba import njit

from ngo_lesson.optimize.objective import GRADIENT_COST, Objective, as_point


def square(x):
    return float(x @ x)


def slope(x):
    return 2 * x


def test_every_question_is_counted():
    objective = Objective(square, slope)
    x = np.array([1.0, 2.0])
    assert objective(x) == 5.0
    assert objective.nfev == 1
    np.testing.assert_array_equal(objective.gradient(x), [2.0, 4.0])
    assert objective.nfev == GRADIENT_COST == 3
    for _ in range(4):
        objective(x)
    assert (objective.values, objective.gradients, objective.nfev) == (5, 1, 7)


def test_a_failed_evaluation_counts_too():
    objective = Objective(lambda x: None)
    with pytest.raises(TypeError):
        objective(np.ones(2))
    assert objective.nfev == 1


@pytest.mark.parametrize("value", [1, 1.0, True, np.float32(1), np.int64(1), np.array(1.0)])
def test_any_real_number_is_a_value(value):
    assert Objective(lambda x: value)(np.ones(2)) == 1.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_values_pass(value):
    np.testing.assert_equal(Objective(lambda x: value)(np.ones(2)), value)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, "fun returned None"),
        (np.ones(3), r"fun returned an array of shape \(3,\)"),
        (np.ones(1), r"fun returned an array of shape \(1,\)"),
        ([1.0], r"fun returned \[1.0\]"),
        (1j, "fun returned 1j"),
        ("1", "fun returned '1'"),
    ],
)
def test_other_values_are_refused(value, named):
    with pytest.raises(TypeError, match=named):
        Objective(lambda x: value)(np.ones(2))


def test_gradients_become_contiguous_floats():
    objective = Objective(square, lambda x: [1, 2])
    gradient = objective.gradient(np.ones(2))
    assert gradient.dtype == np.float64
    assert Objective(square, lambda x: np.ones(4)[::2]).gradient(np.ones(2)).flags.c_contiguous


@pytest.mark.parametrize(
    ("gradient", "error", "named"),
    [
        (np.ones(3), ValueError, r"grad returned shape \(3,\); it must return an array of shape \(2,\)"),
        (np.ones((2, 1)), ValueError, r"grad returned shape \(2, 1\)"),
        (1.0, ValueError, "grad returned 1.0"),
        (None, ValueError, "grad returned None"),
        ("no", TypeError, "grad returned 'no'"),
    ],
)
def test_other_gradients_are_refused(gradient, error, named):
    with pytest.raises(error, match=named):
        Objective(square, lambda x: gradient).gradient(np.ones(2))


@pytest.mark.parametrize(
    ("fun", "grad", "named"), [(3, None, "fun=3"), (None, None, "fun=None"), (square, "up", "grad='up'")]
)
def test_functions_must_be_functions(fun, grad, named):
    with pytest.raises(TypeError, match=named):
        Objective(fun, grad)


def test_a_point_is_a_new_float_array():
    given = np.array([1, 2])
    point = as_point(given)
    assert point.dtype == np.float64
    point[0] = 9
    assert given[0] == 1


@pytest.mark.parametrize(
    ("x0", "error", "named"),
    [
        ([], ValueError, r"x0 has shape \(0,\)"),
        (1.0, ValueError, r"x0 has shape \(\)"),
        (np.ones((2, 2)), ValueError, r"x0 has shape \(2, 2\)"),
        ([1.0, np.nan], ValueError, r"x0\[1\] is nan"),
        ([np.inf], ValueError, r"x0\[0\] is inf"),
        ("ab", TypeError, "x0='ab'"),
        ([[1.0], [1.0, 2.0]], TypeError, "x0="),
        ([1j], TypeError, r"x0=\[1j\]"),
    ],
)
def test_other_points_are_refused(x0, error, named):
    with pytest.raises(error, match=named):
        as_point(x0)


def test_compiled_means_both_are_jitted_and_return_floats():
    fun, grad = njit(lambda x: x[0] * x[0]), njit(lambda x: 2 * x)
    assert Objective(fun, grad).compiled()
    assert Objective(fun).compiled()
    assert not Objective(fun.py_func, grad).compiled()
    assert not Objective(fun, grad.py_func).compiled()
    assert not Objective(fun, njit(lambda x: (2 * x)[::-1])).compiled()
    assert not Objective(njit(lambda x: "text")).compiled()
    assert not Objective(njit("float64(float64[:])")(lambda x: x[0])).compiled()
    assert not Objective(njit(lambda x: undefined_name)).compiled()  # noqa: F821
