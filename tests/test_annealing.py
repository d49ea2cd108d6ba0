"""Annealing: moves whose change is right, known optima found, and the Metropolis rule as the exercise has it."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from ngo_lesson.data import cities
from ngo_lesson.optimize import annealing, descent, search_loop, tours
from ngo_lesson.optimize.annealing import accept, anneal_states
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.tours import anneal_tour, or_opt_, or_opt_change, tour_length, two_opt_, two_opt_change

RNG = np.random.default_rng(0)
VALUES, WEIGHTS = RNG.integers(10, 100, (2, 40)).astype(float)
CAPACITY = WEIGHTS.sum() // 2


@njit
def overfull(x):
    """Minus the value of the knapsack; what is too much weighs more than it is worth."""
    value, weight = 0.0, 0.0
    for i in range(x.size):
        value += VALUES[i] * x[i]
        weight += WEIGHTS[i] * x[i]
    return 10 * max(weight - CAPACITY, 0.0) - value


def best_knapsack():
    """The highest value by dynamic programming over the weights."""
    best = np.zeros(int(CAPACITY) + 1)
    for value, weight in zip(VALUES, WEIGHTS.astype(int), strict=True):
        best[weight:] = np.maximum(best[weight:], best[:-weight] + value)
    return best[-1]


def distances(n, seed):
    """Distances between n random points of a square."""
    points = np.random.default_rng(seed).random((n, 2))
    return np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))


def shortest(distance):
    """The length of the shortest tour, by Held and Karp's dynamic programming."""
    n = len(distance)
    ways = {(1 << k, k): distance[0, k] for k in range(1, n)}
    for size in range(2, n):
        for chosen in itertools.combinations(range(1, n), size):
            visited = sum(1 << k for k in chosen)
            for k in chosen:
                before = visited & ~(1 << k)
                ways[visited, k] = min(ways[before, j] + distance[j, k] for j in chosen if j != k)
    return min(ways[2**n - 2, k] + distance[k, 0] for k in range(1, n))


@pytest.mark.parametrize("name", ["rastrigin", "ackley", "schwefel", "griewank", "levy", "styblinski-tang"])
def test_it_leaves_local_minima_and_more_budget_does_not_hurt(name):
    landscape = LANDSCAPES[name]
    shift = np.linspace(-0.1, 0.05, 4) * landscape.high
    moved, start = landscape.shifted(shift), np.full(4, 0.8 * landscape.low)
    bounds = moved.bounds(4)
    medians = [
        np.median(
            [minimize(moved.fun, start, method="annealing", bounds=bounds, budget=b, seed=s).fun for s in range(7)]
        )
        for b in (1000, 10_000, 100_000)
    ]
    assert medians[2] <= medians[1] + 1e-8
    assert medians[1] <= medians[0] + 1e-8
    assert medians[2] < (1e-6 if name != "griewank" else 0.02)


def test_the_knapsack_is_filled_as_well_as_by_dynamic_programming():
    runs = [minimize(overfull, np.zeros(40), method="annealing", kind="bits", budget=50_000, seed=s) for s in range(5)]
    assert all(set(np.unique(run.x)) <= {0.0, 1.0} for run in runs)
    assert min(run.fun for run in runs) == -best_knapsack()
    assert max(run.fun for run in runs) <= -0.99 * best_knapsack()


def test_bits_are_the_same_compiled_or_plain():
    arguments = {"method": "annealing", "kind": "bits", "budget": 800, "seed": 3, "keep_path": True}
    compiled = minimize(overfull, np.zeros(40), **arguments)
    in_python = minimize(lambda x: overfull(x), np.zeros(40), **arguments)
    np.testing.assert_array_equal(compiled.history["x"], in_python.history["x"])
    assert set(np.unique(compiled.history["x"])) == {0.0, 1.0}


def test_a_given_temperature_decides_what_is_accepted():
    climb = LANDSCAPES["sphere"].fun
    arguments = {"method": "annealing", "budget": 2000, "seed": 0, "cycle": 1000, "sigma": 0.5}
    hot = minimize(climb, [0.5, 0.5], temperature=1e9, **arguments)
    cold = minimize(climb, [0.5, 0.5], temperature=1e-9, **arguments)
    assert hot.history["value"][:100].mean() > 5 * cold.history["value"][:100].mean()


@given(st.floats(-50, 50), st.floats(0.1, 10))
@settings(max_examples=25)
def test_metropolis(rise, temperature):
    rng = np.random.default_rng(0)
    share = np.mean([accept(0.0, rise, temperature, rng) for _ in range(400)])
    assert share == pytest.approx(min(1.0, math.exp(-max(rise, 0) / temperature)), abs=0.1)


@pytest.mark.parametrize("n", [5, 6, 9])
def test_changes_of_length_equal_brute_force(n):
    distance, rng = distances(n, 1), np.random.default_rng(2)
    for _ in range(20):
        tour = rng.permutation(n)
        for i, j in itertools.permutations(range(n), 2):
            a, b, c, d = tour[i], tour[(i + 1) % n], tour[j], tour[(j + 1) % n]
            if b == c or d == a:
                continue
            for order in (tour.copy(), tour[::-1].copy()):
                place = np.argsort(order)
                before = tour_length(distance, order)
                two_opt_(order, place, a, b, c, d)
                check(distance, order, place, before + two_opt_change(distance, a, b, c, d))
                assert joined(order, a, c)
                assert joined(order, b, d)


def joined(order, a, b):
    """Whether a tour goes from a to b or from b to a."""
    return {a, b} in [{order[k - 1], order[k]} for k in range(order.size)]


def check(distance, order, place, expected):
    """The tour visits every city once, knows where, and is as long as expected."""
    np.testing.assert_array_equal(np.sort(order), np.arange(order.size))
    np.testing.assert_array_equal(place, np.argsort(order))
    assert tour_length(distance, order) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [5, 6, 9])
def test_or_opt_moves_a_segment_and_nothing_else(n):
    distance = distances(n, 3)
    for start, length, gap, flipped in itertools.product(range(n), (1, 2, 3), range(n), (True, False)):
        rest = n - length
        if gap >= rest - 1:
            continue
        tour = np.roll(np.random.default_rng(start).permutation(n), start)
        segment, others = tour[:length], tour[length:]
        c, d, p, after = others[gap], others[gap + 1], others[-1], others[0]
        moved = [*others[: gap + 1], *(segment[::-1] if flipped else segment), *others[gap + 1 :]]
        for order in (np.roll(tour, start), np.roll(tour, start)[::-1].copy()):
            place, before = np.argsort(order), tour_length(distance, order)
            cities_ = (p, segment[0], segment[-1], after, c, d, flipped)
            change = or_opt_change(distance, *cities_)
            or_opt_(order, place, *cities_)
            check(distance, order, place, before + change)
            assert all(joined(order, moved[k - 1], moved[k]) for k in range(n))


@pytest.mark.parametrize("seed", range(4))
def test_small_tours_are_the_shortest(seed):
    distance = distances(9, seed)
    result = anneal_tour(distance, budget=20_000, seed=seed)
    assert result.fun == pytest.approx(shortest(distance), rel=1e-9)
    assert sorted(result.x) == list(range(9))
    assert result.fun == pytest.approx(tour_length(distance, result.x))


def test_the_world_tour_is_short_and_repeatable():
    """262,500 km is what 2e8 moves reach; 1 percent of that many come within 5 percent."""
    pytest.importorskip("tzdata")
    distance = cities().distance
    result = anneal_tour(distance, budget=2_000_000, seed=0)
    assert result.fun < 1.05 * 262_500 * len(distance) / 418
    np.testing.assert_array_equal(result.x, anneal_tour(distance, budget=2_000_000, seed=0).x)
    assert (result.nfev, result.history["nfev"][-1], result.success) == (2_000_000, 2_000_000, True)
    assert (np.diff(result.history["fun"]) <= 0).all()


def test_tours_may_be_watched_and_stopped():
    distance, seen = distances(30, 0), []
    arguments = {"distance": distance, "budget": 20_000, "seed": 1, "start": np.arange(30)}
    watched = anneal_tour(callback=seen.append, **arguments)
    assert watched.fun == anneal_tour(**arguments).fun
    assert len(seen) == tours.ROUNDS
    assert all(tour_length(distance, at.x) == pytest.approx(at.fun) for at in seen)
    assert seen[0].temperature / seen[-1].temperature == pytest.approx(50, rel=0.05)
    early = anneal_tour(target=seen[0].fun, **arguments)
    assert (early.status, early.success) == (search_loop.TARGET, True)

    def fails(at):
        if at.nfev >= 1000:
            raise KeyError("oops")

    stopped = anneal_tour(callback=fails, **arguments)
    assert (stopped.status, stopped.success, stopped.nfev) == (descent.STOPPED, False, 1000)
    assert "KeyError('oops')" in stopped.message
    assert stopped.fun == pytest.approx(tour_length(distance, stopped.x))


def test_states_of_any_kind():
    """Words as states: the convention is that of the exercise, one proposal and one draw for each temperature."""
    goal = "annealing"

    def misses(word):
        return sum(a != b for a, b in zip(word, goal, strict=True))

    def propose(word, rng):
        k = rng.integers(len(word))
        return word[:k] + "abcdefghijklmnopqrstuvwxyz"[rng.integers(26)] + word[k + 1 :]

    result = anneal_states(misses, propose, "z" * len(goal), budget=6000, seed=0)
    assert (result.x, result.fun) == (goal, 0)
    assert (result.nfev, result.success) == (6000, True)

    short = anneal_states(misses, propose, "z" * len(goal), budget=60, temperatures=(2.0, 0.5), seed=5)
    rng, word, seen = np.random.default_rng(5), "z" * len(goal), ["z" * len(goal)]
    for k in range(59):
        new, temperature = propose(word, rng), 2.0 * 0.25 ** (k / 58)
        seen.append(new)
        if rng.random() < math.exp(min(0, misses(word) - misses(new)) / temperature):
            word = new
    np.testing.assert_array_equal(short.history["value"], [misses(word) for word in seen])
    assert misses(short.x) == short.fun == min(map(misses, seen))


def test_states_share_the_options_of_searches():
    arguments = {"propose": lambda n, rng: n + int(rng.integers(-3, 4)), "state": 40, "seed": 0}
    seen = []
    reached = anneal_states(abs, target=2, callback=lambda at: seen.append((at.x, at.fun)), **arguments)
    assert reached.status == search_loop.TARGET
    assert abs(reached.x) == reached.fun <= 2
    assert all(abs(state) == value for state, value in seen)
    assert seen[-1][0] == reached.x

    def brittle(n):
        if n % 2:
            raise ArithmeticError("odd")
        return n if n >= 0 else math.nan

    skipped = anneal_states(brittle, on_error="skip", **arguments)
    assert skipped.x == skipped.fun == 0
    assert "errors, counted as +inf" in skipped.message
    assert "NaN" in skipped.message
    with pytest.raises(ArithmeticError, match="odd"):
        anneal_states(brittle, **arguments)


@pytest.mark.parametrize(
    ("changed", "error", "named"),
    [
        ({"kind": "words"}, ValueError, "kind='words'"),
        ({"kind": "bits"}, ValueError, "x0 has other entries than 0 and 1"),
        ({"kind": "bits", "x0": [1, 0], "bounds": [(0, 1)] * 2}, ValueError, 'bounds must be None for kind="bits"'),
        ({"temperature": 0}, ValueError, "temperature=0"),
        ({"temperature": math.nan}, ValueError, "temperature=nan"),
        ({"cycle": 0}, ValueError, "cycle=0"),
        ({"cycle": 1.5}, ValueError, "cycle=1.5"),
    ],
)
def test_bad_options_are_named(changed, error, named):
    with pytest.raises(error, match=named):
        minimize(**{"fun": LANDSCAPES["sphere"].fun, "x0": [0.5, 0.5], "method": "annealing"} | changed)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"distance": np.ones((5, 4))}, r"distance has shape \(5, 4\)"),
        ({"distance": np.ones((4, 4))}, r"distance has shape \(4, 4\)"),
        ({"distance": np.triu(np.ones((6, 6)))}, "must be symmetric"),
        ({"distance": np.full((6, 6), np.nan)}, "must be symmetric, finite"),
        ({"distance": -np.ones((6, 6))}, "not negative"),
        ({"budget": 0}, "budget=0"),
        ({"neighbors": 1.5}, "neighbors=1.5"),
        ({"start": [0, 1, 2, 3, 4, 4]}, "start=.*integers 0 to 5"),
        ({"start": [0.0, 1, 2, 3, 4, 5]}, "start="),
        ({"temperatures": (1.0, 2.0)}, r"temperatures=\(1.0, 2.0\) must be \(first, last\)"),
        ({"temperatures": (1.0, 0.0)}, r"temperatures=\(1.0, 0.0\)"),
        ({"temperatures": ()}, r"temperatures=\(\) must be \(first, last\)"),
    ],
)
def test_bad_tours_are_named(changed, named):
    with pytest.raises(ValueError, match=named):
        anneal_tour(**{"distance": distances(6, 0), "budget": 1000} | changed)


def test_bad_arguments_for_states_are_named():
    with pytest.raises(TypeError, match="keep_path=True is no option"):
        anneal_states(abs, lambda n, rng: n, 1, keep_path=True)
    with pytest.raises(ValueError, match="temperatures"):
        anneal_states(abs, lambda n, rng: n, 1, temperatures=(1.0, 2.0))
    with pytest.raises(ValueError, match="budget=0"):
        anneal_states(abs, lambda n, rng: n, 1, budget=0)


def test_cycles_fill_the_budget():
    for budget in (1, 2, 50, 3000, 70_000):
        cycles = annealing._cycles(1, budget, 10, 100, 1e-12)
        assert budget == 1 or cycles[-1, 0] == budget
        ends = np.diff(np.concatenate(([1], cycles[:, 0])))
        assert (ends > 0).all()
        np.testing.assert_allclose(cycles[:, 1] * cycles[:, 2] ** ends, 1e-12, rtol=1e-6)
