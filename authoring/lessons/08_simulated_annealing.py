# %% [markdown] id="title"
# # 08 Simulated annealing
#
# **Promise.** One more line lets a search climb out of a valley: accept what is worse, sometimes, and ever less often. You will plan tours through real cities with it, and
# say when it is the wrong tool.
#
# **You will be able to**
#
# - write Metropolis' rule, and say where its $e^{-\Delta/T}$ comes from;
# - choose the first and the last temperature by looking at the acceptance rate;
# - make a move cheap: the change of a tour of any size from four distances;
# - treat a constraint by a penalty or by repair, and check the result against a method that proves;
# - tell annealing from hill climbing that bears its name.
#
# **Time** 80 minutes. **Needs** lesson [07](07_random_search.ipynb).

# %% id="setup"
from functools import lru_cache
from time import perf_counter

import numpy as np
from numba import njit
from scipy import optimize
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.datasets import load_digits

from ngo_lesson import data
from ngo_lesson.kernels import kernel
from ngo_lesson.optimize.annealing import anneal_states
from ngo_lesson.optimize.functions import LANDSCAPES, rastrigin, sphere
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.tours import anneal_tour, copy_order_, tour_length
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, bars, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [07](07_random_search.ipynb) ended in the egg box: its climbers refuse each worse point, so nearly all of their walks end in a wrong valley. Here is a problem that is nothing but valleys. Visit 58
# places of Europe, each once, and come home; how short can the tour be? This is the **traveling salesman problem**. There are $57!/2$ tours, about $2 \cdot 10^{76}$. A natural idea: from each place go to the nearest one that is left.


# %% id="question" tags=["machine"]
def nearest_neighbor(km, first):
    """The tour that always goes to the nearest place not yet visited."""
    away, tour = km.copy(), [first]
    for _ in range(len(km) - 1):
        away[:, tour[-1]] = np.inf
        tour.append(int(np.argmin(away[tour[-1]])))
    return np.array(tour)


def draw_tour(axes, positions, tour, **style):
    """The closed tour on plain longitude and latitude; a leg across the date line is left out."""
    legs = positions[np.append(tour, tour[0]), ::-1]
    far = np.flatnonzero(np.abs(np.diff(legs[:, 0])) > 180) + 1
    axes.plot(*np.insert(legs, far, np.nan, axis=0).T, **style)
    axes.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)")
    axes.set_aspect(1 / np.cos(np.radians(np.clip(np.median(positions[:, 0]), -40, 55))))


europe = data.cities("Europe")
KM = europe.distance
greedy = [nearest_neighbor(KM, first) for first in range(len(KM))]
lengths = np.array([tour_length(KM, tour) for tour in greedy])
figure, axes = panels(height=4.4)
draw_tour(axes, europe.positions, greedy[np.argmin(lengths)], color=BLUE, marker="o")
axes.set_title("Always to the nearest place that is left")
ends = f"{three(lengths.min())} to {three(lengths.max())} km"
show(figure, f"{len(KM)} places; from each of them as the start, the tour takes {ends}.")

# %% [markdown] id="question-after"
# The long legs that cross the map are the price: what was left behind must be collected in the end. Let us repair that by small changes.

# %% [markdown] id="move-text"
# ## 2 A move, and hill climbing with it
#
# The ways between cities that follow each other are the *legs* of a tour (*edges* in graphs). Take out two legs and reverse the part between them. This move is called **2-opt**. It turns a tour into another tour; if the two legs crossed, they do not any more. Here positions 2 to 4 are reversed:


# %% id="move"
def two_opt(tour, i, j):
    """A new tour in which positions i to j come in reverse."""
    new = tour.copy()
    new[i : j + 1] = tour[i : j + 1][::-1]
    return new


print(two_opt(np.arange(8), 2, 4))

# %% [markdown] id="change-text"
# The new length needs no new sum. All legs but two stay; inside of the part they are walked the other way. With $a$ the city before the part, $b$ its first, $c$ its last and $d$ the city after it,
#
# $$\Delta = D_{ac} + D_{bd} - D_{ab} - D_{cd} .$$
#
# Four distances, whatever the number of cities: the time is **constant**, $O(1)$.


# %% id="change" tags=["A06"]
def two_opt_change(km, tour, i, j):
    """By how much the closed tour gets longer when positions i to j are reversed."""
    n = len(tour)
    if j - i == n - 1:  # the whole tour: it has no direction
        return 0.0
    a, b, c, d = tour[i - 1], tour[i], tour[j], tour[(j + 1) % n]
    return km[a, c] + km[b, d] - km[a, b] - km[c, d]


def length_of(tour, km=KM):
    return km[tour, np.roll(tour, -1)].sum()


rng = np.random.default_rng(0)
right = []
for _ in range(1000):
    tour, (i, j) = rng.permutation(len(KM)), np.sort(rng.integers(0, len(KM), 2))
    summed = length_of(two_opt(tour, i, j)) - length_of(tour)
    right.append(np.isclose(summed, two_opt_change(KM, tour, i, j), atol=1e-6))
print("equal to the difference of two sums in 1,000 cases:", all(right))

# %% [markdown] id="climb-text"
# Hill climbing (downhill, here) draws a random move and takes it if the tour gets shorter. We start ten times, each time from another random tour, and try 30,000 moves. Then we check *all* moves of the last tour.


# %% id="climb" tags=["machine"]
def shorten(km, tour, moves, rng):
    """Hill climbing: a move is taken if it makes the tour shorter."""
    tour, n = tour.copy(), len(tour)
    for _ in range(moves):
        i, j = sorted((int(n * rng.random()), int(n * rng.random())))
        if two_opt_change(km, tour, i, j) < 0:
            tour = two_opt(tour, i, j)
    return tour


pairs = [(i, j) for j in range(len(KM)) for i in range(j)]
stuck, ends = 0, []
for seed in range(10):
    rng = np.random.default_rng(seed)
    tour = shorten(KM, rng.permutation(len(KM)), 30_000, rng)
    stuck += min(two_opt_change(KM, tour, i, j) for i, j in pairs) > -1e-9
    ends.append(length_of(tour))
print("kilometers:", ", ".join(f"{end:,.0f}" for end in sorted(ends)))
print(f"{stuck} of 10 tours cannot be shortened by any of the {len(pairs):,} moves")

# %% [markdown] id="exact-text"
# Each of the ten starts ends in a valley, and out of none of them leads a move that helps. Is any of them good? For 58 places that can be *proved*. Say 1 if a leg is used and 0 if not. Then the length is linear, each city has two legs, and an **integer program**
# finds the shortest choice. If the choice falls into several round trips, forbid these and solve again.


# %% id="exact" tags=["machine"]
def shortest_tour_length(km):
    """The proven shortest length, by an integer program; a loop that is too small is forbidden when it occurs."""
    n, (a, b) = len(km), np.triu_indices(len(km), 1)
    ends = csr_matrix(
        (np.ones(2 * a.size), (np.r_[a, b], np.tile(np.arange(a.size), 2))), (n, a.size)
    )
    rules = [optimize.LinearConstraint(ends, 2, 2)]
    while True:
        exactly = {"mip_rel_gap": 0}  # or it may stop a ten-thousandth above the proof
        options = {"integrality": np.ones(a.size), "bounds": (0, 1), "constraints": rules}
        found = optimize.milp(km[a, b], **options, options=exactly)
        used = found.x > 0.5
        graph = csr_matrix((np.ones(n), (a[used], b[used])), (n, n))
        count, trip = connected_components(graph, directed=False)
        if count == 1:
            return found.fun
        inside = (trip[a] == np.arange(count)[:, None]) & (trip[b] == np.arange(count)[:, None])
        rules.append(optimize.LinearConstraint(inside.astype(float), 0, np.bincount(trip) - 1))


began = perf_counter()
SHORTEST = shortest_tour_length(KM)
took = perf_counter() - began
above = 100 * (np.array(ends) / SHORTEST - 1)
print(f"proven shortest: {SHORTEST:,.0f} km, in {took:.1f} s")
print(f"hill climbing ended {three(above.min())} to {three(above.max())} % above it")

# %% [markdown] id="exact-after"
# So for 58 places you do not *need* annealing: the exact solver gives the answer and a proof. But it needs a linear problem, and its time grows steeply with the number of places. Hill climbing needs a move and a number. We keep the
# proven value as the yardstick, and ask how hill climbing can get out of its valleys.

# %% [markdown] id="rule-text"
# ## 3 Accept what is worse, sometimes
#
# One document asks for "an update rule derived from the error function" and stops there. Here is the rule, from Metropolis and coauthors (1953); Kirkpatrick, Gelatt and Vecchi made it a method of optimization in 1983. Let $\Delta$ be the change of the value, and $T$ a number that we choose, the **temperature**, in the unit of the value:
#
# $$P(\text{accept}) = \min\left(1,\; e^{-\Delta/T}\right) .$$
#
# What is better is always accepted. What is worse by $T$ is accepted in 37 cases of 100, what is worse by $5T$ in less than one. At $T = 0$ nothing worse is accepted: that is hill climbing.


# %% id="rule" tags=["F21", "A06"]
def acceptance(delta, T):
    """Chance of accepting a change of the value by delta at temperature T > 0."""
    return np.exp(np.minimum(0.0, -delta / T))


figure, axes = panels()
climbs = np.linspace(-100, 500, 200)
for T, color, marker in ((10, BLUE, "o"), (100, GREEN, "^"), (1000, VERMILION, "s")):
    axes.plot(
        climbs, acceptance(climbs, T), color=color, marker=marker, markevery=20, label=f"T = {T} km"
    )
axes.set(xlabel="change of the length (km)", ylabel="chance of acceptance")
axes.legend()
chances = ", ".join(f"{100 * acceptance(100, T):.3g} % at T = {T}" for T in (10, 100, 1000))
show(figure, f"A tour longer by 100 km is accepted: {chances}.")

# %% [markdown] id="why-text"
# ### Why this formula?
#
# First, **only differences count**: 5,000 km added to all tours change no decision. Second, **a climb in two parts costs the same as in one**: $e^{-(\alpha+\beta)/T} = e^{-\alpha/T} e^{-\beta/T}$, and only exponentials have this property. Third, and this is the true
# reason: in the long run we know *where the search is*. Suppose that it is at $x$ with the chance
#
# $$\pi(x) \propto e^{-f(x)/T} .$$
#
# Take two neighbors, $y$ higher than $x$ by $\Delta$. From $y$ every step down is accepted, from $x$ the share $e^{-\Delta/T}$ of the steps up. And $\pi(y) = \pi(x)\, e^{-\Delta/T}$. So the traffic is equal in both directions,
#
# $$\pi(x)\, P(x \to y) = \pi(y)\, P(y \to x),$$
#
# for each pair: **detailed balance**. Then the shares do not change any more, and if moves lead from every place to every other, the search comes to them from any start. $\pi$ is the **Boltzmann distribution**. Let us count, on a ring of six places.


# %% id="balance" tags=["A06"]
HEIGHTS = np.array([0.0, 1.0, 0.5, 2.0, 0.2, 1.5])


def traffic(chance, right=0.5, steps=200_000):
    """Counted steps from each of six places on a ring to each, staying included; `right`: chance to propose that way."""
    rng, x, counts = np.random.default_rng(0), 0, np.zeros((6, 6))
    accept = [[chance(HEIGHTS[b] - HEIGHTS[a]) for b in range(6)] for a in range(6)]
    for go, luck in zip(rng.random(steps) < right, rng.random(steps)):
        y = (x + 1) % 6 if go else (x - 1) % 6
        new = y if luck < accept[x][y] else x
        counts[x, new] += 1
        x = new
    return counts


counts = traffic(lambda delta: acceptance(delta, 1.0))
boltzmann = np.exp(-HEIGHTS) / np.exp(-HEIGHTS).sum()
print("height         ", "  ".join(f"{height:5.1f}" for height in HEIGHTS))
print(
    "counted (%)    ",
    "  ".join(f"{share:5.0f}" for share in 100 * counts.sum(axis=1) / counts.sum()),
)
print("Boltzmann (%)  ", "  ".join(f"{share:5.0f}" for share in 100 * boltzmann))
there = np.array([counts[x, (x + 1) % 6] for x in range(6)])
back = np.array([counts[(x + 1) % 6, x] for x in range(6)])
print("there and back equally often, within 2 %:", np.allclose(there, back, rtol=0.02))

# %% [markdown] id="balance-after"
# What if the rule is changed? A constant chance of one half, a rule that ignores *how much* worse; and proposals that prefer one direction. And one that keeps the traffic equal, too, since its chances up and down are in the proportion $e^{-\Delta/T}$: that of the *heat bath*. (Metropolis' rule asks for **symmetric** proposals: from $x$ to $y$ as often as from $y$ to $x$. Hastings gave the correction for others in 1970.)

# %% id="other-rules"
for name, chance, right in (
    ("Metropolis", lambda delta: acceptance(delta, 1.0), 0.5),
    ("heat bath, 1 / (1 + exp(delta / T))", lambda delta: 1 / (1 + np.exp(delta)), 0.5),
    ("constant chance 0.5", lambda delta: 1.0 if delta <= 0 else 0.5, 0.5),
    ("Metropolis, proposals lopsided", lambda delta: acceptance(delta, 1.0), 0.9),
):
    counts = traffic(chance, right)
    wrong = np.abs(counts.sum(axis=1) / counts.sum() - boltzmann).max()
    print(f"{name:36} farthest from Boltzmann by {100 * wrong:.0f} percentage points")

# %% [markdown] id="walkers-text"
# ### Explore: one temperature is a bargain
#
# Twenty-six places in a row, a shallow valley and a deep one. A walker starts in the *shallow* one. The bars are the chances of where it is after that many steps, computed exactly; the line is Boltzmann's distribution at the last temperature. **Goal:** with at most 10,000
# steps, a chance of 95 % to be in the three lowest places. First try it with a constant temperature. What goes wrong when it is low, and what when it is high?


# %% id="walkers-picture"
ROW = np.arange(26)
HILLS = 3 - 1.5 * np.exp(-(((ROW - 6) / 3) ** 2)) - 3 * np.exp(-(((ROW - 18) / 4) ** 2))
DEEPEST = np.argsort(HILLS)[:3]


def step_matrix(T):
    """Chances of one step from each place to each: left or right is proposed, and Metropolis decides."""
    P = np.zeros((26, 26))
    P[ROW[:-1], ROW[1:]] = 0.5 * acceptance(np.diff(HILLS), T)
    P[ROW[1:], ROW[:-1]] = 0.5 * acceptance(-np.diff(HILLS), T)
    return P + np.diag(1 - P.sum(axis=1))


def walkers(mode, T, n):
    last = T if mode == "constant" else T / 10
    where = np.eye(26)[6]
    counts = np.diff(np.linspace(0, n, 51).astype(int))
    for hot, count in zip(np.geomspace(T, last, 50), counts, strict=True):
        where = where @ np.linalg.matrix_power(step_matrix(hot), int(count))
    shares = np.exp(-(HILLS - HILLS.min()) / last)
    low = where[DEEPEST].sum()
    parts = {"where": where, "boltzmann": (ROW, shares / shares.sum())}
    words = f"T = {three(T)}" if mode == "constant" else f"T from {three(T)} to {three(last)}"
    sentence = (
        f"{words}, {n:,} steps: in the three lowest places with a chance of {100 * low:.0f} %."
    )
    return parts, sentence, bool(low >= 0.95 and n <= 10_000)


# %% id="walkers-explorer"
figure, (top, low) = panels(2, 1, width=7.6, height=4.6, sharex=True)
top.plot(ROW, HILLS, color=BLACK, marker="", drawstyle="steps-mid")
top.fill_between(ROW, HILLS, step="mid", color=BLACK, alpha=0.12)
top.annotate("start", (6, HILLS[6]), (6, 2.7), ha="center", arrowprops={"arrowstyle": "->"})
top.set(ylabel="height", xlim=(-0.5, 25.5))
low.set(xlabel="place", ylabel="chance", ylim=(0, 1))
moving = {
    "where": bars(low, np.arange(27) - 0.5, "after the steps", color=SKY),
    "boltzmann": line(low, "Boltzmann", color=VERMILION, marker="", drawstyle="steps-mid"),
}
low.legend(loc="upper center")
walker = Explorer(
    walkers,
    figure,
    moving,
    {
        "mode": choice("temperature", ("constant", "falling to a tenth")),
        "T": slider("first temperature", 0.05, 5.0, 0.1, log=True),
        "n": slider("steps", 50, 100_000, 1000, log=True, step=10**0.1),
    },
    title="Walkers between two valleys",
    goal="95 % in the three lowest places, with at most 10,000 steps",
    play="T",
)
walker

# %% id="walkers-goal"
knob = walker.knobs["T"].values
for mode in walker.knobs["mode"].values:
    lows = [walkers(mode, T, 10_000)[0]["where"][DEEPEST].sum() for T in knob]
    best = knob[int(np.argmax(lows))]
    print(f"{mode:22}: the best T of {len(knob)} is {three(best)}, chance {100 * max(lows):.0f} %")
print(walker.at(mode="falling to a tenth", T=1.0, n=10_000))

# %% [markdown] id="walkers-after"
# A cold walker does not get over the ridge in time. A hot one does, and does not stay. No constant temperature on the slider does both well enough. So: **hot first, then cold.** In metal this is *annealing*; the slow cooling lets the atoms find their order.

# %% [markdown] id="cool-text"
# ## 4 Cooling
#
# The loop is that of hill climbing with one condition changed, and it remembers the best tour *ever seen*, because the present one may be worse. One `luck` is drawn in each step, whatever the change, so that two programs can be compared. `@kernel` compiles it; the text stays plain Python, and `.py_func` runs it as such.


# %% id="anneal" tags=["A06", "F21"]
change_of = kernel(two_opt_change)


@kernel
def anneal(km, tour, temperatures, rng):
    """Lengths, acceptance, best length, tour at the end; leaves the best tour in `tour`."""
    now, n, best = tour.copy(), len(tour), tour_length(km, tour)
    length, lengths, accepted = best, np.empty(len(temperatures)), np.empty(len(temperatures))
    for k, T in enumerate(temperatures):
        i, j = int(n * rng.random()), int(n * rng.random())
        i, j = min(i, j), max(i, j)
        change, luck = change_of(km, now, i, j), rng.random()
        accepted[k] = change <= 0 or luck < np.exp(-change / T)
        if accepted[k]:
            length += change
            while i < j:  # reverse in place
                now[i], now[j] = now[j], now[i]
                i, j = i + 1, j - 1
            if length < best - 1e-9:
                best = length
                copy_order_(tour, now)
        lengths[k] = length
    return lengths, accepted, best, now


# %% [markdown] id="states-text"
# The package's `anneal_states` does the same for states of *any* kind: it takes a value and a function that proposes a neighbor. It cannot know that the change is cheap, so it evaluates the whole tour. Same seed, same tour:


# %% id="states"
def propose(tour, rng):
    n = len(tour)
    i, j = int(n * rng.random()), int(n * rng.random())
    return two_opt(tour, min(i, j), max(i, j))


begin, temperatures = np.random.default_rng(5).permutation(len(KM)), np.geomspace(1000, 10, 3000)
compiled, plain = begin.copy(), begin.copy()
anneal(KM, compiled, temperatures, np.random.default_rng(0))
anneal.py_func(KM, plain, temperatures, np.random.default_rng(0))
options = {"temperatures": (1000, 10), "budget": 3001, "seed": 0}
package = anneal_states(length_of, propose, begin, **options)
print("compiled and plain Python end in the same tour:", np.array_equal(compiled, plain))
print("and so does the package:                       ", np.array_equal(plain, package.x))

# %% [markdown] id="thermometer-text"
# ### The acceptance rate is the thermometer
#
# Which temperatures? "Hot" and "cold" mean nothing without the objective. Look at how many proposals are accepted. A usual choice for the first temperature: about 80 % of the proposals accepted, which a few random moves from the start can tell. The last one: where next to nothing is accepted.


# %% id="thermometer" tags=["A06", "machine"]
rng, climbs = np.random.default_rng(0), []
for _ in range(1000):
    tour, (i, j) = rng.permutation(len(KM)), np.sort(rng.integers(0, len(KM), 2))
    climbs.append(max(two_opt_change(KM, tour, i, j), 0))
candidates = np.geomspace(10, 1e5, 200)
hot = next(T for T in candidates if acceptance(np.array(climbs), T).mean() > 0.8)
temperatures = np.geomspace(10_000, 3, 300_000)
lengths, accepted, *_ = anneal(KM, begin.copy(), temperatures, np.random.default_rng(0))
blocks = temperatures.reshape(100, -1).mean(axis=1)
rate, mean = accepted.reshape(100, -1).mean(axis=1), lengths.reshape(100, -1).mean(axis=1)

figure, (upper, lower) = panels(2, 1, height=4.6, sharex=True)
upper.semilogx(blocks, mean / 1000, color=BLUE, markevery=8)
upper.axhline(SHORTEST / 1000, color=BLACK, linestyle="--", marker="", label="proven shortest")
upper.set(ylabel="length (1,000 km)", title="One slow run, from hot (left) to cold")
upper.legend()
lower.semilogx(blocks, 100 * rate, color=VERMILION, marker="s", markevery=8)
lower.set(xlabel="temperature (km)", ylabel="accepted (%)", ylim=(0, 100))
lower.invert_xaxis()
at = ", ".join(
    f"{100 * rate[np.argmin(abs(blocks - T))]:.0f} % at {T:,} km" for T in (1000, 100, 10)
)
show(figure, f"Accepted: {at}. First temperature by the rule of 80 %: {three(hot)} km.")

# %% [markdown] id="thermometer-after"
# Most of the length is lost between 3,000 and 100 km, and below 50 km hardly anything happens. The 2 % that remain are nearly all moves with $i = j$, which change nothing. This narrow range is where the tour freezes: first the order of the countries, last that of neighbors. Time spent above or below it is mostly wasted.

# %% [markdown] id="schedules-text"
# ### Schedules compared
#
# **Geometric** cooling multiplies the temperature by the same factor in each step, $T_k = T_0 (T_1/T_0)^{k/(N-1)}$. Linear and cosine cooling, known from learning rates, fall by differences. **Logarithmic** cooling, $T_k = c/\log(2 + k)$, is that of a theorem: with $c$ large enough the chance to be at the lowest point
# goes to 1 (Hajek 1988). These four start at 1,000 km; for comparison, two constant temperatures, and one so low that nothing worse is accepted. Ten starts, the same for all.

# %% id="schedules" tags=["A06", "machine"]
SCHEDULES = {
    "geometric, 1,000 to 10": lambda N: np.geomspace(1000, 10, N),
    "linear, 1,000 to 10": lambda N: np.linspace(1000, 10, N),
    "cosine, 1,000 to 10": lambda N: 505 + 495 * np.cos(np.linspace(0, np.pi, N)),
    "logarithmic, from 1,000": lambda N: 1000 * np.log(2) / np.log(2 + np.arange(N)),
    "constant, 60": lambda N: np.full(N, 60.0),
    "constant, 500": lambda N: np.full(N, 500.0),
    "never accept a worse tour": lambda N: np.full(N, 1e-9),
}


def ten_runs(temperatures):
    """Percent above the proven shortest of the best tours of ten runs."""
    ends = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        ends.append(anneal(KM, rng.permutation(len(KM)), temperatures, rng)[2])
    return 100 * (np.array(ends) / SHORTEST - 1)


print(f"{'% above the shortest, median (range)':38}{'20,000 moves':>20}{'200,000 moves':>20}")
for name, schedule in SCHEDULES.items():
    cells = [np.quantile(ten_runs(schedule(N)), (0.5, 0, 1)).clip(0) for N in (20_000, 200_000)]
    print(f"{name:38}" + "".join(f"{m:8.1f} ({a:4.1f} to {b:4.1f})" for m, a, b in cells))

# %% [markdown] id="schedules-after"
# Read three things from it.
#
# - **Ten times as many moves** do nothing for the search that refuses every worse tour: it is hill climbing, whatever it is called. Its valley has no exit. For annealing they are worth most of the rest.
# - Geometric beats linear and cosine because it spends its time where the tour freezes, the others above. The logarithmic schedule and a well chosen constant do well for the same reason: they stay near 60 km. Their ranges overlap with that of geometric cooling, so ten seeds do not decide between them.
# - The theorem is no practical promise. How many steps until the logarithmic schedule is as cold as 10 km?

# %% id="theorem"
print(f"log10 of the number of steps: {1000 * np.log(2) / 10 / np.log(10):.0f}")
print(f"log10 of the number of tours: {np.log10(np.arange(1.0, 58)).sum() - np.log10(2):.0f}")

# %% [markdown] id="theorem-after"
# Fewer than there are tours, and more than any computer can do. And then the theorem asks for a constant $c$ at least as large as the depth of the deepest trap, which nobody knows here. A guarantee that takes longer than most people can wait is none: "slow cooling finds the optimum" is true in the limit only.

# %% [markdown] id="map-text"
# ### Explore: a tour that cools
#
# Ten runs cool from the first temperature to a hundredth of it. The map shows one of them, at the place of the slider "cooling done". On the right, length and acceptance: median and range of the ten. **Goal:** with at most 50,000 moves, the median of the ten best tours at most 3.5 % above the proven shortest. What do the runs look like that begin too hot? Too cold?


# %% id="map-picture"
@lru_cache(maxsize=64)
def ten_tours(hot, moves):
    """Lengths and acceptance of ten runs at 101 times (10, 101), and their best lengths."""
    times = np.linspace(0, moves - 1, 101).astype(int)
    lengths, rates, bests = [], [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        temperatures = np.geomspace(hot, hot / 100, moves)
        length, accepted, best, _ = anneal(KM, rng.permutation(len(KM)), temperatures, rng)
        rates.append([part.mean() for part in np.array_split(accepted, 101)])
        lengths.append(length[times])
        bests.append(best)
    return np.array(lengths), np.array(rates), np.array(bests)


def tour_at(hot, moves, done):
    """The tour of run 0 when this share of the cooling is done."""
    rng, temperatures = np.random.default_rng(0), np.geomspace(hot, hot / 100, moves)
    return anneal(KM, rng.permutation(len(KM)), temperatures[: max(moves * done // 100, 1)], rng)[3]


# %% id="map-function"
DONE = np.arange(101)


def cooling(hot, moves, done):
    lengths, rates, bests = ten_tours(hot, moves)
    tour, T = tour_at(hot, moves, done), hot * 0.01 ** (done / 100)
    shown, percent = lengths[:, : done + 1] / 1000, 100 * rates[:, : done + 1]
    x = DONE[: done + 1]
    parts = {
        "tour": europe.positions[np.append(tour, tour[0]), ::-1].T,
        "length": (x, np.median(shown, axis=0)),
        "lengths": (x, shown.min(axis=0), shown.max(axis=0)),
        "rate": (x, np.median(percent, axis=0)),
        "rates": (x, percent.min(axis=0), percent.max(axis=0)),
    }
    sentence = (
        f"{moves:,} moves from {three(hot)} km, now T = {three(T)} km: this tour is {three(length_of(tour))} km long, "
        f"{100 * rates[0, done]:.0f} % of the moves are accepted."
    )
    end = 100 * (np.median(bests) / SHORTEST - 1)
    if done == 100:
        sentence += f" The median of ten best tours is {three(end)} % above the shortest."
    return parts, sentence, bool(done == 100 and moves <= 50_000 and end <= 3.5)


# %% id="map-explorer" tags=["machine"]
ratios = {"width_ratios": (1.7, 1, 1)}
figure, (map_, upper, lower) = panels(1, 3, width=10.4, height=3.6, gridspec_kw=ratios)
map_.plot(*europe.positions[:, ::-1].T, linestyle="", marker="o", color=BLACK, zorder=4)
map_.set(xlabel="longitude (degrees)", ylabel="latitude (degrees)", aspect=1.6)
upper.axhline(SHORTEST / 1000, color=BLACK, linestyle="--", linewidth=1)
upper.set(xlim=(0, 100), ylim=(15, 110), xlabel="cooling done (%)", ylabel="length (1,000 km)")
lower.set(xlim=(0, 100), ylim=(0, 100), xlabel="cooling done (%)", ylabel="accepted (%)")
moving = {
    "tour": line(map_, color=BLUE, marker=""),
    "length": line(upper, color=BLUE, marker=""),
    "rate": line(lower, color=VERMILION, marker=""),
}
moving |= {"lengths": band(upper, moving["length"]), "rates": band(lower, moving["rate"])}
tourist = Explorer(
    cooling,
    figure,
    moving,
    {
        "hot": slider("first temperature", 3, 30_000, 30_000, log=True, step=10**0.2, unit="km"),
        "moves": slider(
            "moves", 1000, 100_000, 20_000, log=True, step=10**0.2, ticks={50_000: "goal"}
        ),
        "done": slider("cooling done", 0, 100, 40, step=1, unit="%"),
    },
    title="A tour that cools",
    goal="at most 50,000 moves, median of ten best tours at most 3.5 % above the shortest",
    play="done",
)
tourist

# %% id="map-goal" tags=["machine"]
for hot in (30_000, 3, 475):
    print(tourist.at(hot=hot, moves=50_000, done=100))
hots = tourist.knobs["hot"].values
good = [hot for hot in hots if tourist.at(hot=hot, moves=50_000, done=100).reached]
print(f"first temperatures that reach the goal: {three(min(good))} to {three(max(good))} km")

# %% [markdown] id="map-after"
# Too hot: the run ends before the tour is frozen. Too cold: it begins frozen, and that is hill climbing. Between them there is a range of more than a factor of ten that works.

# %% [markdown] id="larger-text"
# ## 5 Larger tours, at the same number of moves
#
# Our loop draws any two positions, and most such moves are absurd: Lisbon next to Samara. The package's `anneal_tour` brings a city next to one of its ten *near* neighbors, by 2-opt or by moving up to three cities elsewhere (**or-opt**). First temperature: the mean distance to a near neighbor. The change takes constant time; an accepted reversal takes longer, and
# there the shorter side is reversed. How fast is that?

# %% id="speed" tags=["machine"]
world = data.cities()
big, any_tour = world.distance, np.random.default_rng(0).permutation(len(world.distance))


def whole_sums(moves):
    anneal_states(lambda tour: length_of(tour, big), propose, any_tour, budget=moves, seed=0)


def changes(moves, run):
    run(big, any_tour.copy(), np.geomspace(1000, 10, moves), np.random.default_rng(0))


for name, moves, run in (
    ("plain Python, the whole sum", 1000, whole_sums),
    ("plain Python, the change", 3000, lambda moves: changes(moves, anneal.py_func)),
    ("compiled, the change", 300_000, lambda moves: changes(moves, anneal)),
    ("anneal_tour, near neighbors", 300_000, lambda moves: anneal_tour(big, budget=moves, seed=0)),
):
    began = perf_counter()
    run(moves)
    print(
        f"{name:28} {three(moves / (perf_counter() - began)):>10} moves a second, {len(big)} places"
    )

# %% [markdown] id="rival-text"
# Now a fair race. The rival is hill climbing with **the same moves** from the same nearest-neighbor tour. It is the same function with a temperature of almost 0. Since it gets stuck early, it also runs in a second form: five times a fifth of the moves, each from another nearest-neighbor tour, and the best counts.


# %% id="race"
PLANS = {
    "annealing": (1, None, BLUE, "o"),
    "hill climbing": (1, (1e-9, 1e-9), VERMILION, "s"),
    "hill climbing, 5 starts": (5, (1e-9, 1e-9), GREEN, "^"),
}


def best_so_far(km, plan, budget, seed):
    """Shortest tour after each thousandth of the budget, (1000,), and the tour at the end."""
    parts, temperatures, *_ = PLANS[plan]
    rng, lengths, tours = np.random.default_rng(seed), [], []
    for _ in range(parts):
        begin = nearest_neighbor(km, int(len(km) * rng.random()))
        options = {"start": begin, "temperatures": temperatures, "budget": budget // parts}
        found = anneal_tour(km, seed=rng, **options)
        lengths.append(np.repeat(found.history["fun"], 5 // parts))
        tours.append((found.fun, found.x))
    return np.minimum.accumulate(np.concatenate(lengths)), min(tours, key=lambda pair: pair[0])[1]


def race(km, budget):
    """Curves (10, 1000) of each plan, and the shortest tour of all of them."""
    curves, tours = {}, []
    for plan in PLANS:
        runs = [best_so_far(km, plan, budget, seed) for seed in range(10)]
        curves[plan] = np.array([lengths for lengths, _ in runs])
        tours += [tour for _, tour in runs]
    tours.append(anneal_tour(km, budget=5 * budget, seed=99).x)
    return curves, min(tours, key=lambda tour: tour_length(km, tour))


# %% id="race-figure" tags=["A06", "machine"]
maps = {
    "Europe": (europe, 100_000),
    "Asia": (data.cities("Asia"), 150_000),
    "world": (world, 400_000),
}
races = {name: race(places.distance, budget) for name, (places, budget) in maps.items()}


def above(name, plan):
    """Percent above the best known tour of this map, of each run at each time."""
    curves, tour = races[name]
    return 100 * (curves[plan] / tour_length(maps[name][0].distance, tour) - 1)


figure, axes = panels(1, 3, width=10, height=3.8)
for part, (name, (places, budget)) in zip(axes, maps.items()):
    asked = budget * np.arange(1, 1001) / 1000
    for plan, (*_, color, marker) in PLANS.items():
        low, middle, high = np.quantile(above(name, plan), (0, 0.5, 1), axis=0)
        part.semilogx(asked, middle, color=color, marker=marker, markevery=100, label=plan)
        part.fill_between(asked, low, high, color=color, alpha=0.15)
    part.set(title=f"{name}, {len(places.names)} places", xlabel="moves", ylim=(0, 30))
axes[0].set_ylabel("% above the best known")
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
ends = [f"{np.median(above(name, 'annealing')[:, -1]):.1f} % ({name})" for name in races]
show(figure, "Annealing ends above the best known by " + ", ".join(ends) + ", medians.")

# %% id="race-table" tags=["A06", "machine"]
print(f"{'% above the best known':25}" + "".join(f"{name:>24}" for name in races))
for plan in PLANS:
    ends = [np.quantile(above(name, plan)[:, -1], (0.5, 0, 1)) for name in races]
    print(f"{plan:25}" + "".join(f"{m:9.1f} ({a:4.1f} to {b:4.1f})" for m, a, b in ends))
proven = np.isclose(tour_length(KM, races["Europe"][1]), SHORTEST)
print(f"Europe: the best known is the proven shortest: {proven}")
hits = np.sum(np.isclose(races["Europe"][0]["annealing"][:, -1], SHORTEST))
print(f"annealing ends there in {hits} of 10 runs of {maps['Europe'][1]:,} moves")

# %% [markdown] id="race-after"
# On all three maps annealing has the best median, and its lead grows with the number of places: on the world map it is more than two points ahead of the better rival. On Europe and Asia the ranges of annealing and of the five starts overlap, and on Europe the five starts have the better *worst* run. And look at the left of the pictures: with a tenth of the moves hill climbing
# is ahead everywhere, while the best tour of annealing is still its start (the flat piece). The length of an annealing run is planned; who stops it early gets a bad tour. "Best known" is proven for Europe only. For the other maps it is the shortest tour of all runs in this cell, one of which had five times the moves.
#
# What are its moves worth? Our loop of section 4 on the world map, from the same tours and temperatures, with as many moves:

# %% id="near" tags=["machine"]
budget, close = maps["world"][1], np.sort(big, axis=1)[:, 1:11].mean()
best_known, ends = tour_length(big, races["world"][1]), []
for seed in range(10):
    rng = np.random.default_rng(seed)
    begin = nearest_neighbor(big, int(len(big) * rng.random()))
    ends.append(anneal(big, begin, np.geomspace(close, 0.02 * close, budget), rng)[2])
low, middle, high = np.quantile(100 * (np.array(ends) / best_known - 1), (0, 0.5, 1))
print(f"any two positions, 2-opt: {middle:.1f} ({low:.1f} to {high:.1f}) % above the best known")

# %% id="world" tags=["machine"]
figure, axes = panels(width=9, height=4.6)
draw_tour(
    axes, world.positions, races["world"][1], color=BLUE, marker="o", markersize=3, linewidth=1
)
total = tour_length(world.distance, races["world"][1])
axes.set_title("The shortest tour of the world found here")
show(
    figure,
    f"{len(world.names)} places, {three(total)} km. Legs across the date line are not drawn.",
)

# %% [markdown] id="meals-text"
# ## 6 A knapsack, and a method that wins
#
# 512 fast-food meals. Choose some, each once, with as much protein as possible, but at most 2,000 kcal and 2,300 mg of sodium. This is the **knapsack problem**: $2^{512}$ choices. The state is a row of bits, and the move flips one or two of them. But most flips lead to a choice that is too heavy. Two ways out:
#
# - a **penalty**: allow what is too heavy, and let it cost. The weight $w$ is another number to choose:
#
# $$f(x) = -\text{protein}(x) + w \left[\left(\frac{\text{kcal}(x)}{2000} - 1\right)_+ + \left(\frac{\text{sodium}(x)}{2300} - 1\right)_+\right];$$
#
# - **repair**: after each move throw out random meals until the rest fits. Then every state is allowed, and no weight is needed.
#
# First the answer, from an integer program as in section 2, with its proof, and a simple rule beside it: take the meals in the order of protein for each unit of the limits.

# %% id="meals" tags=["machine"]
LIMITS = np.array([2000.0, 2300.0])
try:
    MEALS = data.fast_food().data
except data.MissingDataError as missing:
    print(missing, "- drawn meals stand in")
    MEALS = np.random.default_rng(0).gamma(2.0, (265.0, 620.0, 14.0), (512, 3))
LOADS, PROTEIN = np.ascontiguousarray(MEALS[:, :2].T), MEALS[:, 2].copy()
limit = optimize.LinearConstraint(LOADS, -np.inf, LIMITS)
began = perf_counter()
options = {"integrality": np.ones(PROTEIN.size), "bounds": (0, 1), "constraints": limit}
exact = optimize.milp(-PROTEIN, **options, options={"mip_rel_gap": 0})
took = perf_counter() - began
chosen, load = [], np.zeros(2)
for meal in np.argsort(-PROTEIN / (LOADS.T / LIMITS).sum(axis=1)):
    if np.all(load + LOADS[:, meal] <= LIMITS):
        chosen.append(meal)
        load += LOADS[:, meal]
print(f"integer program: {-exact.fun:.0f} g of protein, proven, in {1000 * took:.0f} ms")
print(f"greedy rule:     {PROTEIN[chosen].sum():.0f} g of protein")

# %% [markdown] id="penalty-text"
# The penalty, by `minimize(method="annealing", kind="bits")`, for three weights. An `@njit` function is called from the compiled loop.


# %% id="penalty" tags=["A06", "machine"]
def penalized(weight):
    @njit
    def f(x):
        kcal, sodium, protein = 0.0, 0.0, 0.0
        for i in range(x.size):
            if x[i] > 0:
                kcal, sodium, protein = (
                    kcal + LOADS[0, i],
                    sodium + LOADS[1, i],
                    protein + PROTEIN[i],
                )
        return -protein + weight * (max(kcal / 2000 - 1, 0.0) + max(sodium / 2300 - 1, 0.0))

    return f


nothing, bits = np.zeros(PROTEIN.size), {"method": "annealing", "kind": "bits", "budget": 20_000}
for weight in (50, 200, 1000):
    f = penalized(weight)
    ends = [minimize(f, nothing, seed=s, **bits).x for s in range(10)]
    allowed = [PROTEIN @ x for x in ends if np.all(LOADS @ x <= LIMITS)]
    text = f"median {np.median(allowed):.0f} g, best {max(allowed):.0f} g" if allowed else "none"
    print(f"w = {weight:5}: {len(allowed):2} of 10 answers are allowed; {text}")

# %% [markdown] id="penalty-after"
# A small weight and the answers break the limits: the extra protein is worth the fine. A large one, and a wall stands around each good choice. Now repair, with a fourth of the evaluations, and beside it the same search that never accepts a worse choice:


# %% id="repair" tags=["A06", "machine"]
meals = [tuple(float(number) for number in meal) for meal in MEALS]


def fits(choice):
    return sum(meals[m][0] for m in choice) <= 2000 and sum(meals[m][1] for m in choice) <= 2300


def add_and_repair(choice, rng):
    """A list of meals: a random one is added, and random ones are thrown out until the rest fits."""
    meal = int(len(meals) * rng.random())
    new = [m for m in choice if m != meal] + [meal]
    while not fits(new):
        new.pop(int(len(new) * rng.random()))
    return new


def minus_protein(choice):
    return -sum(meals[m][2] for m in choice)


for name, temperatures in (
    ("annealing", (20.0, 0.1)),
    ("never accept a worse choice", (1e-9, 1e-9)),
):
    options = {"temperatures": temperatures, "budget": 5000}
    ends = [
        -anneal_states(minus_protein, add_and_repair, [], seed=s, **options).fun for s in range(10)
    ]
    best = sum(np.isclose(ends, -exact.fun))
    print(
        f"{name:28} median {np.median(ends):.0f} g ({min(ends):.0f} to {max(ends):.0f}), {best} of 10 optimal"
    )

# %% [markdown] id="repair-after"
# Three results.
#
# - **Repair beats the penalty** by far, with a fourth of the evaluations. Every state is allowed, so the search never leaves the region that counts.
# - **Annealing does not beat hill climbing here.** Repair throws out random meals, and that move is so long that there are hardly any valleys to be stuck in. (Its proposals are not symmetric either, so Boltzmann's distribution of section 3 does not hold. It is a search all the same.)
# - **The integer program beats both**: the best choice, in a small part of a second, with a proof. Where objective and limits are linear, take that. Annealing is for what cannot be written so.

# %% [markdown] id="continuous-text"
# ## 7 A continuous problem
#
# Back to the egg box of lesson [07](07_random_search.ipynb), in ten dimensions, with its lowest point moved away from the center: $f(x) = \sum_i \left[(x_i - s_i)^2 + 10 - 10\cos(2\pi (x_i - s_i))\right]$. It has about $10^{10}$ valleys. A move is a normal step. First the few lines:


# %% id="continuous" tags=["A06", "F21"]
def anneal_points(f, x, sigma, temperatures, rng, one=False):
    """Best value after each evaluation; a move changes all coordinates, or one of them."""
    value = f(x)
    best = [value]
    for T in temperatures:
        y, luck = x + 0.0, rng.random()
        if one:
            y[int(x.size * rng.random())] += sigma * rng.standard_normal()
        else:
            y += sigma * rng.standard_normal(x.size)
        new = f(y)
        if luck < acceptance(new - value, T):
            x, value = y, new
        best.append(min(best[-1], value))
    return np.array(best)


EGGS, BUDGET = LANDSCAPES["rastrigin"], 5000
BOX, AWAY = EGGS.bounds(10), np.random.default_rng(7).uniform(-1.5, 1.5, 10)
AXES = np.linalg.qr(np.random.default_rng(8).standard_normal((10, 10)))[0]


@njit
def moved(x):
    return rastrigin(x - AWAY)


@njit
def turned(x):
    """The same with axes that point anywhere: no coordinate can be set on its own."""
    y = np.zeros(10)
    for i in range(10):
        for j in range(10):
            y[i] += AXES[i, j] * (x[j] - AWAY[j])
    return rastrigin(y)


print("both are 0 at the lowest point:", moved(AWAY) == 0, turned(AWAY) == 0)

# %% [markdown] id="continuous-race-text"
# 5,000 evaluations each, ten starts anywhere in the box, the same for all. The rivals are hill climbing; the (1+1)-ES of lesson 07, once and with ten starts that share the evaluations; and SciPy's `dual_annealing` without its local search. Ours is run twice, with steps of all coordinates and of one; and then the package's, which changes mostly one coordinate at a
# time, sometimes to anywhere in the box, adapts a step size for each (Corana et al. 1987), and heats up again.


# %% id="continuous-run" tags=["A06", "R07", "machine"]
def several(f, begin, rng, parts=10):
    curves = []
    for _ in range(parts):
        options = {"method": "one-plus-one", "bounds": BOX, "budget": BUDGET // parts}
        curves.append(minimize(f, begin, seed=rng, **options).history["fun"])
        curves[-1] = np.pad(curves[-1], (0, BUDGET // parts - len(curves[-1])), mode="edge")
        begin = rng.uniform(*BOX.T)
    return np.minimum.accumulate(np.concatenate(curves))


def scipys(f, begin, rng):
    values = []
    options = {"maxfun": BUDGET, "maxiter": BUDGET, "no_local_search": True, "rng": rng}
    optimize.dual_annealing(lambda x: values.append(f(x)) or values[-1], BOX, x0=begin, **options)
    return np.minimum.accumulate(values)[:BUDGET]


def package(f, begin, rng, method):
    options = {"method": method, "bounds": BOX, "budget": BUDGET, "seed": rng}
    return minimize(f, begin, **options).history["fun"]


# %% id="continuous-methods" tags=["A06", "machine"]
COOLING = np.geomspace(20, 0.1, BUDGET - 1)


def ours(f, begin, rng, sigma, one):
    return anneal_points(f, begin, sigma, COOLING, rng, one)


METHODS = {
    "hill climbing": (lambda *a: package(*a, "hill"), BLACK, "v"),
    "(1+1)-ES": (lambda *a: package(*a, "one-plus-one"), GREEN, "^"),
    "(1+1)-ES, 10 starts": (several, ORANGE, "s"),
    "ours, all coordinates": (lambda *a: ours(*a, 0.5, one=False), SKY, "P"),
    "ours, one coordinate": (lambda *a: ours(*a, 1.0, one=True), PURPLE, "D"),
    "package": (lambda *a: package(*a, "annealing"), BLUE, "o"),
    "SciPy dual_annealing": (scipys, VERMILION, "X"),
}
results = {}
for title, f in (("moved egg box", moved), ("moved and turned", turned)):
    for name, (method, *_) in METHODS.items():
        seeds = [np.random.default_rng(seed) for seed in range(10)]
        curves = [method(f, rng.uniform(*BOX.T), rng) for rng in seeds]
        curves = [np.pad(curve, (0, BUDGET - len(curve)), mode="edge") for curve in curves]
        results[title, name] = np.array(curves)

# %% id="continuous-figure" tags=["A06", "R07", "machine"]
figure, axes = panels(1, 2, width=9.6, height=4.4, sharey=True)
asked = np.unique(np.geomspace(10, BUDGET, 80).astype(int))
for part, title in zip(axes, ("moved egg box", "moved and turned")):
    for name, (_, color, marker) in METHODS.items():
        low, middle, high = np.quantile(results[title, name][:, asked - 1], (0, 0.5, 1), axis=0)
        part.loglog(asked, middle, color=color, marker=marker, markevery=10, label=name)
        part.fill_between(asked, low.clip(0.1), high, color=color, alpha=0.1)
    part.set(title=title, xlabel="evaluations")
axes[0].set_ylabel("best value; median and range of ten")
axes[0].set_ylim(0.3, 300)
axes[0].legend(loc="lower left", fontsize=8)
ends = {key: np.median(curves[:, -1]) for key, curves in results.items()}
winners = [
    min(METHODS, key=lambda name: ends[title, name])
    for title in ("moved egg box", "moved and turned")
]
show(figure, f"Best median: {winners[0]} on the moved egg box, {winners[1]} on the turned one.")

# %% id="continuous-table" tags=["A06", "R07", "machine"]
print(f"{'after 5,000 evaluations':24}{'moved egg box':>24}{'moved and turned':>24}")
for name in METHODS:
    row = ""
    for title in ("moved egg box", "moved and turned"):
        low, middle, high = np.quantile(results[title, name][:, -1], (0, 0.5, 1))
        row += f"{three(middle)} ({three(low)} to {three(high)})".rjust(24)
    print(f"{name:24}{row}")

# %% [markdown] id="continuous-after"
# Compare the two rows of ours first. Same rule, same temperatures; with steps of all coordinates annealing is no better than hill climbing, with steps of one coordinate it is near the lowest point. **The move decides.** In this egg box each coordinate can be set on its own, so that one-coordinate moves solve ten small problems, and the package and SciPy's
# method profit from the same gift. Our loop had its temperatures and its step chosen by hand, the package finds its own.
#
# The turned egg box takes the gift away. There the medians of all four annealings are at least one and a half times that of ten starts of the (1+1)-ES, and the package's is no better than that of a single one. So distrust a comparison on functions whose axes are those of the landscape. Lesson [11](11_evolution_strategies.ipynb) brings a method that does not care where the axes point.

# %% [markdown] id="huge-text"
# ## 8 Can a huge model be annealed?
#
# One document says that annealing shows "good performance on large deep models", without a measurement, and proposes to anneal GPT-3 from *random* parameters. Take the easiest landscape of all, one round bowl, and count the evaluations that divide the value by 100.

# %% id="huge" tags=["A32", "A06"]
prices = []
for d in (10, 30, 100, 300):
    options = {"method": "annealing", "budget": 1000 * d, "target": 0.01 * d}
    asked = [minimize(sphere, np.ones(d), seed=s, **options).nfev for s in range(10)]
    prices.append(np.median(asked) / d)
    print(
        f"d = {d:3}: {three(np.median(asked)):>6} evaluations, {prices[-1]:.0f} for each dimension"
    )
evaluations = min(prices) * 175e9
seconds = evaluations * 2 * 175e9 * 2048 / 1e15
print(f"175 billion parameters: {evaluations:.0e} evaluations")
print(f"2,048 tokens each, 1e15 operations a second: {seconds / 3.15e7:.0e} years")

# %% [markdown] id="huge-after"
# And this is the easy case: a round bowl with exact values. One forward pass takes about two operations for each parameter and token (piece of a word). A gradient at the price of three evaluations finds the bottom of the same bowl in one step, if the rate is right. And on a small real model, logistic regression on 200 digits, 650 parameters from a random start. Annealing has its defaults, gradient descent a rate that was chosen by hand:


# %% id="digits" tags=["A32", "machine"]
images, labels = load_digits(return_X_y=True)
A, labels = np.column_stack([np.ones(200), images[:200] / 16]), labels[:200]


def probabilities(w):
    z = A @ w.reshape(65, 10)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(w):
    return float(-np.log(probabilities(w)[np.arange(200), labels] + 1e-300).mean())


def gradient(w):
    return (A.T @ (probabilities(w) - np.eye(10)[labels])).ravel() / 200


starts = [0.1 * np.random.default_rng(seed).standard_normal(650) for seed in range(10)]
annealed = [minimize(cross_entropy, w, method="annealing", budget=1500, seed=0).fun for w in starts]
goal = np.median(annealed)
down = [minimize(cross_entropy, w, method="gd", grad=gradient, lr=1.0, budget=1500) for w in starts]
first = [run.history["nfev"][np.argmax(run.history["fun"] <= goal)] for run in down]
print(f"at the start           {three(np.median([cross_entropy(w) for w in starts]))}")
for name, ends in (("annealing", annealed), ("gradient descent", [run.fun for run in down])):
    print(f"{name:16} 1,500: {three(np.median(ends))} ({three(min(ends))} to {three(max(ends))})")
print(f"gradient descent is where annealing ends after {np.median(first):.0f} evaluations")

# %% [markdown] id="huge-end"
# This is training error; the model has more parameters than digits. With 650 parameters annealing needs more than ten times the evaluations of plain gradient descent, and its price grows with the dimension while that of a gradient does not. So "anneal GPT-3 from random parameters" is not a matter of patience. Fine-tuning a model that is *already trained* is another matter: there only few directions matter, and tens of
# thousands of pairs of values can do (MeZO, Malladi et al. 2023). Lesson [15](15_language_models.ipynb) measures both.

# %% [markdown] id="tools" tags=["R07", "Q01"]
# ## 9 When to use it
#
# | your problem | take |
# |---|---|
# | linear objective and constraints, whole numbers | an exact solver, as `scipy.optimize.milp`: it proves; until its time explodes |
# | orders, assignments, time tables, layouts; a cheap change of the value | annealing, with a good move and $O(1)$ change |
# | continuous, several valleys, few dimensions | `scipy.optimize.dual_annealing`, or lessons [09](09_genetic_algorithms.ipynb) and [11](11_evolution_strategies.ipynb) |
# | a gradient exists and one valley is enough | gradients, lessons [02](02_linear_regression.ipynb) to [06](06_neural_networks.ipynb) |
#
# The documents name scikit-learn, TensorFlow and PyTorch as tools. None of them has annealing. `scipy.optimize` has `dual_annealing`; for tours there are programs made for nothing else (Concorde, LKH), which beat ours.

# %% [markdown] id="quick"
# ## 10 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-worse" tags=["F21"]
# **Quick question.** A program for annealing accepts every better point, and each worse one with the chance 0.1. What is wrong?
#
# - [ ] Nothing: worse points must be accepted with a fixed small chance.
#   Then a step worse by 1 km and one worse by 10,000 km have the same chance. Section 3 counts where such a search ends.
# - [ ] It is a bug that worse points are accepted at all.
#   Without them it is hill climbing, and stays in its first valley.
# - [x] The chance must depend on how much worse the point is, and fall in time.
#   $e^{-\Delta/T}$ with a falling $T$: small climbs often, large ones early only.

# %% [markdown] id="quick-name"
# **Quick question.** A listing has `temperature *= 0.99` in its loop and accepts a point `if new < value`. Which method is it?
#
# - [ ] Simulated annealing with geometric cooling.
#   The temperature is computed and never used. No result depends on it.
# - [x] Hill climbing.
#   It never accepts a worse point. Ten times as many moves did nothing for it in section 4.
# - [ ] Random search.
#   Random search does not propose neighbors of the present point.

# %% [markdown] id="quick-slow"
# **Quick question.** "Cool slowly enough, and annealing finds the lowest point." Does that help in practice?
#
# - [ ] Yes, that is a theorem.
#   It is, about a limit. For one tour of 58 places the logarithmic schedule of section 4 needs $10^{30}$ steps to reach 10 km.
# - [ ] No, it is false.
#   As a statement about the limit it is true.
# - [x] Hardly: "slowly enough" takes longer than anybody can wait.
#   In practice: slower is better on average, several runs, the best ever seen, and a comparison with something else.

# %% [markdown] id="quick-units"
# **Quick question.** Distances were given in km, first temperature 1,000. Now somebody gives them in meters. What must be done?
#
# - [ ] Nothing, the acceptance is a chance and has no unit.
#   It has none because $\Delta$ and $T$ have the same unit. If only $\Delta$ becomes 1,000 times larger, the search is frozen at the start.
# - [x] The temperature must be 1,000 times larger, too.
#   $T$ is measured in the unit of the value. The acceptance rate of worse tours tells at once: it would be near 0.
# - [ ] The number of moves must be 1,000 times larger.
#   The landscape has the same shape. Only its unit has changed.

# %% [markdown] id="quick-how" tags=["Q01", "F21"]
# **Quick question.** An interviewer: "How would you plan a delivery round without gradients?" Which answer is best?
#
# - [ ] Treat the order as numbers and run Adam.
#   An order has no slope. There is nothing that could be fed to Adam.
# - [x] A good first tour, a move with a cheap change, Metropolis' rule; compared with hill climbing at the same number of moves.
#   And with an exact solver as long as the round is small enough for it.
# - [ ] A matrix factorization of the distances.
#   That is a model of a table, not a search for an order.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Accept what is better, and what is worse by $\Delta$ with the chance $e^{-\Delta/T}$; then, at one $T$ and in the long run, the search visits $x$ in proportion to $e^{-f(x)/T}$.
# 2. One temperature is a bargain between getting out and staying in. So cool; the acceptance rate says where you are. Keep the best point ever seen.
# 3. The move decides more than the schedule: near neighbors for tours, a change in constant time, repair instead of a penalty.
# 4. Without accepting what is worse it is hill climbing. Compare with that, from the same start, at the same number of moves.
# 5. Exact solvers win where they apply, gradients where they exist; a huge model cannot be annealed.
#
# ## Exercise
#
# Five questions: copy it with `start_exercise("08")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/08_simulated_annealing.ipynb](../exercises/08_simulated_annealing.ipynb). **Next:** [09 Genetic algorithms](09_genetic_algorithms.ipynb). Here one point walks. What can many points do that learn from each other?

# %% [markdown] id="sources"
# ## Sources
#
# - N. Metropolis, A. W. Rosenbluth, M. N. Rosenbluth, A. H. Teller, E. Teller, *Equation of state calculations by fast computing machines*, The Journal of Chemical Physics 21 (1953), 1087-1092,
#   [doi:10.1063/1.1699114](https://doi.org/10.1063/1.1699114).
# - W. K. Hastings, *Monte Carlo sampling methods using Markov chains and their applications*, Biometrika 57 (1970), 97-109, [doi:10.1093/biomet/57.1.97](https://doi.org/10.1093/biomet/57.1.97).
# - S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, *Optimization by simulated annealing*, Science 220 (1983), 671-680, [doi:10.1126/science.220.4598.671](https://doi.org/10.1126/science.220.4598.671).
# - B. Hajek, *Cooling schedules for optimal annealing*, Mathematics of Operations Research 13 (1988), 311-329, [doi:10.1287/moor.13.2.311](https://doi.org/10.1287/moor.13.2.311).
# - A. Corana, M. Marchesi, C. Martini, S. Ridella, *Minimizing multimodal functions of continuous variables with the "simulated annealing" algorithm*, ACM Transactions on Mathematical Software 13 (1987), 262-280,
#   [doi:10.1145/29380.29864](https://doi.org/10.1145/29380.29864).
# - D. S. Johnson, L. A. McGeoch, *The traveling salesman problem: a case study in local optimization*, in E. Aarts, J. K. Lenstra (eds.), *Local Search in Combinatorial Optimization*, Wiley (1997), 215-310: the moves and neighbor lists.
# - S. Malladi et al., *Fine-tuning language models with just forward passes* (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333): why it starts from a *trained* model; lesson [15](15_language_models.ipynb).
