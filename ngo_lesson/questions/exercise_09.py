"""Questions of exercise 09, genetic algorithms. A population has the shape (n, d); lower values are better."""

from collections.abc import Callable, Sequence

import numpy as np

from ngo_lesson.answers import Outcome
from ngo_lesson.questions.question import Case, Question, Seed, close, kind, same


# 09.tournament
def tournament(values, size, rng):
    """Return the index of the smallest value among `size` contestants, drawn without replacement."""
    drawn = rng.choice(len(values), size=size, replace=False)
    return drawn[np.argmin(values[drawn])]


ALL, FEW = 40, 60  # tournaments of everybody, and of four among many


def tournament_cases(rng: np.random.Generator) -> list[Case]:
    """Two contestants, then everybody, four of five, and four of 1000, often; one of each again from the same seed."""
    seeds = [Seed(int(seed)) for seed in rng.choice(10**6, size=1 + 2 * ALL + FEW, replace=False)]
    many = rng.normal(size=1000)
    everybody = [(rng.normal(size=6), 6, seed) for seed in seeds[1 : ALL + 1]]
    nearly = [(rng.normal(size=5), 4, seed) for seed in seeds[ALL + 1 : 2 * ALL + 1]]
    few = [(many, 4, seed) for seed in seeds[2 * ALL + 1 :]]
    first = [(np.array([3.0, 1.0]), 2, seeds[0])]
    return [Case(case) for case in (*first, *everybody, *nearly, *few, *few[:5])]


def an_index(expected: Outcome, got: Outcome) -> str | None:
    """Compare whether both results are an index, or how they are none. Which index, chance decides."""
    kinds = [_index_kind(outcome) for outcome in (expected, got)]
    if kinds[0] == kinds[1]:
        return None
    return f"the result is {kinds[1]}; an index was expected, from 0 to {len(got.arguments[0]) - 1}."


def _index_kind(outcome: Outcome) -> str:
    value, n = outcome.value, len(outcome.arguments[0])
    if type(value) is int and 0 <= value < n:
        return "an index"
    return "a number that is no index" if isinstance(value, (int, float)) else kind(value)


def tournament_manner(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Say in what manner a number of tournaments was held: who won them, and whether they follow the seed."""
    if any(_index_kind(outcome) != "an index" for outcome in outcomes):
        return {}
    ranks = [int(np.sum(outcome.arguments[0] < outcome.arguments[0][outcome.value])) for outcome in outcomes]
    everybody, nearly, few = ranks[1 : ALL + 1], ranks[ALL + 1 : 2 * ALL + 1], ranks[2 * ALL + 1 : -5]
    chosen = [outcome.value for outcome in outcomes]
    mean = np.mean(few)  # 199 is expected, with a deviation of 21
    manner = {}
    if max(everybody) > 0:
        manner["everybody"] = "with all as contestants, the smallest value does not always win."
    if max(nearly) > 1:
        manner["nearly"] = "with four different contestants of five, the third best won: were they drawn twice?"
    fixed = len(set(chosen[-FEW - 5 :])) == 1
    if not 95 < mean < 305 and (max(few) == 0 or not fixed):
        level = "best" if max(few) == 0 else "worst" if mean > 600 else "other"
        text = f"with four contestants of 1000, the winner's mean rank is {mean:.0f}; about 199 was expected."
        manner[f"mean {level}"] = text
    if max(chosen[2 * ALL + 1 :]) < 4:
        manner["small"] = "only the indices 0 to 3 won: that is the place among the contestants."
    if chosen[-5:] != chosen[-FEW - 5 : -FEW]:
        manner["seed"] = "the same seed gave two different winners: take every random number from `rng`."
    if fixed:
        manner["fixed"] = "different seeds always gave the same winner: take the random numbers from `rng`."
    return manner


def same_manner(expected: Sequence[Outcome], got: Sequence[Outcome]) -> str | None:
    """Compare the manner of all tournaments."""
    expects, has = tournament_manner(expected), tournament_manner(got)
    return None if expects.keys() == has.keys() else next(iter(has.values()), "these tournaments are right.")


def _held(draw: Callable, win: Callable = np.argmin) -> Callable:
    """A tournament with another draw, or another winner of the contestants' values."""

    def hold(values, size, rng):
        drawn = draw(len(values), size, rng)
        return drawn[win(values[drawn])]

    return hold


def _drawn(n, size, rng):
    return rng.choice(n, size=size, replace=False)


TOURNAMENT_MISTAKES = {
    "the largest value wins: lower is better here": _held(_drawn, np.argmax),
    "the contestants are drawn with replacement: one can be drawn twice": _held(
        lambda n, size, rng: rng.integers(n, size=size)
    ),
    "everybody takes part: only `size` contestants are drawn": lambda values, size, rng: int(np.argmin(values)),
    "the values do not matter: the first contestant wins": _held(_drawn, lambda values: 0),
    "the place among the contestants is returned, not the index in `values`": lambda values, size, rng: int(
        np.argmin(values[_drawn(len(values), size, rng)])
    ),
    "the winner's value is returned, its index was asked": lambda values, size, rng: values[
        tournament(values, size, rng)
    ],
    "all contestants are returned, the winner was asked": lambda values, size, rng: _drawn(len(values), size, rng),
    "rng is not used: the draws cannot be repeated": lambda values, size, rng: tournament(
        values, size, np.random.default_rng()
    ),
    "rng is not used: the draws have a seed of their own": lambda values, size, rng: tournament(
        values, size, np.random.default_rng(0)
    ),
}


# 09.crossover
def one_point(a, b, cut):
    """Return two children that exchange their genes from position `cut` on."""
    return np.concatenate([a[:cut], b[cut:]]), np.concatenate([b[:cut], a[cut:]])


def uniform(a, b, mask):
    """Return two children; the first takes the genes of a where the mask is true, the second those of b."""
    return np.where(mask, a, b), np.where(mask, b, a)


def crossover_cases(rng: np.random.Generator) -> list[Case]:
    """Bits, floats and integers, the cut at both ends; then the same with a mask."""
    bits = rng.integers(2, size=(2, 8)).astype(bool)
    floats, whole = rng.normal(size=(2, 6)), rng.integers(1, 99, size=(2, 7))
    letters = np.arange(5.0), np.arange(5.0) + 0.5
    cuts = (*letters, 2), (*floats, 4), (*whole, 3), (*bits, 5), (*letters, 0), (*letters, 5)
    masks = (
        (*letters, np.array([True, False, True, False, False])),
        *((*pair, rng.random(len(pair[0])) < 0.5) for pair in (floats, whole, bits)),
        (*letters, np.ones(5, dtype=bool)),
    )
    return [*(Case(case) for case in cuts), *(Case(case, answer=1) for case in masks)]


def own_memory(expected: Outcome, got: Outcome) -> str | None:
    """Compare values, then whether the result shares memory with an argument."""
    if bool(got.shares) != bool(expected.shares):
        return "a child shares its memory with a parent: change one and the other changes. Make new arrays."
    return same(expected, got)


def _both(cut_children: Callable, mask_children: Callable) -> tuple[Callable, Callable]:
    """The two answers: each gets (a, b, where the first child takes a, its own third argument)."""

    def one_point(a, b, cut):
        return cut_children(a, b, np.arange(len(a)) < cut, cut)

    def uniform(a, b, mask):
        return mask_children(a, b, mask, mask)

    return one_point, uniform


def _children(a, b, take, _):
    return np.where(take, a, b), np.where(take, b, a)


def _in_place(a, b, take, _):
    kept = a.copy()
    a[~take] = b[~take]
    b[~take] = kept[~take]
    return a, b


def _first_in_place(a, b, take, _):
    second = np.where(take, b, a)
    a[~take] = b[~take]
    return a, second


def _typed(dtype: type) -> Callable:
    return lambda a, b, take, _: tuple(child.astype(dtype) for child in _children(a, b, take, None))


def _shared_ends(a, b, cut, _=None):
    if cut == len(a):
        return a, b
    return (b, a) if cut == 0 else one_point(a, b, cut)


def _shared_masks(a, b, mask):
    return (a, b) if mask.all() else uniform(a, b, mask)


CROSSOVER_MISTAKES = {
    "only one child is returned, two were asked": _both(*[lambda *given: _children(*given)[0]] * 2),
    "the children are in the wrong order: the first takes from a before the cut, or where the mask is true": _both(
        *[lambda *given: _children(*given)[::-1]] * 2
    ),
    "the mask is inverted: where it is true the first child takes from a": _both(
        _children, lambda *given: _children(*given)[::-1]
    ),
    "the children of one_point are in the wrong order: the first takes from a before the cut": _both(
        lambda *given: _children(*given)[::-1], _children
    ),
    "off by one: the gene at the cut comes from the other parent": (
        lambda a, b, cut: one_point(a, b, min(cut + 1, len(a))),
        uniform,
    ),
    "the parents are changed: work on copies": _both(_in_place, _in_place),
    "parent a is changed: child = a is no copy": _both(_first_in_place, _first_in_place),
    "a child shares its memory with a parent: return new arrays also where nothing is exchanged": (
        _shared_ends,
        _shared_masks,
    ),
    "floats are truncated to whole numbers": _both(_typed(int), _typed(int)),
    "the genes become True and False": _both(_typed(bool), _typed(bool)),
    "both children are the same": _both(*[lambda *given: (_children(*given)[0],) * 2] * 2),
    "the parents are returned": _both(*[lambda a, b, take, _: (a.copy(), b.copy())] * 2),
    "the two parts of a parent are put together in the wrong order": (
        lambda a, b, cut: (np.concatenate([b[cut:], a[:cut]]), np.concatenate([a[cut:], b[:cut]])),
        uniform,
    ),
    "the genes are averaged, they must be taken from one parent or the other": _both(
        *[lambda a, b, take, _: ((0.5 * a + 0.5 * b), (0.5 * a + 0.5 * b))] * 2
    ),
}


# 09.mutate
def flip(bits, mask):
    """Return the bits, flipped where the mask is true."""
    return np.where(mask, 1 - bits.astype(int), bits).astype(bits.dtype)


def flip_cases(rng: np.random.Generator) -> list[Case]:
    """Truth values and integers, a mask of one, none and all."""
    few = np.array([True, False, True, True]), np.array([False, False, True, False])
    drawn = rng.integers(2, size=(3, 9))
    return [
        Case(few),
        Case((few[0].astype(int), few[1])),
        Case((drawn[0], rng.random(9) < 0.3)),
        Case((drawn[1].astype(bool), rng.random(9) < 0.6)),
        Case((drawn[2], np.zeros(9, dtype=bool))),
        Case((drawn[2], np.ones(9, dtype=bool))),
        Case((drawn[2].astype(bool), np.ones(9, dtype=bool))),
    ]


def _flip_in_place(bits, mask):
    bits[mask] = 1 - bits[mask].astype(int)
    return bits


def _flipped(change: Callable) -> Callable:
    """Bits changed by another rule, in their own type."""
    return lambda bits, mask: np.asarray(change(bits.astype(int), mask)).astype(bits.dtype)


FLIP_MISTAKES = {
    "the bits of the parent are changed: work on a copy": _flip_in_place,
    "the mask is inverted: flip where it is true": _flipped(lambda bits, mask: np.where(mask, bits, 1 - bits)),
    "all bits are flipped: only those of the mask": _flipped(lambda bits, mask: 1 - bits),
    "the bits are set to 1, not flipped": _flipped(lambda bits, mask: np.where(mask, 1, bits)),
    "the bits are set to 0, not flipped": _flipped(lambda bits, mask: np.where(mask, 0, bits)),
    "nothing is flipped": _flipped(lambda bits, mask: bits),
    "the mask is returned": _flipped(lambda bits, mask: mask),
    "the bits and the mask are combined by `and`: flipping is `!=`, exclusive or": _flipped(
        lambda bits, mask: bits & ~mask & 1 if mask.any() and not mask.all() else bits & mask
    ),
    "the type has changed: True and False came out of whole numbers": lambda bits, mask: bits.astype(bool) ^ mask,
    "the type has changed: whole numbers came out of True and False": lambda bits, mask: bits.astype(int) ^ mask,
    "~ of a whole number is not its flip: ~0 is -1": lambda bits, mask: np.where(mask, ~bits, bits),
    "a whole number is flipped by its sign: -1 is no bit": lambda bits, mask: (
        np.where(mask, -bits, bits) if bits.dtype != bool else bits ^ mask
    ),
    "only the flipped bits are returned": lambda bits, mask: flip(bits, mask)[mask],
}


# 09.de
def de_trial(population, i, a, b, c, F, mask, forced):
    """Return the trial vector of DE/rand/1/bin for target i (Storn & Price 1997, equations 2 to 4)."""
    mutant = population[a] + F * (population[b] - population[c])
    take = mask.copy()
    take[forced] = True
    return np.where(take, mutant, population[i])


def de_cases(rng: np.random.Generator) -> list[Case]:
    """By hand, the forced gene alone, all genes, a mask without the forced gene, then random ones."""
    few = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [4.0, 6.0, 8.0], [3.0, 5.0, 9.0]])
    none, some, every = np.zeros(3, dtype=bool), np.array([True, False, False]), np.ones(3, dtype=bool)
    fixed = [
        (few, 0, 1, 2, 3, 0.5, np.array([True, False, True]), 0),
        (few, 0, 1, 2, 3, 0.5, none, 2),
        (few, 0, 1, 2, 3, 0.8, every, 1),
        (few, 2, 3, 0, 1, 0.8, some, 1),
    ]
    drawn = []
    for n, d in ((8, 5), (12, 10)):
        i, a, b, c = (int(k) for k in rng.permutation(n)[:4])
        mask, forced = rng.random(d) < 0.5, int(rng.integers(d))
        mask[forced] = False
        drawn.append((rng.normal(size=(n, d)), i, a, b, c, float(rng.uniform(0.4, 0.9)), mask, forced))
    return [Case(case) for case in (*fixed, *drawn)]


def _trial(
    mutant: Callable = lambda x, i, a, b, c, F: x[a] + F * (x[b] - x[c]),
    taken: Callable = lambda mask, forced: mask | (np.arange(len(mask)) == forced),
    base: Callable = lambda x, i, a: x[i],
) -> Callable:
    """A trial vector with another mutant, other genes taken from it, or other genes beside them."""

    def trial(population, i, a, b, c, F, mask, forced):
        return np.where(taken(mask, forced), mutant(population, i, a, b, c, F), base(population, i, a))

    return trial


def _mask_in_place(population, i, a, b, c, F, mask, forced):
    mask[forced] = True
    return np.where(mask, population[a] + F * (population[b] - population[c]), population[i])


def _target_in_place(population, i, a, b, c, F, mask, forced):
    population[i] = de_trial(population, i, a, b, c, F, mask, forced)
    return population[i]


DE_MISTAKES = {
    "the base of the mutant is the target, population[a] was asked": _trial(
        lambda x, i, a, b, c, F: x[i] + F * (x[b] - x[c])
    ),
    "the forced gene is ignored: at least one gene comes from the mutant": _trial(taken=lambda mask, forced: mask),
    "the mask is inverted: where it is true the gene comes from the mutant": _trial(
        taken=lambda mask, forced: ~mask | (np.arange(len(mask)) == forced)
    ),
    "the mask is not used: the whole mutant is returned": _trial(taken=lambda mask, forced: np.ones_like(mask)),
    "only the forced gene comes from the mutant: the mask is not used": _trial(
        taken=lambda mask, forced: np.arange(len(mask)) == forced
    ),
    "the forced gene is left out: it must come from the mutant": _trial(
        taken=lambda mask, forced: mask & (np.arange(len(mask)) != forced)
    ),
    "b and c are exchanged: the difference is b - c": _trial(lambda x, i, a, b, c, F: x[a] + F * (x[c] - x[b])),
    "F multiplies the sum, only the difference was asked": _trial(lambda x, i, a, b, c, F: F * (x[a] + x[b] - x[c])),
    "F is not used": _trial(lambda x, i, a, b, c, F: x[a] + x[b] - x[c]),
    "the sum of b and c is added, their difference was asked": _trial(
        lambda x, i, a, b, c, F: x[a] + F * (x[b] + x[c])
    ),
    "the base is missing: this is F (b - c) alone": _trial(lambda x, i, a, b, c, F: F * (x[b] - x[c])),
    "the other genes come from population[a], those of the target were asked": _trial(base=lambda x, i, a: x[a]),
    "mask of the caller is changed: work on a copy": _mask_in_place,
    "the population of the caller is changed: work on a copy": _target_in_place,
}


# 09.next
def next_generation(population, values, children, child_values, elite):
    """Return (population, values): the `elite` best parents and the best children, as many as before."""
    best, rest = np.argsort(values)[:elite], np.argsort(child_values)[: len(values) - elite]
    return np.concatenate([population[best], children[rest]]), np.concatenate([values[best], child_values[rest]])


def next_cases(rng: np.random.Generator) -> list[Case]:
    """By hand, no elite, all elite, then random ones, whose children are worse, better and mixed."""
    parents, children = np.array([[1.0], [2.0], [3.0]]), np.array([[7.0], [8.0], [9.0]])
    fixed = (parents, np.array([5.0, 1.0, 3.0]), children, np.array([4.0, 6.0, 2.0]))

    def drawn(n: int, d: int, elite: int, better: float) -> tuple:
        values = rng.permutation(n) + rng.uniform(0.1, 0.9, size=(2, n))
        return rng.normal(size=(n, d)), values[0], rng.normal(size=(n, d)), rng.permutation(values[1]) - better, elite

    runs = [(*fixed, 1), (*fixed, 0), (*fixed, 3), drawn(6, 2, 2, -9.0), drawn(8, 3, 1, 9.0), drawn(10, 4, 3, 0.0)]
    return [Case(case) for case in runs]


def any_order(expected: Outcome, got: Outcome) -> str | None:
    """Compare two generations whose members may stand in any order: all values differ."""
    return close(_sorted(expected.value), _sorted(got.value))


def _sorted(pair: object) -> object:
    """Sort a population with its values by the values; leave what is no such pair as it is."""
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
        return pair
    population, values = (np.asarray(part) for part in pair)
    if values.ndim != 1 or population.ndim != 2 or len(population) != len(values):
        return pair
    order = np.argsort(values)
    return population[order], values[order]


def _next(elders: Callable, younger: Callable) -> Callable:
    """A generation of the parents `elders(values, elite)` and the children `younger(child_values, how many)`."""

    def following(population, values, children, child_values, elite):
        best, rest = elders(values, elite), younger(child_values, len(values) - elite)
        return np.concatenate([population[best], children[rest]]), np.concatenate([values[best], child_values[rest]])

    return following


def _best(values, number):
    return np.argsort(values)[:number]


def _pooled(population, values, children, child_values, elite):
    together = np.concatenate([values, child_values])
    order = _best(together, len(values))
    return np.concatenate([population, children])[order], together[order]


def _values_apart(population, values, children, child_values, elite):
    new, new_values = next_generation(population, values, children, child_values, elite)
    return new, np.sort(new_values)[::-1]


NEXT_MISTAKES = {
    "the elite is lost: only children are returned": lambda population, values, children, child_values, elite: (
        children.copy(),
        child_values.copy(),
    ),
    "rows and values do not belong together any more": _values_apart,
    "the worst parents are kept, not the best": _next(lambda values, elite: np.argsort(-values)[:elite], _best),
    "the first parents are kept, not the best": _next(lambda values, elite: np.arange(elite), _best),
    "the worst children are kept, not the best": _next(_best, lambda values, number: np.argsort(-values)[:number]),
    "the first children are kept, not the best": _next(_best, lambda values, number: np.arange(number)),
    "the generation has grown: the elite takes places away from the children": _next(
        _best, lambda values, number: np.arange(len(values))
    ),
    "parents and children compete in one pool: only the elite of the parents survives": _pooled,
    "the parents are returned": lambda population, values, children, child_values, elite: (
        population.copy(),
        values.copy(),
    ),
    "one elder too few": _next(lambda values, elite: _best(values, max(elite - 1, 0)), _best),
    "only the population is returned, its values are missing": lambda *given: next_generation(*given)[0],
    "(values, population) is returned, (population, values) was asked": lambda *given: next_generation(*given)[::-1],
}


QUESTIONS = (
    Question(
        id="09.tournament",
        points=2,
        difficulty=1,
        minutes=8,
        cases=tournament_cases,
        reference=tournament,
        mistakes=TOURNAMENT_MISTAKES,
        compare=an_index,
        compare_all=same_manner,
        hints=(
            "`rng.choice(n, size=size, replace=False)` draws different indices from 0 to n - 1.",
            "`values[drawn]` are the contestants' values. The place of the smallest of them is not yet the index in "
            "`values`: look it up in `drawn`.",
        ),
    ),
    Question(
        id="09.crossover",
        points=2,
        difficulty=1,
        minutes=10,
        cases=crossover_cases,
        reference=(one_point, uniform),
        mistakes=CROSSOVER_MISTAKES,
        compare=own_memory,
        hints=(
            "`np.concatenate([..., ...])` makes a new array of two parts and keeps their type.",
            "`np.where(mask, a, b)` takes from a where the mask is true, from b elsewhere. And the second child?",
        ),
    ),
    Question(
        id="09.mutate",
        points=1,
        difficulty=1,
        minutes=6,
        cases=flip_cases,
        reference=flip,
        mistakes=FLIP_MISTAKES,
        hints=(
            "A flipped bit is 1 where it was 0. For whole numbers that is 1 - bit, for True and False it is `~bit`.",
            "One expression does both: exclusive or, `bits ^ mask`. `.astype(bits.dtype)` gives it the right type.",
        ),
    ),
    Question(
        id="09.de",
        points=3,
        difficulty=2,
        minutes=12,
        cases=de_cases,
        reference=de_trial,
        mistakes=DE_MISTAKES,
        hints=(
            "First the mutant, a whole vector of shape (d,), from the rows a, b and c of the population.",
            "Then choose gene by gene: `np.where(take, mutant, target)`. What is `take` at the position `forced`?",
            "`mask[forced] = True` would change the caller's mask. Copy it first.",
        ),
    ),
    Question(
        id="09.next",
        points=2,
        difficulty=2,
        minutes=10,
        cases=next_cases,
        reference=next_generation,
        mistakes=NEXT_MISTAKES,
        compare=any_order,
        hints=(
            "`np.argsort(values)` are the indices from the smallest to the largest value. "
            "Use the same indices for rows and values, so that they stay together.",
            "With n parents there are n - elite places for children. `[:0]` is an empty part: elite = 0 needs no `if`.",
        ),
    ),
)
