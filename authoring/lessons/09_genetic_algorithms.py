# %% [markdown] id="title"
# # 09 Genetic algorithms and differential evolution
#
# **Promise.** Search with a whole population, whose members share what they found. You will be able to write selection, crossover and mutation in a few lines each, to say what each does alone, and to
# tell when a population is worth its price.
#
# **You will be able to**
#
# - write a genetic algorithm and differential evolution in NumPy, and use them through `ask` and `tell`;
# - predict how fast selection fills a population with copies, and see what is lost on the way;
# - say what crossover takes for granted, and check it;
# - select features honestly: the error of the winner is not the error you will get;
# - combine a population with local search, and say what such a hybrid brings.
#
# **Time** 85 minutes. **Needs** lessons [07](07_random_search.ipynb) and [08](08_simulated_annealing.ipynb).

# %% id="setup"
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numba import njit
from scipy import optimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ngo_lesson import data
from ngo_lesson.optimize.evolution import Population
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.tours import anneal_tour
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, dots, image, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# In lesson [08](08_simulated_annealing.ipynb) one tour wandered over the map, and a second run began again from nothing. What the first run had learned was lost. How much was that? We anneal ten short tours through the cities of Europe, and compare each with a
# good tour, the best of three runs that are two hundred times longer. Two tours are alike if they have the same legs; here a leg is a pair of neighbors in the tour, in either direction.

# %% id="question"
cities = data.cities("Europe")
DISTANCE, n_cities = cities.distance, len(cities.names)


def legs(tour):
    """The pairs of neighbors of a closed tour, smaller number first."""
    return {(min(pair), max(pair)) for pair in zip(tour.tolist(), np.roll(tour, 1).tolist())}


long_runs = [anneal_tour(DISTANCE, budget=2_000_000, seed=seed) for seed in range(3)]
good = min(long_runs, key=lambda run: run.fun)
short_runs = [anneal_tour(DISTANCE, budget=10_000, seed=seed) for seed in range(10)]
excess = 100 * (np.array([run.fun for run in short_runs]) / good.fun - 1)
shared = [len(legs(run.x) & legs(good.x)) / n_cities for run in short_runs]
used = [leg for run in short_runs for leg in legs(run.x)]
together = len(set(used) & legs(good.x)) / n_cities

figure, (map_, share) = panels(1, 2, width=8.4, height=3.9)
for leg in set(used):
    west, east = cities.positions[list(leg)].T[::-1]
    color = BLUE if leg in legs(good.x) else ORANGE
    map_.plot(west, east, color=color, marker="", linewidth=0.5 * used.count(leg) ** 0.8)
map_.plot(*cities.positions.T[::-1], linestyle="", color=BLACK, marker="o", markersize=3)
map_.set(xlabel="longitude", ylabel="latitude", title="Legs of ten tours; blue: of the good one")
share.plot(excess, 100 * np.array(shared), linestyle="", color=BLUE, label="one tour")
share.axhline(100 * together, color=VERMILION, linestyle="--", label="all ten together")
share.set(
    xlabel="longer than the good tour (%)", ylabel="legs of the good tour (%)", ylim=(60, 103)
)
share.legend(loc="lower left")
show(
    figure,
    f"The ten tours are {excess.min():.1f} to {excess.max():.1f} % longer than the good one and hold "
    f"{100 * min(shared):.0f} to {100 * max(shared):.0f} % of its legs; "
    f"together they hold {100 * together:.0f} %.",
)

# %% [markdown] id="question-after"
# The thick blue legs stand in almost every tour. No single tour is the good one, but *all* its legs are there, in one tour or another. Nobody has to find a new leg any more. What is missing is a way to put the parts together.
#
# So keep many points, a **population**, and let good ones exchange parts. That is a **genetic algorithm** (Holland 1975). One document calls it "error-based" and says no more; another wants an "update rule derived from the error
# function". Here is the rule. A generation has four steps:
#
# 1. **selection**: the better a point, the more often it becomes a parent;
# 2. **crossover**: two parents exchange parts, which makes two children;
# 3. **mutation**: a few parts of a child change at random;
# 4. the children replace the parents, except the best few: **elitism**.
#
# None of the four asks for a slope. We take them one at a time, on bits. A point is a row of $d$ bits, its **genes**; a population has shape $(n, d)$; lower values are better.

# %% [markdown] id="selection-text"
# ## 2 Selection alone
#
# In a **tournament**, a few members are drawn at random, and the best of them becomes a parent. Only the *order* of the values counts: adding a constant or taking a logarithm changes nothing. Watch one number: the share $p$ of copies of
# the best member. With tournaments of size $s$, a parent is *not* the best only if none of the $s$ contestants is, so on average, in a large population,
#
# $$p_{t+1} = 1 - (1 - p_t)^s .$$


# %% id="selection" tags=["A07", "F21"]
def tournaments(values, size, count, rng):
    """Winners of `count` tournaments between `size` different members: indices, (count,)."""
    drawn = np.argpartition(rng.random((count, len(values))), size - 1, axis=1)[:, :size]
    return drawn[np.arange(count), np.argmin(values[drawn], axis=1)]


def copies_of_best(size, rng, n=100, generations=12):
    """Share of copies of the best after each generation of selection and nothing else."""
    values, shares = np.arange(n), []
    for _ in range(generations):
        shares.append(np.mean(values == 0))
        values = np.append(0, values[tournaments(values, size, n - 1, rng)])
    return np.array(shares)


# %% id="takeover"
figure, axes = panels(dpi=80)
half = {}
for size, color, marker in (
    (2, GREEN, "^"),
    (3, BLUE, "o"),
    (5, ORANGE, "s"),
    (10, VERMILION, "D"),
):
    runs = [copies_of_best(size, np.random.default_rng(seed)) for seed in range(10)]
    middle, p = np.median(runs, axis=0), [0.01]
    for _ in range(11):
        p.append(0.01 + 0.99 * (1 - (1 - p[-1]) ** size))  # the kept copy, and 99 tournaments
    axes.plot(100 * middle, color=color, marker=marker, label=f"size {size}")
    axes.fill_between(
        range(12), 100 * np.min(runs, axis=0), 100 * np.max(runs, axis=0), color=color, alpha=0.2
    )
    axes.plot(100 * np.array(p), color=BLACK, marker="", linestyle=":", linewidth=1.2)
    half[size] = int(np.argmax(middle > 0.5))
axes.set(
    xlabel="generation",
    ylabel="copies of the best (%)",
    title="100 members, ten seeds; dotted: formula",
)
axes.legend()
listed = ", ".join(f"{count} (size {size})" for size, count in half.items())
show(figure, f"Generations until more than half are copies of the best: {listed}.")

# %% [markdown] id="takeover-after"
# The number of generations until the best has taken over is called the **takeover time**; it is about $(\log n + \log\log n) / \log s$ (Goldberg and Deb 1991). We kept one copy of the best in each generation; without that, it dies out now and then in the first step.
#
# The size of the tournament is the **selection pressure**. Selection alone finds nothing new: at the end all members are the best of the first generation.
#
# ## 3 Crossover alone, mutation alone
#
# Now a task that we can see through. Somebody hides 100 bits. The value of a point is the number of its genes that are wrong. (The hidden bits are drawn at random, not all ones: a method that liked ones would cheat.)
#
# **Uniform crossover** decides gene by gene: a mask says which parent a gene comes from. The second child takes the other one. **Mutation** flips each gene with a small chance, here $1/d$, one gene in a child on average.
#
# $$\text{first child} = \begin{cases} a_j & \text{if mask}_j \\ b_j & \text{otherwise} \end{cases} \qquad \text{second child} = \begin{cases} b_j & \text{if mask}_j \\ a_j & \text{otherwise} \end{cases}$$
#
# Beside the value we measure the **diversity**: the share of the genes in which two members drawn at random differ. If the share $p_j$ of the members has a 1 at gene $j$, it is
#
# $$D = \frac1d \sum_j 2\, p_j\, (1 - p_j) .$$


# %% id="operators" tags=["A07", "F21"]
def uniform_masks(count, d, rng):
    return rng.random((count, d)) < 0.5


def one_point_masks(count, d, rng):
    return np.arange(d) < rng.integers(1, d, size=(count, 1))


def cross(a, b, mask):
    """All first and all second children of the parents a and b, both (count, d)."""
    return np.concatenate([np.where(mask, a, b), np.where(mask, b, a)])


def mutate(bits, rate, rng):
    return bits ^ (rng.random(bits.shape) < rate)


def diversity(population):
    p = population.mean(axis=0)
    return np.mean(2 * p * (1 - p))


# %% [markdown] id="loop-text"
# Together they are the whole algorithm. `f` takes all rows of a population at once.


# %% id="loop" tags=["A07", "F21", "Q01"]
def next_generation(population, values, children, child_values, elite):
    """The `elite` best parents and the best children, as many as before."""
    old, new = np.argsort(values)[:elite], np.argsort(child_values)[: len(values) - elite]
    population = np.concatenate([population[old], children[new]])
    return population, np.concatenate([values[old], child_values[new]])


def genetic_algorithm(
    f, population, generations, rng, *, size=2, masks=uniform_masks, rate=None, elite=1
):
    """Lowest value and diversity after each generation: (generations + 1, 2)."""
    n, d = population.shape
    values = f(population)
    history = [(values.min(), diversity(population))]
    for _ in range(generations):
        a, b = (population[tournaments(values, size, n // 2, rng)] for _ in range(2))
        crossed = rng.random((n // 2, 1)) <= 0.9  # one pair in ten is copied
        mask = masks(n // 2, d, rng) | ~crossed
        children = mutate(cross(a, b, mask), 1 / d if rate is None else rate, rng)
        population, values = next_generation(population, values, children, f(children), elite)
        history.append((values.min(), diversity(population)))
    return np.array(history)


# %% [markdown] id="task-text"
# And the task: hidden bits, another draw for each seed.


# %% id="task"
def hidden(d, seed):
    """The number of wrong genes, for rows of bits."""
    bits = np.random.default_rng(1000 + seed).random(d) < 0.5
    return lambda population: np.sum(population != bits, axis=-1).astype(float)


def evolved(seed, n=50, d=100, generations=60, **options):
    rng = np.random.default_rng(seed)
    return genetic_algorithm(hidden(d, seed), rng.random((n, d)) < 0.5, generations, rng, **options)


def no_masks(count, d, rng):
    return np.ones((count, d), dtype=bool)


# %% id="alone"
VARIANTS = {
    "selection only": ({"masks": no_masks, "rate": 0}, BLACK, "v"),
    "crossover only": ({"rate": 0}, ORANGE, "s"),
    "mutation only": ({"masks": no_masks}, GREEN, "^"),
    "both": ({}, BLUE, "o"),
}
figure, (left, right) = panels(1, 2, width=8, height=3.3, dpi=80)
ends = {}
for name, (options, color, marker) in VARIANTS.items():
    runs = np.array([evolved(seed, **options) for seed in range(10)])
    for axes, curves in zip((left, right), runs.transpose(2, 0, 1)):
        low, middle, high = np.quantile(curves, (0, 0.5, 1), axis=0)
        axes.plot(middle, color=color, marker=marker, markevery=10, label=name)
        axes.fill_between(range(61), low, high, color=color, alpha=0.2)
    ends[name] = np.median(runs[:, -1], axis=0)
left.set(xlabel="generation", ylabel="wrong genes of the best")
right.set(xlabel="generation", ylabel="diversity", title="50 members, 100 genes, ten seeds")
right.legend()
listed = ", ".join(f"{name} {wrong:.3g}" for name, (wrong, _) in ends.items())
show(figure, f"Wrong genes at the end, median: {listed}.")

# %% [markdown] id="alone-after"
# Read the two sides together.
#
# - **Crossover alone** is fastest at first: it collects right genes from everywhere. Then the diversity is zero and everything stops. A gene that has become the same in all members is **lost**: no exchange can bring it back. This is called **premature convergence**.
# - **Mutation alone** never stops, but each line of descent has to find every gene by itself. It is fifty hill climbs that share only their winners.
# - **Both**: crossover collects, mutation brings back what was lost.
#
# A larger population loses fewer genes, and costs more. Crossover alone, until nothing moves:

# %% id="lost"
for n in (10, 20, 50, 100):
    runs = np.array([evolved(seed, n=n, rate=0)[-1] for seed in range(10)])
    wrong, differ = np.median(runs, axis=0)
    print(
        f"{n:3} members: {wrong:4.1f} wrong genes for ever, diversity {differ:.2f}, {60 * n:,} evaluations"
    )

# %% [markdown] id="pressure-explorer-text"
# ### Explore: pressure against diversity
#
# Each row of the picture is a member, each column a gene, yellow if it is right; the best member is on top. Play the generations and watch columns turn into one color: dark ones are lost. The curves are
# medians of ten seeds. **Goal:** at generation 25, all 60 genes of the best are right in the median, *and* two members still differ in at least 8 % of their genes. First try a large tournament without mutation.


# %% id="pressure-picture"
@lru_cache
def pressed(size, rate, generations=40, n=40, d=60):
    """Sorted members of the first seed, (41, n, d), right genes and diversity of ten seeds."""
    pictures, curves = [], []
    for seed in range(10):
        rng, right = np.random.default_rng(seed), hidden(d, seed)
        bits = np.random.default_rng(1000 + seed).random(d) < 0.5
        population, curve = rng.random((n, d)) < 0.5, []
        for _ in range(generations + 1):
            values = right(population)
            curve.append((1 - values.min() / d, diversity(population)))
            if seed == 0:
                pictures.append((population == bits)[np.argsort(values, kind="stable")])
            a, b = (population[tournaments(values, size, n // 2, rng)] for _ in range(2))
            population = mutate(cross(a, b, uniform_masks(n // 2, d, rng)), rate, rng)
        curves.append(curve)
    return np.array(pictures, dtype=float), np.median(curves, axis=0)


def press(size, rate, generation):
    pictures, curves = pressed(size, rate)
    right, differ = curves[generation]
    parts = {
        "members": pictures[generation],
        "right": (np.arange(41), curves[:, 0]),
        "differ": (np.arange(41), curves[:, 1]),
        "now": ([generation, generation], [right, differ]),
    }
    sentence = (
        f"Tournaments of {size}, mutation {three(rate)}, generation {generation}: "
        f"{60 * right:.3g} of 60 genes right, two members differ in {100 * differ:.0f} % (medians)."
    )
    return parts, sentence, bool(generation <= 25 and right == 1 and differ >= 0.08)


# %% id="pressure-explorer"
figure, (members, curve) = panels(1, 2, width=8.4, height=3.6)
moving = {"members": image(members, (40, 60), cmap="cividis")}
members.set_aspect("auto")
members.set_title("40 members, 60 genes", fontsize=11)
curve.set(xlim=(0, 40), ylim=(0, 1.03), xlabel="generation", ylabel="share of the genes")
moving["right"] = line(curve, "right, in the best", color=BLUE)
moving["differ"] = line(curve, "different, in two members", color=ORANGE, marker="s")
moving["now"] = dots(curve, color=VERMILION, marker="D", markersize=8)
curve.legend(loc="center right")
pressure = Explorer(
    press,
    figure,
    moving,
    {
        "size": slider("tournament size", 1, 40, 20, log=True, step=1.3, ticks={2: "2"}),
        "rate": slider("mutation rate", 0.0, 0.05, 0.0, step=0.0025),
        "generation": slider("generation", 0, 40, 0, step=1),
    },
    title="Pressure against diversity",
    goal="by generation 25 all 60 genes right, and two members differ in 8 % or more",
    play="generation",
)
pressure

# %% id="pressure-goal"
for size, rate in ((1, 0.0), (20, 0.0), (2, 0.0), (2, 0.02), (4, 0.03)):
    shown = pressure.at(size=size, rate=rate, generation=25)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="pressure-after"
# Size 1 is no selection at all, and yet genes are lost, slowly: by chance some members have no children. That is **drift**. A large tournament without mutation is fast and stops early. The goal needs both: high pressure, and mutation that gives back what the pressure takes.

# %% [markdown] id="elite-text"
# ## 4 Elitism, and the package
#
# When all parents are replaced, the best point can get lost. Keep the `elite` best parents (line 1 of `next_generation`), and it cannot. How many?

# %% id="elite" tags=["A07"]
for elite in (0, 1, 5, 25, 45):
    runs = np.array([evolved(seed, elite=elite) for seed in range(10)])
    worse = np.mean(np.diff(runs[:, :, 0], axis=1) > 0)
    first = np.median(runs[:, 10, 0])
    wrong, differ = np.median(runs[:, -1], axis=0)
    print(
        f"elite {elite:2}: the best got worse in {100 * worse:2.0f} % of the generations; wrong genes "
        f"{first:4.1f} after 10, {wrong:.1f} after 60; diversity {differ:.2f}"
    )
# %% [markdown] id="elite-after"
# Without elitism the best is lost in about every sixth generation. One kept parent suffices against that. More of them speed up the middle of the run, until there are too few children, and they take the diversity away. On an easy task, as this one, that does no harm.
#
# The package has the same operators, compiled, as `method="ga"` with `genes="bits"`, `"real"` or `"order"` (permutations). Its stream of random numbers is another one, so we compare means over twenty runs.

# %% id="package" tags=["A07"]
CLASSIC = {
    "method": "ga",
    "genes": "bits",
    "popsize": 50,
    "crossover": "uniform",
    "tournament": 2,
    "elite": 0,
}


def packaged(seed):
    """Wrong genes of the best so far after generations 5, 10 and 20."""
    wrong, start = hidden(100, seed), np.random.default_rng(seed).integers(2, size=100)
    run = minimize(lambda x: wrong(x > 0.5), start, budget=1050, seed=seed, **CLASSIC)
    return run.history["fun"][[299, 549, 1049]]


ours = np.array(
    [np.minimum.accumulate(evolved(s, elite=0, generations=20)[:, 0]) for s in range(20)]
)
ours, theirs = ours[:, [5, 10, 20]], np.array([packaged(seed) for seed in range(20)])
errors = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / 19)
for t, a, b in zip((5, 10, 20), ours.mean(axis=0), theirs.mean(axis=0)):
    print(f"generation {t:2}: ours {a:4.1f} wrong genes, the package {b:4.1f}")
apart = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / errors
print("all differences within 3 standard errors:", bool(np.all(apart < 3)))

# %% [markdown] id="ask-text"
# For an experiment, a cluster or a simulation the loop should be yours. The same method as an object, `Population`, proposes a whole generation by `ask` and learns from `tell`; the members of a generation do not
# depend on each other, so all of them may be evaluated at once (`minimize(..., n_jobs=2)` does it with joblib).

# %% id="ask" tags=["Q01", "A07"]
wrong, start = hidden(100, 0), np.zeros(100)
population = Population("ga", start, budget=1000, seed=0, genes="bits")
while population.nfev < 1000:
    points = population.ask()
    population.tell(points, [wrong(x > 0.5) for x in points])
same = minimize(
    lambda x: wrong(x > 0.5), start, method="ga", budget=population.nfev, seed=0, genes="bits"
)
print("ask and tell find the same as minimize:", np.array_equal(population.x, same.x))

# %% [markdown] id="price-text"
# ### Was the population worth it?
#
# The fair opponent is the smallest search there is: *one* point, flip each gene with the chance $1/d$, keep the child if it is not worse. Count evaluations until all 100 genes are right:


# %% id="price"
def flips(f, x, budget, rng):
    """Lowest value after each evaluation of the (1+1) search on bits, and its point."""
    value, values = f(x), []
    for _ in range(budget):
        values.append(value)
        y = mutate(x, 1 / x.size, rng)
        new = f(y)
        if new <= value:
            x, value = y, new
    return np.array(values), x


climbs, crowds = [], []
for seed in range(10):
    rng = np.random.default_rng(seed)
    climbs.append(np.argmin(flips(hidden(100, seed), rng.random(100) < 0.5, 3000, rng)[0]))
    crowds.append(50 * (1 + np.argmin(evolved(seed)[:, 0])))
for name, counts in (("one point, flips", climbs), ("population of 50", crowds)):
    print(
        f"{name}: {three(np.median(counts))} evaluations ({three(min(counts))} to {three(max(counts))})"
    )

# %% [markdown] id="blocks-text"
# It was not. On this task, in which every gene can be improved alone, the single climber is *faster*. (Theory knows algorithms with crossover that beat it even here, by a constant factor: Sudholt 2017.) So look for a task where a climber gets stuck.
#
# ## 5 What crossover takes for granted
#
# So give the climber a trap. Four genes form a **block**. A block is worth 0 if all four are right; otherwise its value is *one more than the number of right genes*, from 1 to 4. With two right genes or fewer, each single flip that helps leads toward "all wrong",
# and from there four genes must change at once. There are 15 blocks. We vary how the genes are laid out, and the crossover: **one-point crossover** cuts both parents at one place and exchanges what comes after.


# %% id="blocks" tags=["A07"]
def blocks(seed, shuffled=False):
    """15 traps of 4 genes; their genes stand side by side, or anywhere."""
    rng = np.random.default_rng(2000 + seed)
    bits, places = rng.random(60) < 0.5, rng.permutation(60) if shuffled else np.arange(60)

    def value(population):
        right = (population == bits)[..., places]
        right = right.reshape(*right.shape[:-1], 15, 4).sum(axis=-1)
        return np.where(right == 4, 0.0, right + 1.0).sum(axis=-1)

    return value


def trapped(seed, masks, shuffled):
    rng = np.random.default_rng(seed)
    start, options = rng.random((150, 60)) < 0.5, {"size": 3, "masks": masks}
    return genetic_algorithm(blocks(seed, shuffled), start, 40, rng, **options)[-1, 0]


# %% id="blocks-run" tags=["A07"]
print("value left, median of ten seeds (range), 6,150 evaluations")
for name, masks, shuffled in (
    ("one-point, blocks side by side", one_point_masks, False),
    ("one-point, genes shuffled", one_point_masks, True),
    ("uniform", uniform_masks, False),
    ("no crossover", no_masks, False),
):
    ends = [trapped(seed, masks, shuffled) for seed in range(10)]
    print(f"{name:31} {np.median(ends):4.1f} ({min(ends):.0f} to {max(ends):.0f})")
ends = []
for seed in range(10):
    rng = np.random.default_rng(seed)
    ends.append(flips(blocks(seed), rng.random(60) < 0.5, 6_150, rng)[0][-1])
print(f"{'one point, flips':31} {np.median(ends):4.1f} ({min(ends):.0f} to {max(ends):.0f})")

# %% [markdown] id="blocks-after"
# With the right layout crossover wins clearly: blocks that some member solved by luck are passed on as a whole. Shuffle the *same* genes, and the advantage is gone: the cut now tears the blocks apart. Uniform crossover tears them in any layout, and is here worse than none. The single climber ends almost everywhere in the trap.
#
# So crossover is no magic. It helps if **good parts stay good when they are put together, and the operator keeps the parts whole**. You choose the layout of the genes and the operator, and with them you tell the algorithm what a part is. For tours a part is a leg: section 9.

# %% [markdown] id="features-text"
# ## 6 A real problem: which measurements?
#
# Cells of 569 patients with a tumor in the breast, 30 measurements of each, benign or malignant. We may look at 100 patients. Which measurements should a linear classifier use? That is a point of 30 bits, one of
# $2^{30}$, about a billion. The objective is the share of wrong patients in five-fold cross-validation: a count, without a slope. The other 469 patients are locked away; they are asked only about the final choice.

# %% id="features" tags=["A07"]
cells = load_breast_cancer()
CELLS, SIGN = cells.data, 2.0 * cells.target - 1


def fit(A, signs):
    return np.linalg.lstsq(A, signs, rcond=None)[0]


class Selection:
    """Cross-validated and held-out error of a choice of columns, for 100 patients drawn by seed."""

    def __init__(self, seed, shuffled=False):
        rng = np.random.default_rng(seed)
        self.rows, rest = np.split(rng.permutation(len(SIGN)), [100])
        signs = rng.permutation(SIGN) if shuffled else SIGN
        scaled = StandardScaler().fit(CELLS[self.rows]).transform(CELLS)
        A = np.column_stack([np.ones(len(SIGN)), scaled])
        self.A, self.y, self.A_rest, self.y_rest = (
            A[self.rows],
            signs[self.rows],
            A[rest],
            signs[rest],
        )
        self.fold = np.arange(100) % 5
        parts = [(self.A[self.fold != k], self.y[self.fold != k]) for k in range(5)]
        self.grams = np.array([a.T @ a for a, _ in parts])  # normal equations of the five folds
        self.sides = np.array([a.T @ s for a, s in parts])

    def validation(self, bits):
        on = np.flatnonzero(np.append(True, np.asarray(bits) > 0.5))
        weights = np.linalg.solve(self.grams[:, on[:, None], on], self.sides[:, on, None])[..., 0]
        scores = np.einsum("ij,ij->i", self.A[:, on], weights[self.fold])
        return float(np.mean(scores * self.y <= 0))

    def held_out(self, bits):
        on = np.flatnonzero(np.append(True, np.asarray(bits) > 0.5))
        return np.mean(self.A_rest[:, on] @ fit(self.A[:, on], self.y) * self.y_rest <= 0)


# %% id="features-check" tags=["A07"]
first = Selection(0)
columns = first.A[:, :31]
one_by_one = [
    columns[first.fold == k] @ fit(columns[first.fold != k], first.y[first.fold != k])
    for k in range(5)
]
wrong_ones = sum(np.sum(s * first.y[first.fold == k] <= 0) for k, s in enumerate(one_by_one))
print(
    "the short cut equals five plain fits:",
    np.isclose(first.validation(np.ones(30)), wrong_ones / 100),
)
print(f"malignant: {100 * np.mean(SIGN < 0):.0f} % of the patients")

# %% [markdown] id="features-race-text"
# **Forward selection** is the usual method: begin with nothing, add the column that helps most, and so on up to all 30; keep the best on the way. It asks $30 + 29 + \dots + 1 = 465$ times. So everybody gets 465 evaluations: random subsets, flips of one point, and the package's genetic algorithm with its defaults.


# %% id="features-race" tags=["A07"]
def forward(f, rng):
    bits, asked = np.zeros(30), []
    while bits.sum() < 30:
        trials = [np.maximum(bits, np.eye(30)[j]) for j in np.flatnonzero(bits == 0)]
        asked += [(f(trial), trial) for trial in trials]
        bits = min(asked[-len(trials) :], key=lambda pair: pair[0])[1]
    return asked


def logged(search):
    """Let a search ask, and return all pairs (value, bits) in their order."""

    def run(f, rng):
        asked = []

        def noting(bits):
            asked.append((f(bits), np.array(bits, dtype=float)))
            return asked[-1][0]

        search(noting, rng)
        return asked

    return run


def some_bits(rng):
    return (rng.random(30) < rng.random()).astype(float)  # any size of subset


def evolve(f, rng):
    minimize(f, some_bits(rng), method="ga", genes="bits", budget=465, seed=rng)


CONTESTANTS = {
    "forward": forward,
    "random": logged(lambda f, rng: [f(some_bits(rng)) for _ in range(465)]),
    "flips": logged(lambda f, rng: flips(f, some_bits(rng) > 0.5, 464, rng)),
    "ga": logged(evolve),
}


# %% id="features-run" tags=["A07"]
def winners(names, shuffled=False):
    """For each method (10 seeds, 465 evaluations, 2): both errors of the best so far; the number of columns."""
    curves, sizes = {}, {}
    for name in names:
        curves[name], sizes[name] = [], []
        for seed in range(10):
            task, curve, best = Selection(seed, shuffled), [], np.inf
            for value, bits in CONTESTANTS[name](task.validation, np.random.default_rng(seed)):
                if value < best:
                    best, now, size = value, (value, task.held_out(bits)), bits.sum()
                curve.append(now)
            curves[name].append(curve[:464])
            sizes[name].append(size)
    return {name: np.array(curve) for name, curve in curves.items()}, sizes


curves, sizes = winners(CONTESTANTS)
tasks = [Selection(seed) for seed in range(10)]
everything = np.median(
    [(task.validation(np.ones(30)), task.held_out(np.ones(30))) for task in tasks], axis=0
)
print(f"{'':22}{'columns':>8}{'validation':>12}{'other patients':>16}")
print(f"{'all columns':22}{30:8}{100 * everything[0]:10.1f} %{100 * everything[1]:14.1f} %")
for name in CONTESTANTS:
    inside, outside = 100 * np.median(curves[name][:, -1], axis=0)
    print(f"{name:22}{np.median(sizes[name]):8.1f}{inside:10.1f} %{outside:14.1f} %")

# %% [markdown] id="curse-text"
# The genetic algorithm and the flips win the search. But look at the last column. Validation promises one to three wrong patients in a hundred; among the others there are six or seven, whoever searched. Random subsets do as well as forward selection.
#
# This is the **winner's curse**. Each cross-validation is the true error plus luck, and of 465 numbers we keep the lowest: one with much luck. The harder a method searches, the more luck it collects. How much, we can measure where *nothing* can be learned: shuffle the diagnoses.

# %% id="curse" tags=["A07"]
noise_curves, _ = winners(["ga"], shuffled=True)
figure, axes = panels(1, 2, width=8.4, height=3.9)
asked, gaps = np.arange(1, 465), []
for part, runs, title in zip(axes, (curves, noise_curves), ("the diagnoses", "shuffled diagnoses")):
    for kind, color, marker in ((0, BLUE, "o"), (1, VERMILION, "s")):
        low, middle, high = np.quantile(100 * runs["ga"][:, :, kind], (0.1, 0.5, 0.9), axis=0)
        label = ("in cross-validation", "on 469 other patients")[kind]
        part.semilogx(asked, middle, color=color, marker=marker, markevery=0.1, label=label)
        part.fill_between(asked, low, high, color=color, alpha=0.2)
    part.set(xlabel="evaluations", ylabel="wrong patients (%)", title=title)
    gaps.append(100 * np.median(runs["ga"][:, -1], axis=0))
axes[0].set(ylim=(0, 16))
axes[1].set(ylim=(20, 60))
axes[0].legend()
(a, b), (c, d) = gaps
show(
    figure,
    f"The GA's winner: {a:.0f} % wrong in validation, {b:.1f} % on others; "
    f"shuffled: {c:.0f} % and {d:.0f} % (median, ten seeds).",
)

# %% [markdown] id="curse-after"
# With shuffled diagnoses the best subset *looks* as if it knew something, and it knows nothing: calling every tumor benign is wrong in 37 %. So:
#
# - judge a choice on data that took no part in choosing, or put the whole selection inside an outer cross-validation;
# - the fewer the patients and the more the evaluations, the worse the curse;
# - ask whether you need a selection at all. Here is one logistic regression on *all* 30 columns, with a penalty on large weights, no search:

# %% id="curse-peer" tags=["machine"]
penalized = []
for task in tasks:
    model = LogisticRegression(C=0.1).fit(task.A[:, 1:], task.y)
    penalized.append(1 - model.score(task.A_rest[:, 1:], task.y_rest))
chosen = curves["ga"][:, -1, 1]
for name, errors in (("penalty on all columns", penalized), ("GA's choice", chosen)):
    print(f"other patients, {name}: {100 * np.median(errors):.1f} % wrong")
print(f"the penalty is better for {np.sum(np.array(penalized) < chosen)} of 10 draws of patients")

# %% [markdown] id="curse-end"
# The penalty wins. Select features when you must *measure* fewer of them, not when you hope for a lower error.
# %% [markdown] id="de-text"
# ## 7 Differential evolution: how long should a step be?
#
# Now real numbers. Crossover works as before. Mutation needs a *step*, and the step needs a length: lesson [07](07_random_search.ipynb) learned one length from successes, for all directions alike. A population knows more: it is wide where the landscape is flat, and narrow where it is steep. So take the step from the
# population itself: the **difference of two members**, drawn at random, added to a third (Storn and Price 1997):
#
# $$v = x_a + F\,(x_b - x_c), \qquad u_j = \begin{cases} v_j & \text{with chance } CR \text{, and for one forced gene} \\ x_{ij} & \text{otherwise.} \end{cases}$$
#
# $v$ is the **mutant**, $u$ the **trial** for the target $x_i$, and it replaces the target if it is not worse. $F$ is the scale of the differences, $CR$ the rate of crossover. There is nothing else.


# %% id="de" tags=["A07"]
def trials(population, F, CR, rng):
    """A trial for each member, (n, d): rand/1/bin."""
    n, d = population.shape
    others = np.argsort(rng.random((n, n - 1)), axis=1)[:, :3]
    others += others >= np.arange(n)[:, None]  # three different members, none of them the target
    a, b, c = population[others.T]
    take = rng.random((n, d)) < CR
    take[np.arange(n), rng.integers(d, size=n)] = True
    return np.where(take, a + F * (b - c), population)


def differential_evolution(f, population, F, CR, generations, rng):
    """All populations, the first included; f takes all rows at once."""
    values, path = f(population), [population]
    for _ in range(generations):
        trial = trials(population, F, CR, rng)
        new = f(trial)
        better = new <= values
        population, values = np.where(better[:, None], trial, population), np.minimum(new, values)
        path.append(population)
    return np.array(path)


def bowl(points):
    return np.sum((points - 1.0) ** 2, axis=-1)


# %% id="de-package" tags=["A07"]
starts = [np.random.default_rng(seed).uniform(-20, 20, (40, 5)) for seed in range(20)]
logs = [
    np.log10(
        bowl(differential_evolution(bowl, s, 0.5, 0.9, 50, np.random.default_rng(k))[-1]).min()
    )
    for k, s in enumerate(starts)
]
options = {
    "method": "de",
    "strategy": "rand",
    "F": 0.5,
    "CR": 0.9,
    "popsize": 40,
    "budget": 40 * 51,
}
package = [
    np.log10(minimize(bowl, s[0], bounds=[(-20, 20)] * 5, seed=k, **options).fun)
    for k, s in enumerate(starts)
]
print(
    f"after 50 generations, mean of 20 runs: ours 10^{np.mean(logs):.1f}, the package 10^{np.mean(package):.1f}"
)
error = np.sqrt((np.var(logs) + np.var(package)) / 19)
print("within 3 standard errors:", bool(abs(np.mean(logs) - np.mean(package)) < 3 * error))

# %% [markdown] id="scale-text"
# Watch it in a valley that is turned against the axes and a hundred times steeper across than along. A step that suits it should be ten times longer along the floor, because values grow with the square of the distance. Nobody tells the population.


# %% id="scale" tags=["A07"]
ALONG = np.array([np.cos(0.6), np.sin(0.6)])
ACROSS = np.array([-np.sin(0.6), np.cos(0.6)])
CENTER = np.array([0.9, -0.7])


def turned_valley(points):
    gap = points - CENTER
    return (gap @ ALONG) ** 2 + 100 * (gap @ ACROSS) ** 2


begin = np.random.default_rng(3).uniform(-3, 3, (40, 2))
path = differential_evolution(turned_valley, begin, 0.6, 1.0, 45, np.random.default_rng(0))
figure, axes = panels(1, 3, width=9, height=3.2)
ratios = []
for part, t in zip(axes, (0, 8, 16)):
    landscape(part, turned_valley, (-3, 3), (-3, 3), log=True)
    part.plot(*path[t].T, linestyle="", color=VERMILION, markersize=4, marker="o")
    part.set_title(f"generation {t}")
for t in (0, 15, 30, 45):
    differences = (path[t][:, None] - path[t]).reshape(-1, 2)
    along, across = np.std(differences @ ALONG), np.std(differences @ ACROSS)
    ratios.append((t, along, across))
listed = "; ".join(f"{three(a)} by {three(b)} (generation {t})" for t, a, b in ratios)
show(figure, f"Size of the differences along and across the valley: {listed}.")
print(f"ratio, mean of generations 15 to 45: {np.mean([a / b for _, a, b in ratios[1:]]):.0f}")

# %% [markdown] id="scale-after"
# Within 15 generations the steps have the shape of the valley, and then they shrink with the distance to its lowest point: shape and length of the steps, both for free. A rotation of the axes changes nothing as long as $CR = 1$.
#
# ### How large must F be?
#
# If differences shrink *before* the lowest point is found, the search is over. On a flat landscape, where every trial is accepted, the variance of the population is multiplied in each generation by (Zaharie 2002)
#
# $$1 + 2 F^2\, CR - \frac{2\,CR}{n} + \frac{CR^2}{n} .$$
#
# It should be more than 1, since selection as a rule makes it smaller: $F > \sqrt{(1 - CR/2) / n}$.

# %% id="variance" tags=["A07"]
n, CR = 20, 0.9
print(f"smallest F for {n} members: {np.sqrt((1 - CR / 2) / n):.2f}")
for F in (0.1, 0.17, 0.3, 0.5):
    rng, ratios = np.random.default_rng(0), []
    for _ in range(100):
        flat = differential_evolution(
            lambda x: np.zeros(len(x)), rng.normal(size=(n, 50)), F, CR, 5, rng
        )
        ratios += list(flat[1:].var(axis=1).mean(axis=1) / flat[:-1].var(axis=1).mean(axis=1))
    formula = 1 + 2 * F**2 * CR - 2 * CR / n + CR**2 / n
    print(f"F {F:4}: variance times {formula:.2f} by the formula, {np.mean(ratios):.2f} measured")

# %% [markdown] id="cloud-text"
# ### Explore: where does the step come from?
#
# Two searches that differ in one thing only. Both add a step to a member and keep the trial if it is not worse. One takes $F$ times a difference of two members, the other a normal step of fixed size. Play the generations. The curve is the median of ten seeds, with their range.
# **Goal:** in the egg box, at generation 60, at least nine of the ten seeds are within 0.01 of the lowest value. What happens if $F$ is too small, and if it is too large? Can fixed steps do it? Compare both in the valley, too.


# %% id="cloud-picture"
CLOUDS = {
    "egg box": lambda p: (
        20 + np.sum((p - CENTER) ** 2 - 10 * np.cos(2 * np.pi * (p - CENTER)), axis=-1)
    ),
    "turned valley": turned_valley,
    "banana": lambda p: (1 - p[..., 0]) ** 2 + 100 * (p[..., 1] - p[..., 0] ** 2) ** 2,
}
STEPS = {"F times a difference": True, "fixed size": False}


@lru_cache
def clouds(shape, kind, size, seeds=10, n=24, generations=60):
    """Members of the first seed, (61, n, 2), and best values, (61, seeds)."""
    f, rng = CLOUDS[shape], np.random.default_rng(5)
    members = rng.uniform(-3, 3, (seeds, n, 2))
    values, shown, best = f(members), [members[0]], []
    for _ in range(generations + 1):
        best.append(values.min(axis=1))
        others = np.argsort(rng.random((seeds, n, n - 1)), axis=2)[:, :, :3]
        others += others >= np.arange(n)[:, None]
        a, b, c = (np.take_along_axis(members, others[:, :, k : k + 1], 1) for k in range(3))
        trial = a + size * (b - c if STEPS[kind] else rng.standard_normal(a.shape))
        new = f(trial)
        members = np.where((new <= values)[..., None], trial, members)
        values = np.minimum(new, values)
        shown.append(members[0])
    return np.array(shown), np.array(best)


# %% id="cloud-view"
def cloud(shape, kind, size, generation):
    shown, best = clouds(shape, kind, size)
    drawn, near = np.maximum(best, 1e-16), int(np.sum(best[generation] < 0.01))
    middle = np.median(drawn, axis=1)
    parts = {
        "members": shown[generation].T.clip(-9, 9),
        "best": (np.arange(61), middle),
        "range": (np.arange(61), drawn.min(axis=1), drawn.max(axis=1)),
        "now": ([generation], [middle[generation]]),
    }
    sentence = (
        f"{shape}, {kind}, {three(size)}: at generation {generation} the best value is "
        f"{three(middle[generation])} (median), and {near} of 10 seeds are below 0.01."
    )
    return parts, sentence, bool(shape == "egg box" and generation == 60 and near >= 9)


# %% id="cloud-explorer"
figure, (map_, curve) = panels(1, 2, width=8.4, height=4)
map_.set(xlabel="x", ylabel="y")
curve.set(xlim=(0, 60), ylim=(1e-16, 1e3), yscale="log", xlabel="generation", ylabel="best value")
curve.axhline(0.01, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "members": dots(map_, color=VERMILION, marker="o"),
    "best": line(curve, color=BLUE),
    "now": dots(curve, color=VERMILION, marker="D", markersize=8),
}
moving["range"] = band(curve, moving["best"])
steps = Explorer(
    cloud,
    figure,
    moving,
    {
        "shape": choice("landscape", list(CLOUDS)),
        "kind": choice("step", list(STEPS)),
        "size": slider(
            "F, or the fixed size", 0.01, 2.0, 0.2, log=True, ticks={0.5: "0.5", 1.0: "1"}
        ),
        "generation": slider("generation", 0, 60, 0, step=1),
    },
    title="Where does the step come from?",
    goal="egg box, generation 60: nine of ten seeds below 0.01",
    play="generation",
    backdrop=lambda figure, shape: landscape(
        figure.axes[0], CLOUDS[shape], (-3, 3), (-3, 3), log=True
    ),
)
steps

# %% id="cloud-goal"
for shape, kind, size in (
    ("egg box", "F times a difference", 0.1),
    ("egg box", "F times a difference", 0.5),
    ("egg box", "F times a difference", 2.0),
    ("egg box", "fixed size", 0.5),
    ("turned valley", "fixed size", 0.1),
    ("turned valley", "F times a difference", 0.5),
):
    shown = steps.at(shape=shape, kind=kind, size=size, generation=60)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="cloud-after"
# Small $F$: the cloud collapses in some valley, as the formula says. Large $F$: it jumps around and does not settle. Fixed steps become slow once they are longer than the way that is left, in whatever landscape.
#
# The package's default for `method="de"` is L-SHADE (Tanabe and Fukunaga 2014): $F$ and $CR$ are drawn for each trial around values that succeeded lately, the base moves toward one of the best, and the population shrinks with the budget. The classic is `strategy="rand", F=0.5, CR=0.9`.
#
# ## 8 Compared by evaluations
#
# Ten dimensions; no lowest point is at the center of its box; ten starts, the same for all; 10,000 evaluations. Everybody runs with defaults; for the genetic algorithm on reals these are uniform crossover, a small random step in one gene of $d$ on average, and survival of the better half. *Turned* means that the landscape is rotated, so that no axis follows a valley. Adam (lesson [05](05_adaptive_steps.ipynb)) stands for gradient descent. It may ask for gradients, each charged as 3 evaluations, and gets the best of eight rates,
# chosen on three *other* starts without charge.


# %% id="compare-problems"
def moved(name, turn, d=10):
    """A landscape with its lowest point at another place of the box, rotated around it if `turn`."""
    shape, rng = LANDSCAPES[name], np.random.default_rng(7)
    shift = 0.15 * (shape.high - shape.low) * rng.uniform(-1, 1, d)
    if not turn:
        return shape.shifted(shift)
    fun, grad = shape.fun, shape.grad
    axes = np.linalg.qr(rng.standard_normal((d, d)))[0]

    @njit(error_model="numpy")
    def turned_fun(x):
        return fun(axes @ (x - shift))

    @njit(error_model="numpy")
    def turned_grad(x):
        return axes.T @ grad(axes @ (x - shift))

    return replace(shape, fun=turned_fun, grad=turned_grad, minimizer=lambda d: shift)


RACES = {
    "ellipsoid, turned": moved("ellipsoid", True),
    "rosenbrock": LANDSCAPES["rosenbrock"],
    "rastrigin": moved("rastrigin", False),
    "rastrigin, turned": moved("rastrigin", True),
}
SEARCHES = {
    "random": (BLACK, "v"),
    "one-plus-one": (GREEN, "^"),
    "annealing": (SKY, "P"),
    "ga": (ORANGE, "s"),
    "de": (BLUE, "o"),
}
RATES = np.geomspace(1e-3, 3, 8)
ASKED = np.unique(np.geomspace(1, 10_000, 60).astype(int))


# %% id="compare-run"
def started(shape, method, seed, **options):
    x = np.random.default_rng(seed).uniform(shape.low, shape.high, 10)
    return minimize(shape.fun, x, method=method, budget=10_000, seed=seed, **options).history


def sampled(history):
    """Best value after each number of evaluations in ASKED; the first value before the first answer."""
    place = np.searchsorted(history["nfev"], ASKED, side="right") - 1
    return history["fun"][np.maximum(place, 0)]


def race(shape):
    curves = {}
    for name in SEARCHES:
        box = shape.bounds(10)
        curves[name] = [sampled(started(shape, name, seed, bounds=box)) for seed in range(10)]
    ends = [
        np.median(
            [
                started(shape, "adam", seed, grad=shape.grad, lr=lr)["fun"][-1]
                for seed in (50, 51, 52)
            ]
        )
        for lr in RATES
    ]
    more = {"grad": shape.grad, "lr": RATES[np.nanargmin(ends)]}
    curves["adam"] = [sampled(started(shape, "adam", seed, **more)) for seed in range(10)]
    return {name: np.array(runs) for name, runs in curves.items()}


with np.errstate(all="ignore"):
    races = {name: race(shape) for name, shape in RACES.items()}

# %% id="compare-figure" tags=["A07"]
figure, axes = panels(2, 2, width=8.4, height=5.8, dpi=80)
for (name, curves), part in zip(races.items(), axes.flat):
    for method, runs in curves.items():
        color, marker = (SEARCHES | {"adam": (VERMILION, "D")})[method]
        style = {"color": color, "marker": marker, "markevery": 10}
        style["linestyle"] = "--" if method == "adam" else "-"
        low, middle, high = np.maximum(np.quantile(runs, (0, 0.5, 1), axis=0), 1e-9)
        part.loglog(ASKED, middle, label=method, **style)
        part.fill_between(ASKED, low, high, color=style["color"], alpha=0.12)
    floor = min(runs.min() for runs in curves.values())
    part.set(title=name, ylim=(max(1e-8, floor / 3), None))
axes[0, 0].legend(loc="lower left", ncols=2, fontsize=9)
figure.supxlabel("evaluations (a gradient counts as 3)")
figure.supylabel("best value; median and range of ten seeds")
ends = {name: {m: np.median(c[m][:, -1]) for m in SEARCHES} for name, c in races.items()}
winners_ = {name: min(end, key=end.get) for name, end in ends.items()}
show(figure, "Best search: " + "; ".join(f"{n}: {m}" for n, m in winners_.items()) + ".")


# %% id="compare-table" tags=["A07"]
def short(value):
    return "< 1e-8" if value < 1e-8 else three(value)


print(f"{'after 10,000 evaluations':26}" + "".join(f"{name:>20}" for name in races))
for method in races["rosenbrock"]:
    row = "".join(f"{short(np.median(races[name][method][:, -1])):>20}" for name in races)
    print(f"{method:26}{row}")

print()
for count in (100, 300, 1000, 3000, 10_000):
    place = np.searchsorted(ASKED, count)
    leaders = [min(c, key=lambda m: np.median(c[m][:, place])) for c in races.values()]
    print(f"{f'leads after {count:,}':26}" + "".join(f"{leader:>20}" for leader in leaders))

# %% [markdown] id="compare-after"
# Read it by columns.
#
# - **Turned ellipsoid** (a valley, a thousand times longer than wide): only DE comes near the bottom. Its steps have the shape of the valley. The genetic algorithm is beaten by a single point with the 1/5 rule: its operators change one gene, or exchange genes, and almost every such step leads up the walls.
# - **Rosenbrock**, a curved valley: annealing and Adam arrive, DE is on its way.
# - **Rastrigin**, the egg box: here the axes are a gift. Each coordinate can be put right alone, and annealing, GA and DE work so. **Turned**, the same box is hard for everybody: annealing is hardly better than random search, GA and DE are ahead but far from the bottom. A benchmark without rotation flatters whoever moves along the axes.
# - The (1+1)-ES and Adam end in one of the many valleys of the egg box, far from the lowest.
#
# Note the shape of DE's curves: its population shrinks as the budget is spent, so the fall comes at the end. Earlier, others lead, as the second table says.
#
# ### If there is a gradient
#
# At 3,000 evaluations Adam leads in both valleys. And Adam is not the best that can be done with a gradient. BFGS learns the curvatures from gradients as it goes; we charge it 3 for each:

# %% id="gradient"
for name in RACES:
    shape, ends = RACES[name], []
    for seed in range(10):
        x = np.random.default_rng(seed).uniform(shape.low, shape.high, 10)
        run = optimize.minimize(shape.fun, x, jac=shape.grad, method="BFGS")
        ends.append((run.fun, 3 * run.njev))
    values, charged = np.transpose(ends)
    print(
        f"BFGS, {name:18}: {np.sum(values < 1e-8):2} of 10 below 1e-8, median value "
        f"{short(np.median(values)):>6}, median {np.median(charged):.0f} evaluations"
    )

# %% [markdown] id="gradient-after"
# In the valleys a few hundred evaluations are plenty, where no search has a median below 1e-8 after 10,000. (Two runs on Rosenbrock's landscape end in its second valley, which is higher.) In the egg box it stops early, in a valley far above the lowest. So: a smooth objective with a gradient and one valley, use the gradient; counts, permutations, many valleys, a black box, use a search. And in more dimensions the gradient gains further: its price does not grow with $d$ (lesson [02](02_linear_regression.ipynb)).
# %% [markdown] id="hybrid-text"
# ## 9 Hybrids: a population that climbs
#
# One document advises to combine gradient-free search "with dynamic programming". There is no general method of that kind. **Dynamic programming** is exact: it splits a problem into smaller ones that overlap, and solves each once (a small knapsack allows it). It needs a problem that is built so; a search asks for nothing but values. For single problems it has been built *into* a search: dynasearch finds by it the best set of independent moves (Congram, Potts and van de Velde 2002).
#
# The hybrid that works in general pairs a population with a **local search**: every child first walks down to the bottom of its valley, and only then competes. This is a **memetic algorithm** (Moscato 1989). The population chooses the valleys, the local search does the fine work, for which section 4 has shown a population to be slow.
#
# Back to the tours. The local search is 2-opt, which takes the best of all 1,595 moves until none helps. The crossover is **order crossover** (Davis 1985): keep a stretch of one parent, and fill in the other cities in the order of the other parent, so that most legs survive.


# %% id="hybrid" tags=["A08"]
def length_of(tour):
    return DISTANCE[tour, np.roll(tour, -1)].sum()


@njit
def descend(start, moves):
    """The tour after the best moves, at most `moves` of them tried, and how many were tried."""
    tour, tried, n = start.copy(), 0, start.size
    while tried < moves:
        best, begin, end = -1e-9, 0, 0
        for i in range(n - 2):
            for j in range(i + 2, n - (i == 0)):  # the first and the last leg touch
                a, b, c, d = tour[i], tour[i + 1], tour[j], tour[(j + 1) % n]
                change = DISTANCE[a, c] + DISTANCE[b, d] - DISTANCE[a, b] - DISTANCE[c, d]
                tried += 1
                if change < best:
                    best, begin, end = change, i + 1, j + 1
        if end == 0:
            break
        for k in range((end - begin) // 2):
            tour[begin + k], tour[end - 1 - k] = tour[end - 1 - k], tour[begin + k]
    return tour, tried


def order_crossover(a, b, rng):
    """A stretch of a, then the other cities in b's order, from the end of the stretch on."""
    start, stretch = rng.integers(n_cities), rng.integers(1, n_cities)
    kept, rest = np.roll(a, -start)[:stretch], np.roll(b, -(start + stretch))
    return np.concatenate([kept, rest[~np.isin(rest, kept)]])


# %% [markdown] id="hybrid-race-text"
# Five methods, 2,000,000 moves each. A move looks up 4 distances, a whole tour 58, so a tour asked by the plain genetic algorithm counts as 14.5 moves. *Restarts* descend from random tours. *Kicks* cut the best tour at three random places, join the pieces in another order, and descend: a local search without a population.

# %% id="hybrid-methods" tags=["A08"]
MOVES = 2_000_000


def restarts(rng):
    left, best = MOVES, np.inf
    while left > 0:
        tour, tried = descend(rng.permutation(n_cities), left)
        left, best = left - tried, min(best, length_of(tour))
    return best


def kicks(rng):
    tour, tried = descend(rng.permutation(n_cities), MOVES)
    left = MOVES - tried
    while left > 0:
        i, j, k = np.sort(rng.choice(n_cities, 3, replace=False))
        new, tried = descend(np.concatenate([tour[:i], tour[j:k], tour[i:j], tour[k:]]), left)
        left, tour = left - tried, min(tour, new, key=length_of)
    return length_of(tour)


def memetic(rng, n=10):
    left, tours, lengths = MOVES, [], []
    for _ in range(n):
        tour, tried = descend(rng.permutation(n_cities), left)
        left, tours, lengths = left - tried, [*tours, tour], [*lengths, length_of(tour)]
    while left > 0:
        a, b = tournaments(np.array(lengths), 2, 2, rng)
        child, tried = descend(order_crossover(tours[a], tours[b], rng), left)
        left, length, worst = left - tried, length_of(child), int(np.argmax(lengths))
        if length < lengths[worst] and not np.isclose(length, lengths).any():  # no copies
            tours[worst], lengths[worst] = child, length
    return min(lengths)


# %% id="hybrid-plain" tags=["A08"]
@njit
def whole_tour(x):
    total = 0.0
    for k in range(x.size):
        total += DISTANCE[int(x[k - 1]), int(x[k])]
    return total


def plain_ga(rng):
    asked, start = MOVES * 4 // n_cities, rng.permutation(n_cities)
    return minimize(whole_tour, start, method="ga", genes="order", budget=asked, seed=rng).fun


# %% id="hybrid-race" tags=["A08"]
TOURS = {
    "genetic algorithm": plain_ga,
    "2-opt, restarts": restarts,
    "2-opt, kicks": kicks,
    "memetic": memetic,
    "annealing, lesson 08": lambda rng: anneal_tour(DISTANCE, budget=MOVES, seed=rng).fun,
}
figure, axes = panels(height=3.3)
medians = []
for place, (name, search) in enumerate(TOURS.items()):
    lengths = np.array([search(np.random.default_rng(seed)) for seed in range(10)])
    above = 100 * (lengths / good.fun - 1)
    found = int(np.sum(above < 1e-6))
    shake = place + np.linspace(-0.2, 0.2, 10)
    axes.plot(np.sort(above), shake, linestyle="", color=BLUE, marker="o")
    axes.plot(
        [np.median(above)] * 2, [place - 0.3, place + 0.3], color=VERMILION, marker="", linewidth=3
    )
    medians.append(f"{name} {np.median(above):.1f} %")
    print(
        f"{name:21} {np.median(above):4.1f} % (at most {above.max():4.1f} %); the good tour {found:2} times of 10"
    )
axes.set_yticks(range(len(TOURS)), list(TOURS))
axes.set(
    xlabel="longer than the good tour (%)",
    title="58 cities, 2,000,000 moves, ten seeds; bar: median",
)
axes.invert_yaxis()
show(figure, "Median excess: " + ", ".join(medians) + ".")

# %% [markdown] id="hybrid-after"
# - The same kind of crossover, without and with local search: from many percent above the good tour down to the tour itself, in almost every run. The plain genetic algorithm is the weakest of the five.
# - The same local search, without and with exchange: restarts forget what they learned, as in section 1. The population does not. That answers the question of this lesson.
# - But it is no monopoly. Kicks, with *one* tour, are nearly as good, and annealing is as good. For 58 cities the memory of one good tour is almost enough.

# %% [markdown] id="libraries" tags=["R07", "Q01"]
# ## 10 Which library?
#
# The documents name Python, scikit-learn, TensorFlow and PyTorch. None of them has these methods. These do:
#
# | library | what it has | mind |
# |---|---|---|
# | `scipy.optimize.differential_evolution` | DE in twelve strategies | `popsize` is *per dimension*; `polish=True`, the default, ends with L-BFGS-B |
# | DEAP | the parts of genetic algorithms, also on trees (genetic programming) | you write the loop |
# | pymoo | GA, DE, and NSGA-II for several objectives at once | |
# | nevergrad | many DE variants, and a chooser among methods | `ask` and `tell` |
# | evosax | evolution on accelerators, in JAX | `ask` and `tell` |
#
# With the constants of section 7, SciPy's version does what ours does. Its last step, L-BFGS-B with slopes from differences of values (lesson [10](10_gradients_from_values.ipynb)), makes it a hybrid, too. On Rosenbrock's smooth valley that step does most of the work, already after 20 generations:


# %% id="scipy" tags=["R07", "A08"]
def scipy_de(shape, seed, polish, generations):
    def all_columns(points):  # SciPy hands over a whole generation, one point a column
        return np.array([shape.fun(x) for x in np.atleast_2d(points.T).copy()])

    options = {"strategy": "rand1bin", "mutation": 0.5, "recombination": 0.9, "popsize": 5}
    options |= {"init": "random", "updating": "deferred", "vectorized": True, "tol": 0, "rng": seed}
    box = shape.bounds(10)
    return optimize.differential_evolution(
        all_columns, box, maxiter=generations, polish=polish, **options
    )


shape = RACES["rosenbrock"]
options = {"strategy": "rand", "F": 0.5, "CR": 0.9, "popsize": 50, "budget": 50 * 21}
theirs = [np.log10(scipy_de(shape, seed, False, 20).fun) for seed in range(10)]
ours = [
    np.log10(minimize(shape.fun, x, method="de", bounds=shape.bounds(10), seed=k, **options).fun)
    for k, x in enumerate(np.random.default_rng(0).uniform(-5, 10, (10, 10)))
]
error = np.sqrt((np.var(ours) + np.var(theirs)) / 9)
print(
    "same constants, within 3 standard errors:",
    bool(abs(np.mean(ours) - np.mean(theirs)) < 3 * error),
)
print(f"SciPy without the last step: {three(10 ** np.median(theirs))} after 1,050 evaluations")
polished = [scipy_de(shape, seed, True, 20) for seed in range(10)]
asked = np.array([21 * 50 + run.nfev - 21 for run in polished])  # it counts a generation as one
reached = np.sum([run.fun < 1e-6 for run in polished])
few = bool(np.all(asked < 3500))
print(f"with it: {reached} of 10 below 1e-6, all with fewer than 3,500 evaluations: {few}")

# %% [markdown] id="quick"
# ## 11 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-lost"
# **Quick question.** A population evolves by selection and crossover, without mutation. After 40 generations nothing changes any more. Why?
#
# - [ ] It has found the lowest point.
#   Section 3 came to a standstill with wrong genes: 2 with fifty members, 27 with ten. A standstill says nothing about the value.
# - [x] All members have become alike, and crossover of equal parents gives the same child.
#   A gene that is the same in all members is lost. Only mutation brings it back; a larger population loses it later.
# - [ ] The tournaments are too small.
#   Smaller tournaments *keep* more diversity. Larger ones reach the standstill sooner.

# %% [markdown] id="quick-order" tags=["F21"]
# **Quick question.** One document wants the genetic update rule "derived from the error function". You replace the error by its cube, which has quite other slopes but the same order. With tournaments, what changes?
#
# - [ ] The steps become larger where the cube is steep.
#   No step depends on a slope. Not even on a difference of two values.
# - [x] Nothing, with the same seed.
#   Selection and elitism compare values and do nothing else with them. The accept rule of annealing (lesson [08](08_simulated_annealing.ipynb)), in contrast, uses the difference.
# - [ ] The search gets worse, since the rule must be derived anew.
#   There is nothing to derive: the rule is selection, crossover, mutation, elitism.

# %% [markdown] id="quick-differential"
# **Quick question.** Differential evolution adds $F (x_b - x_c)$. Is this a finite difference, so a gradient in disguise?
#
# - [ ] Yes: differences of points are how slopes are estimated.
#   A slope needs differences of *values*, divided by a step. Here no value occurs in the formula.
# - [x] No: it is a random step whose length and direction fit the population.
#   The values enter later, when trial and target are compared.
# - [ ] Yes, for small $F$.
#   A smaller $F$ makes a smaller step, not a slope. Below a bound the population shrinks without having found anything.

# %% [markdown] id="quick-curse"
# **Quick question.** A genetic algorithm selects 12 of 30 columns, with 0 wrong patients of 100 in cross-validation. How many of 100 new patients will be wrong?
#
# - [ ] None: cross-validation uses data that the model did not see.
#   The *model* did not see them. The *search* did, hundreds of times, and kept the luckiest answer.
# - [x] Not known from this; probably more than 0 in a hundred, and it takes other patients to find out.
#   In section 6 it was about 6.
# - [ ] About 50, because the search has overfitted.
#   Overfitting makes the promise too good. It does not make the choice worthless.

# %% [markdown] id="quick-hybrid" tags=["A08"]
# **Quick question.** Which of these is a hybrid that people use?
#
# - [ ] Genetic algorithm and dynamic programming: DP improves each child, whatever the objective.
#   DP needs a problem that splits into smaller ones. With a black box it can do nothing.
# - [ ] Random search and scikit-learn.
#   One is a method, the other a library.
# - [x] Differential evolution, then L-BFGS from its best point.
#   It is SciPy's default (`polish=True`). Memetic algorithms do it for every child.

# %% [markdown] id="quick-parallel" tags=["Q01"]
# **Quick question.** "A population of 50 on 50 computers finds the lowest point with a fiftieth of the evaluations." Right?
#
# - [ ] Right: 50 points learn in one generation what one point learns in 50 steps.
#   On the hidden bits one point needed fewer evaluations than the 50 together.
# - [x] Wrong: the evaluations stay the same, the waiting shrinks, at best to a fiftieth.
#   That is a strong reason for populations when one evaluation takes minutes: ask for 50 points, evaluate them at once, tell.
# - [ ] Wrong: members of a generation depend on each other, so they must wait.
#   They do not; `ask` gives all of them at once. Generations wait for each other.

# %% [markdown] id="summary"
# ## Summary
#
# 1. A genetic algorithm is selection, crossover, mutation, elitism; it compares values and needs nothing else of them.
# 2. Selection and crossover use up diversity, mutation gives it back; what all members share is lost to crossover.
# 3. Crossover pays if good parts stay good together and are passed on whole. On the hidden bits, where each gene improves alone, one climber was faster.
# 4. Differential evolution takes its steps from differences of members: they fit the valley, also a turned one. With a gradient on a smooth valley, use it.
# 5. The winner of a search looks better than it is: judge it on other data. Real hybrids are populations with local search.
#
# ## Exercise
#
# Five questions: copy it with `start_exercise("09")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/09_genetic_algorithms.ipynb](../exercises/09_genetic_algorithms.ipynb). **Next:** [10 Gradients from values](10_gradients_from_values.ipynb). All searches so far compare values and throw the
# differences away. What if we use the differences as slopes?

# %% [markdown] id="sources"
# ## Sources
#
# - J. H. Holland, *Adaptation in natural and artificial systems* (1975; MIT Press 1992), [doi:10.7551/mitpress/1090.001.0001](https://doi.org/10.7551/mitpress/1090.001.0001).
# - D. E. Goldberg, K. Deb, *A comparative analysis of selection schemes used in genetic algorithms*, Foundations of Genetic Algorithms 1 (1991), 69-93,
#   [doi:10.1016/B978-0-08-050684-5.50008-2](https://doi.org/10.1016/B978-0-08-050684-5.50008-2): takeover times.
# - G. Syswerda, *Uniform crossover in genetic algorithms*, Proceedings of the 3rd International Conference on Genetic Algorithms (1989), 2-9.
# - L. Davis, *Applying adaptive algorithms to epistatic domains*, IJCAI (1985), 162-164: order crossover.
# - D. Sudholt, *How crossover speeds up building block assembly in genetic algorithms*, Evolutionary Computation 25 (2017), 237-274.
# - K. Deb, D. E. Goldberg, *Analyzing deception in trap functions*, Foundations of Genetic Algorithms 2 (1993), 93-108: the blocks of section 5.
# - R. Storn, K. Price, *Differential evolution: a simple and efficient heuristic for global optimization over continuous spaces*, Journal of Global Optimization 11 (1997), 341-359,
#   [doi:10.1023/A:1008202821328](https://doi.org/10.1023/A:1008202821328).
# - D. Zaharie, *Critical values for the control parameters of differential evolution algorithms*, Proceedings of MENDEL (2002), 62-67.
# - R. Tanabe, A. Fukunaga, *Improving the search performance of SHADE using linear population size reduction*, IEEE CEC (2014), 1658-1665,
#   [doi:10.1109/CEC.2014.6900380](https://doi.org/10.1109/CEC.2014.6900380).
# - P. Moscato, *On evolution, search, optimization, genetic algorithms and martial arts: towards memetic algorithms*, Caltech Concurrent Computation Program, report 826 (1989).
# - R. K. Congram, C. N. Potts, S. L. van de Velde, *An iterated dynasearch algorithm for the single-machine total weighted tardiness scheduling problem*, INFORMS Journal on Computing 14 (2002), 52-67.
# - C. Ambroise, G. J. McLachlan, *Selection bias in gene extraction on the basis of microarray gene-expression data*, PNAS 99 (2002), 6562-6566,
#   [doi:10.1073/pnas.102102699](https://doi.org/10.1073/pnas.102102699).
# - G. C. Cawley, N. L. C. Talbot, *On over-fitting in model selection and subsequent selection bias in performance evaluation*, Journal of Machine Learning Research 11 (2010), 2079-2107.
# - W. N. Street, W. H. Wolberg, O. L. Mangasarian, *Nuclear feature extraction for breast tumor diagnosis* (1993), [doi:10.1117/12.148698](https://doi.org/10.1117/12.148698): the patients; shipped with scikit-learn.
