"""Genetic algorithms and differential evolution: their operators, one by one, and problems with known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from ngo_lesson.optimize import genetic
from ngo_lesson.optimize.evolution import Population
from ngo_lesson.optimize.minimize import minimize


def clock(seed=0):
    return np.array([seed], dtype=np.uint64)


@given(d=st.integers(1, 12), data=st.data())
def test_order_crossover_keeps_the_stretch_and_the_order_of_the_rest(d, data):
    a, b = (np.array(data.draw(st.permutations(range(d))), dtype=float) for _ in "ab")
    start, length = data.draw(st.integers(0, d - 1)), data.draw(st.integers(0, d - 1))
    child = np.full(d, -1.0)
    genetic.order_cross_(child, a, b, start, length)
    assert sorted(child) == list(range(d))
    stretch = [(start + k) % d for k in range(length)]
    np.testing.assert_array_equal(child[stretch], a[stretch])
    end = start + length
    rest = [gene for gene in np.roll(b, -end) if gene not in a[stretch]]
    np.testing.assert_array_equal(np.roll(child, -end)[: d - length], rest)


def test_an_example_of_order_crossover():
    """From the end of the stretch on, b reads 2 0 1 3 5 7 6 4; 3, 4 and 5 are there already."""
    a, b, child = np.arange(8.0), np.array([1.0, 3, 5, 7, 6, 4, 2, 0]), np.empty(8)
    genetic.order_cross_(child, a, b, 3, 3)
    np.testing.assert_array_equal(child, [1, 7, 6, 3, 4, 5, 2, 0])


@pytest.mark.parametrize("how", [genetic.SBX, genetic.UNIFORM, genetic.ONE_POINT])
def test_crossover_mixes_the_parents(how):
    now, children = clock(), []
    for _ in range(4000):
        a, b = np.zeros(5), np.ones(5)
        genetic.cross_(a, b, how, now)
        children.append([a, b])
    children = np.array(children)
    assert children.mean() == pytest.approx(0.5, abs=0.01)
    if how in (genetic.UNIFORM, genetic.ONE_POINT):
        np.testing.assert_array_equal(children.sum(axis=1), 1)  # each gene goes to one child
        assert set(children.ravel()) == {0, 1}
    if how == genetic.ONE_POINT:
        assert (np.abs(np.diff(children[:, 0])).sum(axis=1) <= 1).all()
    if how == genetic.SBX:
        np.testing.assert_allclose(children.sum(axis=1), 1)  # children lie symmetric around the parents' middle
        assert (children[:, 0] < -1e-6).mean() == pytest.approx(0.25, abs=0.02)  # half are crossed, half of them expand


def state_of(genes, x0, **options):
    d = len(x0)
    box = np.full(d, 0.0), np.full(d, 1.0)
    return genetic.prepare(np.array(x0, dtype=float), *box, 1000, np.random.default_rng(0), genes=genes, **options)[-1]


def test_mutation_changes_genes_at_its_rate():
    bits = state_of("bits", [0, 1] * 50, mutation_rate=0.2)
    flips = 0
    for _ in range(200):
        x = np.zeros(100)
        genetic.mutate_(x, bits)
        flips += x.sum()
    assert flips / 20_000 == pytest.approx(0.2, abs=0.015)

    reals, moved = state_of("real", [0.5] * 100, mutation_rate=0.2), []
    for _ in range(200):
        x = np.full(100, 0.5)
        genetic.mutate_(x, reals)
        moved.append(x - 0.5)
    moved = np.concatenate(moved)
    assert (moved != 0).mean() == pytest.approx(0.2, abs=0.015)
    assert np.abs(moved).max() <= 0.5
    assert np.abs(moved[moved != 0]).mean() == pytest.approx(1 / 22, rel=0.1)  # of 1 - u^(1 / 21): 1 - 21 / 22

    tours = state_of("order", range(10), mutation_rate=1.0)
    x = np.arange(10.0)
    for _ in range(50):
        before = x.copy()
        genetic.mutate_(x, tours)
        assert sorted(x) == list(range(10))
        links = [{frozenset((t[i - 1], t[i])) for i in range(10)} for t in (before, x)]
        assert len(links[0] - links[1]) <= 2  # turning a stretch round replaces two links of the tour


def test_tournaments_prefer_better_members():
    state = state_of("real", [0.5], popsize=10, tournament=3)
    state.values[:] = np.arange(10)
    won = np.bincount([genetic.select(state) for _ in range(20_000)], minlength=10) / 20_000
    expected = ((10 - np.arange(10)) ** 3 - (9 - np.arange(10)) ** 3) / 1000
    np.testing.assert_allclose(won, expected, atol=0.015)


def test_the_elite_survives():
    population = Population("ga", [0.3, 0.3], bounds=[(0, 1)] * 2, popsize=10, elite=3, seed=0)
    points, seen = population.ask(), []
    population.tell(points, points.sum(axis=1))
    for _ in range(20):
        members = population._state.members[population._state.order[:3]].copy()
        points = population.ask()
        assert points.shape == (7, 2)
        population.tell(points, points.sum(axis=1))
        best = np.sort(np.concatenate([members, points]).sum(axis=1))[:3]
        seen.append(np.sort(population._state.values)[0])
        np.testing.assert_allclose(np.sort(population._state.values)[:3], best)
    assert (np.diff(seen) <= 0).all()


def test_a_knapsack_is_packed_as_well_as_can_be():
    """24 things, against the optimum by dynamic programming."""
    rng = np.random.default_rng(4)
    weight, worth = rng.integers(5, 40, 24), rng.integers(10, 60, 24)
    room = int(weight.sum() // 2)
    best = np.zeros(room + 1, dtype=int)
    for w, v in zip(weight, worth, strict=True):
        best[w:] = np.maximum(best[w:], best[:-w] + v)
    w, v = weight.astype(float), worth.astype(float)

    @njit
    def fun(x):
        load, value = 0.0, 0.0
        for i in range(x.size):
            load, value = load + x[i] * w[i], value + x[i] * v[i]
        return 100 * (load - room) if load > room else -value

    for seed in range(3):
        found = minimize(fun, np.zeros(24), method="ga", genes="bits", budget=20_000, seed=seed)
        assert set(found.x) <= {0, 1}
        assert -found.fun >= 0.99 * best[-1]


@pytest.mark.parametrize("seed", range(3))
def test_a_round_trip_is_found(seed):
    """12 towns on a circle: the shortest tour goes round it."""
    angle = 2 * np.pi * np.random.default_rng(1).permutation(12) / 12
    towns = np.stack([np.cos(angle), np.sin(angle)], axis=1)

    def length(x):
        stops = towns[x.astype(int)]
        return float(np.linalg.norm(stops - np.roll(stops, 1, axis=0), axis=1).sum())

    found = minimize(length, np.arange(12.0), method="ga", genes="order", budget=20_000, seed=seed)
    assert found.fun == pytest.approx(24 * np.sin(np.pi / 12))


def test_classic_differential_evolution_is_as_published():
    """rand/1/bin with CR = 1: every trial is a + F (b - c) of three other members, all distinct."""
    options = {"strategy": "rand", "F": 0.7, "CR": 1.0, "popsize": 7, "seed": 0}
    population = Population("de", [0.1, 0.2], bounds=[(-100, 100)] * 2, **options)
    members = population.ask() / 100  # far from the box
    state = population._state
    population.tell(population.ask(), np.zeros(7))
    state.members[:] = members
    trials = population.ask()
    for i, trial in enumerate(trials):
        others = [k for k in range(7) if k != i]
        made = [
            members[a] + 0.7 * (members[b] - members[c])
            for a in others
            for b in others
            for c in others
            if len({a, b, c}) == 3
        ]
        assert np.abs(made - trial).max(axis=1).min() < 1e-12
    population.tell(trials, np.r_[np.ones(4), -np.ones(3)])
    np.testing.assert_array_equal(state.members, np.r_[members[:4], trials[4:]])


def test_the_population_shrinks_and_f_and_cr_are_learned():
    population = Population("de", np.ones(5), bounds=[(-3, 4)] * 5, budget=2000, seed=0)
    sizes = []
    while population.nfev < 2000:
        points = population.ask()
        sizes.append(len(points))
        population.tell(points, (points**2).sum(axis=1))
    assert sizes[0] == 44  # the root of the budget
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= 6
    assert (population._state.memory != 0.5).all()
    assert population.result.fun < 0.01
    assert len(Population("de", np.ones(5), bounds=[(-3, 4)] * 5, popsize=9).ask()) == 9


def test_learning_survives_gains_too_small_to_count():
    """Gains near the smallest float would make the mean of F 0 / 0, and no F could be drawn any more."""
    population = Population("de", np.ones(2), bounds=[(-3, 4)] * 2, popsize=8, seed=0)
    for k in range(30):
        points = population.ask()
        population.tell(points, np.full(8, 5e-324 * (40 - k)))
    assert np.isfinite(population._state.memory).all()
