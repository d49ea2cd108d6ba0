"""Landscapes: gradients against differences, minima against everything near and far, shifts and boxes."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ngo_lesson.optimize.functions import LANDSCAPES, Landscape
from ngo_lesson.optimize.gradients import Central

every_landscape = pytest.mark.parametrize("landscape", LANDSCAPES.values(), ids=LANDSCAPES)


def points(landscape: Landscape, margin: float = 0.0):
    """A strategy for points in the box, and a part of its width outside."""
    d = st.just(landscape.dimension) if landscape.dimension else st.integers(2, 7)
    reach = margin * (landscape.high - landscape.low)
    coordinate = st.floats(landscape.low - reach, landscape.high + reach)
    return d.flatmap(lambda d: st.lists(coordinate, min_size=d, max_size=d)).map(np.array)


@every_landscape
@settings(max_examples=25)
@given(data=st.data())
def test_the_gradient_is_the_derivative(landscape, data):
    x = data.draw(points(landscape, margin=0.1))
    if landscape.name == "schwefel":  # it has kinks where the box ends, and at 0
        x = x[np.abs(np.abs(x) - 500) > 0.1]
        x = np.append(x[np.abs(x) > 0.1], [3.0, 4.0])
    if landscape.name == "ackley":
        assume(np.linalg.norm(x) > 1e-3)  # its minimum is a kink
    g = landscape.grad(x)
    assert g.shape == x.shape
    scale = np.abs(g).max() + abs(landscape.fun(x)) + 1
    np.testing.assert_allclose(Central().gradient(landscape.fun, x), g, rtol=1e-5, atol=1e-6 * scale)


@every_landscape
@settings(max_examples=40)
@given(data=st.data())
def test_no_point_is_lower_than_the_minimum(landscape, data):
    x = data.draw(points(landscape, margin=0.5))
    assert landscape.fun(x) >= -1e-10
    nearest = landscape.minimizer(x.size)
    near = nearest + 1e-3 * (x - nearest)
    assert landscape.fun(near) >= landscape.fun(nearest) - 1e-12


@every_landscape
@pytest.mark.parametrize("d", [2, 3, 10, 40])
def test_the_minimum_is_zero_flat_and_inside_the_box(landscape, d):
    d = landscape.dimension or d
    x = landscape.minimizer(d)
    assert x.shape == (d,)
    assert abs(landscape.fun(x)) < 1e-10
    assert np.abs(landscape.grad(x)).max() < 1e-10
    low, high = landscape.bounds(d).T
    assert landscape.bounds(d).shape == (d, 2)
    assert (low < x).all()
    assert (x < high).all()


def test_values_from_the_literature():
    """At points where the published formula is easy to follow by hand."""
    by_hand = {
        "sphere": ([1.0, 2.0], 5.0),
        "ellipsoid": ([1.0, 1.0], 1 + 1e6),
        "rosenbrock": ([-1.2, 1.0], 24.2),
        "zakharov": ([1.0, 1.0], 2 + 1.5**2 + 1.5**4),
        "rastrigin": ([1.0, 0.5], 1 + 0.25 + 20),
        "ackley": ([1.0, 1.0], 20 - 20 * np.exp(-0.2)),
        "griewank": ([0.0, np.sqrt(2) * np.pi], 2 + 2 * np.pi**2 / 4000),
        "schwefel": ([0.0, 0.0], 2 * 418.9828872724338),
        "levy": ([-3.0, 1.0], 1 + 10 * np.sin(1.0) ** 2),
        "styblinski-tang": ([0.0, 1.0], 2 * 39.16616570377142 - 5),
        "beale": ([0.0, 0.0], 1.5**2 + 2.25**2 + 2.625**2),
        "himmelblau": ([0.0, 0.0], 170.0),
        "six-hump camel": ([1.0, 0.0], 1.031628453489877 + 4 - 2.1 + 1 / 3),
        "saddle": ([0.0, 0.0], 0.25),
    }
    assert set(by_hand) == set(LANDSCAPES)
    for name, (x, value) in by_hand.items():
        assert LANDSCAPES[name].fun(np.array(x)) == pytest.approx(value, rel=1e-12), name


def test_the_other_lowest_points():
    lowest = {
        "himmelblau": [(-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)],
        "six-hump camel": [(-0.0898420131003178, 0.7126564030207396)],
        "saddle": [(0.0, -1.0)],
    }
    for name, others in lowest.items():
        for x in others:
            assert LANDSCAPES[name].fun(np.array(x)) < 1e-9
            assert np.abs(LANDSCAPES[name].grad(np.array(x))).max() < 1e-3


@every_landscape
def test_a_shift_moves_everything(landscape):
    d = landscape.dimension or 3
    center = (landscape.low + landscape.high) / 2
    shift = 0.1 * (center - landscape.minimizer(d)) + 0.01 * (landscape.high - landscape.low) * np.arange(1, d + 1)
    moved = landscape.shifted(shift)
    x = np.linspace(landscape.low, landscape.high, d)
    assert moved.fun(x) == landscape.fun(x - shift)
    np.testing.assert_array_equal(moved.grad(x), landscape.grad(x - shift))
    np.testing.assert_allclose(moved.minimizer(d), landscape.minimizer(d) + shift)
    assert abs(moved.fun(moved.minimizer(d))) < 1e-10
    np.testing.assert_array_equal(moved.bounds(d), landscape.bounds(d))
    assert moved.dimension == d


def test_a_shift_is_a_copy_and_can_be_repeated():
    shift = np.array([1.0, -1.0])
    once = LANDSCAPES["sphere"].shifted(shift)
    shift[:] = 9
    np.testing.assert_array_equal(once.minimizer(2), [1.0, -1.0])
    assert once.fun(np.array([1.0, -1.0])) == 0
    assert once.shifted(np.array([1.0, 2.0])).fun(np.array([2.0, 1.0])) == 0


def test_schwefel_has_no_deeper_valley_in_a_shifted_box():
    moved = LANDSCAPES["schwefel"].shifted(np.array([70.0, 70.0]))
    line = np.linspace(-500, 500, 4001)
    assert min(moved.fun(np.array([x, moved.minimizer(2)[1]])) for x in line) >= -1e-10


@pytest.mark.parametrize(
    ("name", "shift", "named"),
    [
        ("sphere", [1.0], r"shift has shape \(1,\); for sphere it must be \(d,\) with d at least 2"),
        ("sphere", 1.0, r"shift has shape \(\)"),
        ("beale", [0.1, 0.1, 0.1], r"shift has shape \(3,\); for beale it must be \(2,\)"),
        ("beale", [2.0, 0.0], "moves the minimum of beale out of its box"),
        ("schwefel", [0.0, 100.0], "out of its box"),
    ],
)
def test_shifts_that_cannot_be_are_named(name, shift, named):
    with pytest.raises(ValueError, match=named):
        LANDSCAPES[name].shifted(shift)


@pytest.mark.parametrize("name", [name for name, landscape in LANDSCAPES.items() if landscape.dimension])
@pytest.mark.parametrize("d", [1, 3])
def test_two_dimensions_are_two(name, d):
    for function in (LANDSCAPES[name].fun, LANDSCAPES[name].grad):
        with pytest.raises(ValueError, match="x has not two coordinates"):
            function(np.ones(d))
