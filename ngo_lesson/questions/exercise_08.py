"""Questions of exercise 08, simulated annealing. A tour is an array of city numbers; after the last comes the first."""

import math
from collections.abc import Callable

import numpy as np

from ngo_lesson.questions.question import Case, Question, Seed


# 08.accept
def acceptance(delta, temperature):
    """Return the chance of accepting a change of the objective by `delta` (Metropolis et al. 1953)."""
    if delta <= 0:
        return 1.0
    return math.exp(-delta / temperature) if temperature > 0 else 0.0


def accept_cases(rng: np.random.Generator) -> list[Case]:
    """Better, equal and worse, hot and cold, frozen, then differences so large that exp overflows."""
    drawn = rng.uniform(0.2, 2, size=(2, 2))
    return [
        *(Case((delta, t)) for delta, t in ((-1.0, 1.0), (1.0, 1.0), (2.0, 0.5), (2.0, 8.0), (0.0, 1.0))),
        *(Case((float(delta), float(t))) for delta, t in drawn),
        *(Case((delta, 0.0)) for delta in (-1.0, 0.0, 3.0)),
        *(Case((delta, 0.01)) for delta in (-1000.0, 1000.0)),
    ]


def _exp(z: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(z))


def _chance(worse: Callable, better: Callable = lambda delta, t: 1.0, frozen: float = 0.0) -> Callable:
    """The acceptance with another chance of a worse or of a better move, or of a worse one at temperature 0."""

    def accept(delta, temperature):
        if delta <= 0:
            return better(delta, temperature)
        return worse(delta, temperature) if temperature > 0 else frozen

    return accept


ACCEPT_MISTAKES = {
    "the sign is wrong: this accepts better moves rarely and worse ones always": lambda delta, t: (
        1.0 if delta >= 0 else _exp(delta / t) if t > 0 else 0.0
    ),
    "a worse move is never accepted: that is hill climbing, not annealing": _chance(lambda delta, t: 0.0),
    "every move is accepted: that is a random walk": lambda delta, t: 1.0,
    "a worse move has a constant chance, which must depend on delta and temperature": _chance(
        lambda delta, t: 0.5, frozen=0.5
    ),
    "the chance is not limited to 1: exp(-delta / T) of a better move is larger, and overflows": _chance(
        lambda delta, t: _exp(-delta / t),
        lambda delta, t: _exp(-delta / t) if t > 0 else (1.0 if delta == 0 else math.inf),
    ),
    "the formula alone is not enough: it divides by 0 at temperature 0, and overflows for much better moves": (
        lambda delta, t: math.exp(-delta / t)
    ),
    "delta is multiplied by the temperature, not divided": _chance(lambda delta, t: _exp(-delta * t)),
    "the temperature is not used": lambda delta, t: 1.0 if delta <= 0 else _exp(-delta),
    "the difference is squared": _chance(lambda delta, t: _exp(-(delta**2) / t)),
    "this is 1 / (1 + exp(delta / T)), the rule of the heat bath, Metropolis' rule was asked": lambda delta, t: (
        1 / (1 + _exp(delta / t)) if t > 0 else float(delta <= 0)
    ),
    "a move of equal value is refused: at delta = 0 the chance is 1": lambda delta, t: (
        0.0 if delta == 0 else acceptance(delta, t)
    ),
    "at temperature 0 a worse move is accepted": _chance(lambda delta, t: _exp(-delta / t), frozen=1.0),
    "True or False is returned, the chance was asked": lambda delta, t: delta <= 0,
}


# 08.cooling
def geometric(T0, T1, k, steps):
    """Return the temperature of step k: T0 at k = 0, T1 at k = steps - 1, always the same factor between."""
    return T0 * (T1 / T0) ** (k / (steps - 1))


def cooling_cases(rng: np.random.Generator) -> list[Case]:
    """Both ends, the middle, then random ones."""
    fixed = (8.0, 2.0, 1, 3), (8.0, 2.0, 0, 3), (8.0, 2.0, 2, 3), (100.0, 0.01, 50, 101), (1.0, 0.1, 1, 2)
    drawn = [(float(rng.uniform(5, 50)), float(rng.uniform(0.01, 1)), int(rng.integers(10, 90)), 100) for _ in range(3)]
    return [Case(case) for case in (*fixed, *drawn)]


COOLING_MISTAKES = {
    "this is linear cooling: the same difference in each step, the same factor was asked": lambda T0, T1, k, steps: (
        T0 + (T1 - T0) * k / (steps - 1)
    ),
    "it does not end at T1: the last step is k = steps - 1": lambda T0, T1, k, steps: T0 * (T1 / T0) ** (k / steps),
    "it does not begin at T0: the first step is k = 0": lambda T0, T1, k, steps: T0 * (T1 / T0) ** ((k + 1) / steps),
    "the fraction is upside down: the temperature rises": lambda T0, T1, k, steps: T0 * (T0 / T1) ** (k / (steps - 1)),
    "the way back: T1 at the start and T0 at the end": lambda T0, T1, k, steps: T1 * (T0 / T1) ** (k / (steps - 1)),
    "the exponent is k, not its share of the way": lambda T0, T1, k, steps: T0 * (T1 / T0) ** k,
    "the factor of a step is T1, it is the root of T1 / T0": lambda T0, T1, k, steps: T0 * T1 ** (k / (steps - 1)),
    "T0 is missing in front": lambda T0, T1, k, steps: (T1 / T0) ** (k / (steps - 1)),
    "the factor is 0.95 whatever T1 is": lambda T0, T1, k, steps: T0 * 0.95**k,
    "the factor is 0.99 whatever T1 is": lambda T0, T1, k, steps: T0 * 0.99**k,
    "this is T0 / (1 + k), the same factor in each step was asked": lambda T0, T1, k, steps: T0 / (1 + k),
    "this is T0 / log(2 + k), the same factor in each step was asked": lambda T0, T1, k, steps: T0 / np.log(2 + k),
    "this is half a cosine, the same factor in each step was asked": lambda T0, T1, k, steps: (
        T1 + (T0 - T1) * (1 + np.cos(np.pi * k / (steps - 1))) / 2
    ),
    "all temperatures are returned, that of step k was asked": lambda T0, T1, k, steps: np.geomspace(T0, T1, steps),
}


# 08.two_opt
def two_opt(tour, i, j):
    """Return a new tour in which the cities at positions i to j, both included, come in reverse."""
    new = tour.copy()
    new[i : j + 1] = tour[i : j + 1][::-1]
    return new


def two_opt_cases(rng: np.random.Generator) -> list[Case]:
    """In the middle, at both ends, neighbors, one city, all of them, then random tours."""
    fixed = [(np.arange(6), i, j) for i, j in ((1, 4), (0, 2), (3, 5), (2, 3), (4, 4), (0, 5))]
    drawn = [(rng.permutation(n), *(int(k) for k in np.sort(rng.choice(n, 2, replace=False)))) for n in (9, 20, 20)]
    return [Case(case) for case in (*fixed, *drawn)]


def _two_opt_in_place(tour, i, j):
    tour[i : j + 1] = tour[i : j + 1][::-1].copy()
    return tour


def _swapped(tour, i, j):
    new = tour.copy()
    new[[i, j]] = tour[[j, i]]
    return new


def _joined(head: Callable, middle: Callable, tail: Callable) -> Callable:
    return lambda tour, i, j: np.concatenate([head(tour, i, j), middle(tour, i, j), tail(tour, i, j)])


TWO_OPT_MISTAKES = {
    "off by one: the city at position j is left out (a slice i:j ends before j)": lambda tour, i, j: two_opt(
        tour, i, max(j - 1, i)
    ),
    "off by one: the city at position i is left out": lambda tour, i, j: two_opt(tour, min(i + 1, j), j),
    "off by one: one city too many behind j is reversed": lambda tour, i, j: two_opt(tour, i, j + 1),
    "only the two cities at i and j are swapped: all between them must be reversed, too": _swapped,
    "the tour of the caller is changed: work on a copy": _two_opt_in_place,
    "the tour of the caller is returned unchanged": lambda tour, i, j: tour.copy(),
    "only the reversed part is returned, a whole tour was asked": lambda tour, i, j: tour[i : j + 1][::-1],
    "the whole tour is reversed": lambda tour, i, j: tour[::-1],
    "a slice tour[j:i-1:-1] is empty when i is 0: cities are lost": _joined(
        lambda tour, i, j: tour[:i], lambda tour, i, j: tour[j : i - 1 : -1], lambda tour, i, j: tour[j + 1 :]
    ),
    "the part is taken out and put in front": _joined(
        lambda tour, i, j: tour[i : j + 1][::-1], lambda tour, i, j: tour[:i], lambda tour, i, j: tour[j + 1 :]
    ),
    "the part is sorted, not reversed": _joined(
        lambda tour, i, j: tour[:i],
        lambda tour, i, j: np.sort(tour[i : j + 1])[::-1],
        lambda tour, i, j: tour[j + 1 :],
    ),
}


# 08.delta
def two_opt_change(distance, tour, i, j):
    """Return by how much the closed tour gets longer when two_opt(tour, i, j) is done; `distance` is symmetric."""
    n = len(tour)
    if j - i == n - 1:  # a closed tour has no direction
        return 0.0
    before, first, last, after = tour[i - 1], tour[i], tour[j], tour[(j + 1) % n]
    return distance[before, last] + distance[first, after] - distance[before, first] - distance[last, after]


def _map(rng: np.random.Generator, n: int) -> np.ndarray:
    """Distances between random points of a plane, (n, n)."""
    points = rng.uniform(0, 10, size=(n, 2))
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))


def delta_cases(rng: np.random.Generator) -> list[Case]:
    """In the middle, at both ends and across the seam, one city, all cities, random tours, then only four edges known.

    An answer in constant time reads no distance but those of the four edges. So the time is judged without a clock.
    """
    distance, order = _map(rng, 8), np.arange(8)
    fixed = [(distance, order, i, j) for i, j in ((2, 5), (3, 3), (0, 3), (4, 7), (1, 7), (0, 6), (0, 7))]
    drawn = [(_map(rng, n), rng.permutation(n), 2, n - 4) for n in (10, 15, 30)]
    return [Case(case) for case in (*fixed, *drawn, _four_edges(rng, 60, 9, 40))]


def _four_edges(rng: np.random.Generator, n: int, i: int, j: int) -> tuple:
    known, tour, distance = np.full((n, n), np.nan), rng.permutation(n), _map(rng, n)
    for a, b in ((i - 1, i), (j, j + 1), (i - 1, j), (i, j + 1)):
        edge = [tour[a], tour[b]], [tour[b], tour[a]]
        known[edge] = distance[edge]
    return known, tour, i, j


def _length(distance, tour):
    return float(distance[tour, np.roll(tour, -1)].sum())


def _changed(
    ends: Callable = lambda n, i, j: ((i - 1) % n, i, j, (j + 1) % n), whole: bool = True, sign: int = 1
) -> Callable:
    """The change with other positions of the four cities."""

    def change(distance, tour, i, j):
        n = len(tour)
        if whole and j - i == n - 1:
            return 0.0
        before, first, last, after = (tour[k] for k in ends(n, i, j))
        new = distance[before, last] + distance[first, after]
        return sign * (new - distance[before, first] - distance[last, after])

    return change


def _added_only(distance, tour, i, j):
    n = len(tour)
    return 0.0 if j - i == n - 1 else distance[tour[i - 1], tour[j]] + distance[tour[i], tour[(j + 1) % n]]


def _open(distance, tour, i, j):
    """The change of an open way, which has no edge from the last city to the first."""
    n = len(tour)
    change = 0.0
    if i > 0:
        change += distance[tour[i - 1], tour[j]] - distance[tour[i - 1], tour[i]]
    if j < n - 1:
        change += distance[tour[i], tour[j + 1]] - distance[tour[j], tour[j + 1]]
    return change


def _positions(distance, tour, i, j):
    return two_opt_change(distance, np.arange(len(tour)), i, j)


DELTA_MISTAKES = {
    "the whole tour is added up, so the time grows with it: read the distances of the four edges alone": (
        lambda distance, tour, i, j: (
            0.0 if j - i == len(tour) - 1 else _length(distance, two_opt(tour, i, j)) - _length(distance, tour)
        )
    ),
    "the edge from the last city to the first is forgotten: the tour is closed": _open,
    "behind the last position comes position 0: tour[j + 1] does not exist there": _changed(
        lambda n, i, j: (i - 1, i, j, j + 1)
    ),
    "when the whole tour is reversed nothing changes: the result must be 0": _changed(whole=False),
    "the sign is wrong: the change is the new length minus the old one": _changed(sign=-1),
    "only the two new edges are counted, the two old ones must be subtracted": _added_only,
    "positions are taken for cities: the city at position i is tour[i]": _positions,
    "the reversed part is taken to end before j, position j is included": _changed(
        lambda n, i, j: ((i - 1) % n, i, (j - 1) % n, j)
    ),
    "the length of the new tour is returned, its change was asked": lambda distance, tour, i, j: _length(
        distance, two_opt(tour, i, j)
    ),
    "the cities at i and j are swapped, the part between them must be reversed": lambda distance, tour, i, j: (
        _length(distance, _swapped(tour, i, j)) - _length(distance, tour)
    ),
    "only the edge in front of the part is changed, the one behind it is, too": lambda distance, tour, i, j: (
        0.0 if j - i == len(tour) - 1 else distance[tour[i - 1], tour[j]] - distance[tour[i - 1], tour[i]]
    ),
}


# 08.anneal
def anneal(f, propose, x, temperatures, rng):
    """Return the best x ever seen and its value; one proposal, one f and one rng.random() for each temperature."""
    value = f(x)
    best, lowest = x, value
    for temperature in temperatures:
        y = propose(x, rng)
        new = f(y)
        if rng.random() < acceptance(new - value, temperature):
            x, value = y, new
        if value < lowest:
            best, lowest = x, value
    return best, lowest


def anneal_cases(rng: np.random.Generator) -> list[Case]:
    """One step, a few, then long runs over many valleys, in one and in more dimensions."""

    def case(d: int, width: float, temperatures: np.ndarray) -> Case:
        shift = rng.uniform(-1, 1, size=d)

        def f(x):
            return float(np.sum((x - shift) ** 2 + 2 - 2 * np.cos(4 * (x - shift))))

        def propose(x, rng):
            return x + width * rng.standard_normal(x.size)

        listed = np.array2string(shift, precision=4, separator=", ")
        f.__doc__ = f"x -> sum((x - s)**2 + 2 - 2 cos(4 (x - s))), s = {listed}"
        propose.__doc__ = f"x, rng -> x + {width} * rng.standard_normal({d})"
        return Case((f, propose, rng.uniform(2, 4, size=d), temperatures, Seed(int(rng.integers(10**6)))))

    return [
        case(1, 0.5, np.array([1.0])),
        case(1, 0.5, np.geomspace(2, 0.5, 6)),
        case(1, 1.0, np.geomspace(5, 0.02, 60)),
        case(2, 0.6, np.geomspace(8, 0.1, 80)),
        case(3, 0.4, np.geomspace(3, 0.3, 100)),
        case(4, 0.4, np.full(100, 1.5)),
    ]


def _annealed(
    accept: Callable = acceptance,
    draw: Callable = lambda delta, rng: rng.random(),
    result: Callable = lambda best, lowest, x, value: (best, lowest),
) -> Callable:
    """Annealing with another acceptance, another draw or another result."""

    def run(f, propose, x, temperatures, rng):
        value = f(x)
        best, lowest = x, value
        for temperature in temperatures:
            y = propose(x, rng)
            new = f(y)
            if draw(new - value, rng) < accept(new - value, temperature):
                x, value = y, new
            if value < lowest:
                best, lowest = x, value
        return result(best, lowest, x, value)

    return run


def _old_value_again(f, propose, x, temperatures, rng):
    best, lowest = x, f(x)
    for temperature in temperatures:
        y = propose(x, rng)
        old, new = f(x), f(y)
        if rng.random() < acceptance(new - old, temperature):
            x = y
            if new < lowest:
                best, lowest = y, new
    return best, lowest


def _best_again(f, propose, x, temperatures, rng):
    best, _ = anneal(f, propose, x, temperatures, rng)
    return best, f(best)


def _chain(temperature_of: Callable) -> Callable:
    return lambda f, propose, x, temperatures, rng: anneal(f, propose, x, temperature_of(temperatures), rng)


ANNEAL_MISTAKES = {
    "the last point is returned: keep the best one ever seen": _annealed(
        result=lambda best, lowest, x, value: (x, value)
    ),
    "a rejected move is kept: x must stay where it was, this is a random walk": _annealed(lambda delta, t: 1.0),
    "worse moves are never accepted, or each move starts from the best point: that is hill climbing": _annealed(
        lambda delta, t: float(delta <= 0)
    ),
    "the sign of the change is wrong: better moves are refused": _annealed(lambda delta, t: acceptance(-delta, t)),
    "rng.random() is drawn for worse moves only: draw one in each step, whatever the change": _annealed(
        draw=lambda delta, rng: rng.random() if delta > 0 else 0.0
    ),
    "the present point is evaluated again in each step: keep its value": _old_value_again,
    "the best point is evaluated again at the end: keep its value": _best_again,
    "the temperature is not used: it is always 1": _chain(np.ones_like),
    "the temperatures are used from the last to the first": _chain(lambda temperatures: temperatures[::-1]),
    "one temperature is left out": _chain(lambda temperatures: temperatures[1:]),
    "only the best x is returned, its value is missing": _annealed(result=lambda best, lowest, x, value: best),
    "only the value is returned": _annealed(result=lambda best, lowest, x, value: lowest),
    "(value, x) is returned, (x, value) was asked": _annealed(result=lambda best, lowest, x, value: (lowest, best)),
}


QUESTIONS = (
    Question(
        id="08.accept",
        points=1,
        difficulty=1,
        minutes=6,
        cases=accept_cases,
        reference=acceptance,
        mistakes=ACCEPT_MISTAKES,
        hints=(
            "Two cases: a better or equal move is always accepted. Only for a worse one the formula is needed.",
            "At temperature 0 the fraction cannot be computed. What is its limit when T goes to 0 and delta > 0?",
        ),
    ),
    Question(
        id="08.cooling",
        points=1,
        difficulty=1,
        minutes=6,
        cases=cooling_cases,
        reference=geometric,
        mistakes=COOLING_MISTAKES,
        hints=(
            "From k = 0 to k = steps - 1 there are steps - 1 equal factors, and their product is T1 / T0.",
            "What share of the way is done at step k? It is 0 at the first and 1 at the last step. "
            "That share is the exponent of T1 / T0.",
        ),
    ),
    Question(
        id="08.two_opt",
        points=2,
        difficulty=1,
        minutes=6,
        cases=two_opt_cases,
        reference=two_opt,
        mistakes=TWO_OPT_MISTAKES,
        hints=(
            "A slice `a:b` ends before position b.",
            "`part[::-1]` is a part in reverse. Copy the tour first, then write the reversed part into the copy.",
        ),
    ),
    Question(
        id="08.delta",
        points=3,
        difficulty=3,
        minutes=15,
        cases=delta_cases,
        reference=two_opt_change,
        mistakes=DELTA_MISTAKES,
        hints=(
            "Draw eight cities on a circle and reverse positions 2 to 5. Which edges disappear, and which are new? "
            "The edges inside of the part are walked the other way, and their length stays.",
            "The four cities: before the part, its first, its last, and after the part. In Python, "
            "`tour[-1]` is the last city, but `tour[len(tour)]` is an error: use the remainder `% len(tour)`.",
            "When the part is the whole tour, the city before it is its own last one. Treat that case on its own.",
        ),
    ),
    Question(
        id="08.anneal",
        points=3,
        difficulty=2,
        minutes=15,
        cases=anneal_cases,
        reference=anneal,
        mistakes=ANNEAL_MISTAKES,
        hints=(
            "You need four variables: the present point and its value, the best point and its value.",
            "In each step: propose from the present point, evaluate the proposal once, draw one `rng.random()`, and "
            "compare it with the acceptance of question 1. Only if it is below, the present point is replaced.",
            "A draw of `rng.random()` is below 1 always, so a better move is accepted whatever is drawn.",
        ),
    ),
)
