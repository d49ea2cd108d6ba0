# %% [markdown] id="title"
# # 17 Reading claims
#
# **Promise.** You will check a reference, a printed output and a comparison before you believe them, and you will choose a method for a problem by what was measured.
#
# **You will be able to**
#
# - check a reference in four steps, and say of a printed output whether it can come from its listing;
# - name five ways to make the worse of two methods look better, and undo each of them;
# - tell luck from skill: many seeds, many tries, labels that mean nothing;
# - show what a seed and a number tell about private data, and what would protect them;
# - choose a method by a few questions, and answer the interview questions of the documents.
#
# **Time** 100 minutes. **Needs** lessons [01](01_what_gradient_free_means.ipynb), [07](07_random_search.ipynb), [10](10_gradients_from_values.ipynb)
# and [11](11_evolution_strategies.ipynb); the others are linked where they answer.

# %% id="setup"
import re
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import product
from math import comb

import numpy as np
from scipy import optimize, stats
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_limits

from ngo_lesson.models import mlp
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import bars, dots, line
from ngo_lesson.show.style import BLACK, BLUE, SKY, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [16](16_the_state_of_the_art.ipynb) took headlines of papers and measured them at laptop size. Some held, some did not. You cannot measure every claim that you meet. So: **which claims
# do you believe, and what do you look at first?**
#
# Start with the smallest claim of all, five numbers. One of the documents trains a "gradient-free GPT-3" of 1,000 parameters and prints, as its output, 0.823, 0.193,
# 0.466, 0.701, 0.574, and three dots. Its listing starts from `np.random.rand`, computes the squared error of a linear model and then subtracts, from every parameter,
# the rate times the *error*. Could it have printed that? First, its shapes: 100 numbers times 1,000.

# %% id="shapes" tags=["P27", "P28"]
try:
    np.dot(np.ones(100), np.ones(1000))
except ValueError as error:
    print("ValueError:", error)

# %% [markdown] id="grow-text"
# The program stops at its first prediction, so it printed nothing. Be generous and repair that: as many features as parameters. Now it runs. Follow the
# *smallest* parameter in ten runs.


# %% id="grow" tags=["P27", "P28"]
def smallest_parameters(seed, n=100, steps=1000, lr=0.01):
    """Size of the smallest parameter after each step of the repaired loop."""
    rng = np.random.default_rng(seed)
    w, x, y = rng.random((3, n))
    sizes = [w.min()]
    for _ in range(steps):
        w = w - lr * (y - x @ w)
        sizes.append(np.abs(w).min())
    return np.array(sizes)


grown = np.array([smallest_parameters(seed) for seed in range(10)])
last = max(np.flatnonzero(sizes < 0.823).max() for sizes in grown)
low, high = np.log10([grown[:, -1].min(), grown[:, -1].max()])
figure, axes = panels(height=3.2)
axes.semilogy(np.median(grown, axis=0), color=VERMILION, marker="", label="repaired loop, ten runs")
axes.fill_between(np.arange(1001), grown.min(axis=0), grown.max(axis=0), color=VERMILION, alpha=0.2)
axes.axhline(0.823, color=BLUE, linestyle="--", label="largest of the five printed numbers")
axes.set(xlabel="step", ylabel="smallest parameter")
axes.legend()
show(
    figure,
    f"From step {last + 1} on even the smallest parameter is above the printed numbers; "
    f"after 1,000 steps it is 1e{low:.0f} to 1e{high:.0f}.",
)

# %% [markdown] id="grow-why"
# Why: the error is subtracted from every parameter with the wrong sign and without the feature. The prediction $p = x^\top w$ then changes by
#
# $$p \leftarrow p - \mathrm{lr} \sum_i x_i (y_i - p) = \Big(1 + \mathrm{lr} \sum_i x_i\Big)\, p - \mathrm{lr}\, x^\top y ,$$
#
# and $\mathrm{lr} \sum_i x_i \approx 0.01 \cdot 50 = 0.5$: it grows by half in every step, and $1.5^{1000} \approx 10^{176}$. Lessons [01](01_what_gradient_free_means.ipynb) and
# [10](10_gradients_from_values.ipynb) repair the rule itself.
#
# So what are the five numbers? They look like the *start*: uniform between 0 and 1. The **Kolmogorov-Smirnov test** measures how far the share of numbers
# below $u$ is from $u$, at worst:
#
# $$D = \max_i \max\Big(\tfrac{i}{n} - u_{(i)},\; u_{(i)} - \tfrac{i-1}{n}\Big), \qquad u_{(1)} \le \dots \le u_{(n)} .$$


# %% id="uniform" tags=["P28"]
def farthest(samples):
    """D for each row of samples (m, n)."""
    u = np.clip(np.sort(samples, axis=1), 0, 1)
    i = np.arange(1, u.shape[1] + 1)
    return np.maximum(i / i.size - u, u - (i - 1) / i.size).max(axis=1)


printed = np.array([[0.82328608, 0.19289508, 0.46579079, 0.70105379, 0.57441053]])
D, library = farthest(printed)[0], stats.kstest(printed[0], "uniform")
print(f"D = {D:.3f}, as in SciPy: {np.isclose(D, library.statistic)}; p = {library.pvalue:.2f}")

rng = np.random.default_rng(0)
others = {
    "uniform on 0 to 1": lambda shape: rng.random(shape),
    "uniform on 0 to 0.5": lambda shape: 0.5 * rng.random(shape),
    "normal, around 0": lambda shape: rng.standard_normal(shape),
    "a hump, Beta(2, 2)": lambda shape: rng.beta(2, 2, shape),
}
print("how often the test at 5 % notices that numbers are not uniform:")
print(f"{'numbers drawn':>26}{'5':>7}{'50':>7}")
for name, draw in others.items():
    noticed = [np.mean(farthest(draw((4000, n))) > stats.kstwo.ppf(0.95, n)) for n in (5, 50)]
    print(f"{name:>26}" + "".join(f"{100 * share:5.0f} %" for share in noticed))

# %% [markdown] id="uniform-after"
# The test finds nothing against "untouched start". Look at its **power** before you make much of that: with five numbers it hardly ever notices the hump either. So the five numbers are
# *consistent* with an untouched start; they do not prove it. What does decide is the figure: the loop cannot end there. Verdict: the output does not come from the
# listing. Note the order of the argument: first what the program *can* do, then what the numbers look like.

# %% [markdown] id="references-text"
# ## 2 References
#
# A reference is a claim, too: "somebody showed this, look there". Check it in four steps.
#
# 1. **Search the title.** In quotation marks, at arxiv.org, in a library catalog.
# 2. **Open the number.** `https://arxiv.org/abs/` or `https://doi.org/` and the number. Is it the same title?
# 3. **Compare** first author and year.
# 4. **Read the abstract.** Does it say what it is cited for?
#
# The course makers took steps 1 to 3 for every reference of the documents, in stored copies of public web pages, documentation pages and
# GitHub files. They had no live access to arXiv. So "not found" below means: *not found in these indexes*. It is not a proof that a paper does not exist, and you can do better: type the number. The
# notes of the search, as data (title, first author, year, arXiv number):

# %% id="references" tags=["R01", "R02", "R03", "R04", "R05", "R06"]
JIGSAW = "Unsupervised Learning of Visual Representations by Solving Jigsaw Puzzles"
COMPARED = "A Theoretical Comparison of Regularized and Unregularized Learning in Neural Networks"
cited = {
    "a": ("A No-Gradient Optimization Framework for Language Modeling", "", 0, "2107.13988"),
    "b": ("No-Gradient Optimization for Deep Learning", "", 0, "2203.13370"),
    "c": (COMPARED, "Gulrajani", 2017, ""),
    "d": (JIGSAW, "Mnih", 2016, ""),
    "e": ("Deep Learning", "Goodfellow", 0, ""),
    "f": ("Speech and Language Processing", "Jurafsky", 0, ""),
    "g": ("深度学习入门", "", 0, ""),
    "h": ("深度学习实战", "", 0, ""),
    "ours": ("Fine-Tuning Language Models with Just Forward Passes", "Malladi", 2023, "2305.17333"),
}
by_title = {
    "d": (JIGSAW, "Noroozi", 2016, "1603.09246"),
    "e": ("Deep Learning", "Goodfellow", 2016, ""),
    "f": ("Speech and Language Processing", "Jurafsky", 0, ""),
    "g": ("深度学习入门: 基于Python的理论与实现", "斋藤康毅", 0, ""),
    "ours": ("Fine-tuning language models with just forward passes", "Malladi", 2023, "2305.17333"),
}
by_number = {
    "b": ("weak delta-systems, a bound in combinatorics", "", 0, "2203.13370"),
    "ours": by_title["ours"],
}

# %% [markdown] id="checker-text"
# Titles are compared loosely, since capitals and hyphens vary; numbers and names are not. The verdict follows from what was found.


# %% id="checker" tags=["R01", "R02", "R03", "R04", "R05", "R06"]
def alike(one, other):
    """Whether two titles agree, but for spelling or a subtitle that one of them leaves out."""
    one, other = (title.casefold().split(":")[0] for title in (one, other))
    return SequenceMatcher(None, one, other).ratio() > 0.9


def verdict(claim, titled, numbered):
    title, author, year, number = claim
    if numbered and not alike(title, numbered[0]):
        return "title not found, the number belongs to another text"
    if not titled:
        return "not found"
    if author and author != titled[1]:
        return f"exists, but by {titled[1]}"
    if not author:
        return "a book of this title exists; no author is given: which one?"
    known = [name for name, a, b in (("year", year, titled[2]), ("number", number, titled[3])) if a]
    return "exists" + "".join(f", {name} agrees" for name in known)


for key, claim in cited.items():
    found = verdict(claim, by_title.get(key), by_number.get(key))
    print(f"{key:5}{claim[0][:40]:42}{found}")
form = re.compile(r"\d\d(0[1-9]|1[0-2])\.\d{4,5}")
proper = [bool(form.fullmatch(claim[3])) for claim in cited.values() if claim[3]]
print("arXiv numbers of the right form:", sum(proper), "of", len(proper))

# %% [markdown] id="references-after"
# - **a, b** carry the whole weight of their document, and are its only papers. For *a* neither the title nor the number was found. The number of *b* was found once: for a bound on weak $\Delta$-systems, in a list of results in combinatorics.
#   Both numbers have the right *form*. A number in a blog is not a reference; the paper behind it is.
# - **c** was not found. A near twin, "... Unregularized Deep Learning", by other authors, stands in another text of the same kind, and was not found either. Under "Gulrajani et al. 2017" there is another well-known paper: *Improved Training of Wasserstein GANs*.
# - **d** exists, with other authors: Mehdi Noroozi and Paolo Favaro. And step 4: it is about learning from pictures cut into pieces, with gradients. It supports nothing in its document.
# - **e, f** are real textbooks, on deep learning and on language processing. Good books; not on optimization without gradients.
# - **g, h** are titles without author. A book by Saito Koki (斋藤康毅) bears the first as its main title; the second was found only as a part of longer titles.
#
# The title of *d* stood in ten of the texts that the search returned. Whose paper is it, according to them?

# %% id="jigsaw" tags=["R04"]
authors = ["Noroozi"] * 3 + ["", "", ""] + ["Toyama", "Wan", "Vinyals", "Maturana"]
right = sum(author == "Noroozi" for author in authors)
wrong = [author for author in authors if author not in ("", "Noroozi")]
print(f"{len(authors)} texts: {right} name Noroozi, {authors.count('')} name nobody")
print(f"{len(wrong)} name somebody else, {len(set(wrong))} different people: {', '.join(wrong)}")

# %% [markdown] id="provenance" tags=["R08", "R09", "P26", "C01"]
# Four wrong names for one real paper, each time another, and one of them with the arXiv number of a paper about medical images (1606.06650, *3D U-Net*). A plausible name is not evidence, however often it is printed.
#
# **Other signs of where a text comes from**
#
# | sign | in the documents | what to do |
# |---|---|---|
# | no source at all | the longest document cites nothing | every claim in it is the author's; measure it or drop it |
# | a place in place of a source | "ResearchGate", a social site for scientists | ask *which paper* |
# | a tool that does not do it | "scikit-learn offers many optimizers" | open the documentation: its solvers train its own models; you cannot hand it your objective ([lesson 07](07_random_search.ipynb)) |
# | people who are nobody | thanks to 张三, 李四, 王五 and 赵六: the Chinese "John Doe" and his friends | ask who stands for the text |
# | the same item twice | "data masking, data masking" in a list of remedies | nobody read it again |
# | code that was never run | of 22 listings 17 stop with an error and 4 are empty (lessons [01](01_what_gradient_free_means.ipynb) to [13](13_text_with_matrices.ipynb) run them) | run it |
# | data that are gone | `load_boston` | see the next cell |

# %% id="boston" tags=["C01"]
try:
    from sklearn.datasets import load_boston
except ImportError as error:
    print(str(error).strip().splitlines()[0])

# %% [markdown] id="boston-after" tags=["C01"]
# The house prices of Boston were taken out of scikit-learn for an ethical reason, which the rest of the message gives: one column was made from the share of Black residents of a town, on the assumption that segregation raises the prices. Data have authors
# and assumptions, like papers. Lesson [02](02_linear_regression.ipynb) uses other houses.

# %% [markdown] id="protocol-text"
# ## 3 The same two methods, five protocols
#
# Now a claim of the usual kind: "our new search beats CMA-ES". The new search here is a real one, the **grey wolf optimizer** (Mirjalili, Mirjalili and Lewis 2014). A pack of $n$ points follows its three best, $P_1, P_2, P_3$:
#
# $$x \leftarrow \frac{1}{3} \sum_{k=1}^{3} \big(P_k - A_k \,|C_k P_k - x|\big), \qquad A_k = 2 a r - a, \quad C_k = 2 r' ,$$
#
# with fresh random numbers $r, r'$ from 0 to 1 for each coordinate, while $a$ falls from 2 to 0. The code is ours, and so are its faults.


# %% id="wolves"
def wolves(f, low, high, budget, pack, rng):
    """Best value after each evaluation of a grey wolf search in a box; f takes all points (n, d) of a pack."""
    x = rng.uniform(low, high, (pack, low.size))
    leaders, values, lowest = np.empty((0, low.size)), np.empty(0), []
    rounds = budget // pack
    for t in range(rounds):
        new = f(x)
        lowest.append(np.minimum.accumulate(new))
        leaders, values = np.vstack([leaders, x]), np.append(values, new)
        best = np.argsort(values, kind="stable")[:3]
        leaders, values = leaders[best], values[best]
        a = 2 - 2 * t / rounds
        r = rng.random((2, 3, *x.shape))
        distance = np.abs(2 * r[1] * leaders[:, None] - x)
        moves = leaders[:, None] - (2 * a * r[0] - a) * distance
        x = np.clip(moves.mean(axis=0), low, high)
    return np.minimum.accumulate(np.concatenate(lowest))


# %% [markdown] id="fair-text"
# The problem: Rastrigin's function in 10 dimensions, a bowl with a grid of local minima, 3,000 evaluations. A **fair** protocol, made *before* anybody looks at a result:
#
# - the same number of **evaluations** for both, from random starts in the same box;
# - the optimum **anywhere** in the middle part of the box, at another place for each seed, the same for both;
# - **equal tuning**: three sizes of the pack, three of the population, chosen on ten seeds that are not used again;
# - **20 seeds**, all of them reported: the median, and a band from the 10th to the 90th percentile.


# %% id="fair" tags=["Q20", "A12"]
RASTRIGIN, SEEDS, TUNING_SEEDS = LANDSCAPES["rastrigin"], range(20), range(100, 110)


def bumpy(points):
    """Rastrigin's function of many points at once."""
    return (points**2 - 10 * np.cos(2 * np.pi * points) + 10).sum(axis=1)


def shift(seed, optimum):
    return np.random.default_rng([seed, 1]).uniform(-3, 3, 10) * (optimum == "anywhere")


def wolf_run(seed, optimum, pack, budget=3000):
    at, (low, high) = shift(seed, optimum), RASTRIGIN.bounds(10).T
    rng = np.random.default_rng(seed)
    return wolves(lambda points: bumpy(points - at), low, high, budget, pack, rng)


def cma_run(seed, optimum, popsize):
    box = RASTRIGIN.bounds(10) - shift(seed, optimum)[:, None]
    start = np.random.default_rng(seed).uniform(*box.T)
    options = {"bounds": box, "budget": 3000, "popsize": popsize, "seed": seed}
    return minimize(RASTRIGIN.fun, start, method="cma", **options).history["fun"]


@lru_cache(maxsize=None)
def tuned(run, optimum, sizes):
    """The size with the lowest median over the ten seeds for tuning."""
    return min(sizes, key=lambda n: np.median([run(s, optimum, n)[-1] for s in TUNING_SEEDS]))


PACKS, POPSIZES = (10, 20, 40), (10, 20, 40)
for name, run, sizes in (("wolves", wolf_run, PACKS), ("CMA-ES", cma_run, POPSIZES)):
    size = tuned(run, "anywhere", sizes)
    low, middle, high = np.quantile([run(s, "anywhere", size)[-1] for s in SEEDS], (0.1, 0.5, 0.9))
    print(f"{name}, size {size}: median {three(middle)}, band {three(low)} to {three(high)}")

# %% [markdown] id="fair-after"
# CMA-ES was moved together with its box, which is the same problem and runs compiled. The answer is clear: CMA-ES is better here, by a factor of about two. (On *this* problem, with this budget, in ten dimensions: lesson
# [11](11_evolution_strategies.ipynb) shows problems where CMA-ES loses.) Now let the other side write the protocol. It changes one thing:
#
# | setting | fair | unfair |
# |---|---|---|
# | **report** | the median of 20 runs for both | the best of 20 for the wolves, the median for CMA-ES |
# | **axis** | 3,000 evaluations each | 40 *steps* each; the pack has 200 wolves |
# | **optimum** | anywhere | in the middle of the box, where most textbook functions have it |
# | **tuning** | three sizes for both | three for the wolves; CMA-ES with a population of 80, "as in our last project" |
# | **failures** | all runs | wolves that end above 9 "did not converge" and are left out |


# %% id="protocols" tags=["Q20", "A12"]
@lru_cache(maxsize=None)
def results(axis, optimum, tuning):
    """Final values of 20 runs: of the wolves, of CMA-ES."""
    popsize = tuned(cma_run, optimum, POPSIZES) if tuning == "both" else 80
    theirs = [cma_run(s, optimum, popsize) for s in SEEDS]
    if axis == "evaluations":
        pack = tuned(wolf_run, optimum, PACKS)
        return [np.array([wolf_run(s, optimum, pack)[-1] for s in SEEDS]), np.array(theirs)[:, -1]]
    ours = [wolf_run(s, optimum, 200, budget=40 * 200)[-1] for s in SEEDS]
    return [np.array(ours), np.array([h[min(40 * popsize, h.size) - 1] for h in theirs])]


def compare(report, axis, optimum, tuning, failures):
    """The runs that are kept, and the two numbers that go into the report."""
    ours, theirs = results(axis, optimum, tuning)
    kept = ours[ours <= 9] if failures == "left out" else ours
    told = np.median(kept) if report == "median" else kept.min()
    return kept, theirs, told, np.median(theirs)


FAIR = {
    "report": "median",
    "axis": "evaluations",
    "optimum": "anywhere",
    "tuning": "both",
    "failures": "kept",
}
UNFAIR = {
    "report": "best of 20",
    "axis": "steps",
    "optimum": "in the middle",
    "tuning": "wolves only",
    "failures": "left out",
}

# %% [markdown] id="protocol-explorer-text"
# ### Explore: make the worse method win
#
# Each dot is the end of a run, the bar the number that goes into the report; further left is better. **Goal:** the wolves win, with exactly *one* unfair setting. It can be done in more than one way. Then find the fair protocol.


# %% id="protocol-shown"
def protocol(**settings):
    kept, theirs, ours_told, theirs_told = compare(**settings)
    count = sum(settings[name] != word for name, word in FAIR.items())
    winner = "the wolves win" if ours_told < theirs_told else "CMA-ES wins"
    sentence = (
        f"Wolves {three(ours_told)} ({len(kept)} runs shown), CMA-ES {three(theirs_told)} "
        f"({len(theirs)} runs): {winner}. Unfair settings: {count} of 5."
    )
    data = {
        "ours": (kept, 1 + np.linspace(-0.2, 0.2, len(kept))),
        "theirs": (theirs, np.linspace(-0.2, 0.2, len(theirs))),
        "ours_told": ([ours_told] * 2, [0.7, 1.3]),
        "theirs_told": ([theirs_told] * 2, [-0.3, 0.3]),
    }
    return data, sentence, bool(ours_told < theirs_told and count == 1)


# %% id="protocol-explorer"
figure, axes = panels(height=2.8)
axes.set(xlim=(-2, 82), ylim=(-0.5, 1.5), xlabel="lowest value found", yticks=(0, 1))
axes.set_yticklabels(["CMA-ES", "wolves"])
moving = {
    "ours": dots(axes, color=VERMILION, marker="s"),
    "theirs": dots(axes, color=BLUE, marker="o"),
    "ours_told": line(axes, color=VERMILION, marker="", linewidth=3),
    "theirs_told": line(axes, color=BLUE, marker="", linewidth=3),
}
knobs = {name: choice(name, (word, UNFAIR[name]), UNFAIR[name]) for name, word in FAIR.items()}
protocols = Explorer(
    protocol,
    figure,
    moving,
    knobs,
    title="Make the worse method win",
    goal="the wolves win with exactly one unfair setting",
)
protocols

# %% id="protocol-goal"
print("fair:        ", protocols.at(**FAIR).sentence)
for name in FAIR:
    shown = protocols.at(**FAIR | {name: UNFAIR[name]})
    print(f"{name + ':':13} {shown.sentence} Goal reached: {shown.reached}")
every = product(*zip(FAIR.values(), UNFAIR.values(), strict=True))
won = [ours < theirs for _, _, ours, theirs in (compare(*words) for words in every)]
print(f"the wolves win under {sum(won)} of the {len(won)} protocols")

# %% [markdown] id="middle-text"
# One unfair setting is enough, whichever it is. And nobody has to lie: each report states numbers that were measured. That is why a *protocol* comes before the results.
#
# ### The middle of the box
#
# The third setting won only by a hair. It deserves a look of its own, because it is common, and because elsewhere it is no matter of a hair. In the formula of the wolves, $C_k P_k$ is the leader's *position* times a random number, and that depends on where
# zero is. Even with all wolves at the leader, $x = P_k$, the step is $|A_k|\,|C_k - 1|\,|P_k|$: for a given $a$ it becomes small by itself at zero, and nowhere else. Most textbook functions have their minimum at zero. Move them, and the gift is gone. Ten dimensions, 3,000 evaluations, ten seeds:


# %% id="middle"
def moved(f, at):
    return lambda points: np.array([f(x - at) for x in points])


print(
    f"{'median of ten':18}{'wolves: at zero':>16}{'moved':>10}{'CMA-ES: at zero':>18}{'moved':>10}"
)
for name in ("sphere", "ellipsoid", "ackley", "griewank"):
    landscape, ends = LANDSCAPES[name], []
    low, high = landscape.bounds(10).T
    for share in (0, 0.3):
        for method in ("wolves", "cma"):
            values = []
            for seed in range(10):
                at = np.random.default_rng([seed, 2]).uniform(-share * high, share * high)
                rng = np.random.default_rng(seed)
                if method == "wolves":
                    values.append(wolves(moved(landscape.fun, at), low, high, 3000, 30, rng)[-1])
                else:
                    box = np.c_[low, high] - at[:, None]
                    options = {"bounds": box, "budget": 3000, "seed": seed}
                    start = rng.uniform(*box.T)
                    values.append(minimize(landscape.fun, start, method="cma", **options).fun)
            ends.append(np.median(values))
    text = [f"{value:.0e}" for value in ends]
    print(f"{name:18}{text[0]:>16}{text[2]:>10}{text[1]:>18}{text[3]:>10}")

# %% [markdown] id="middle-after"
# On the ellipsoid the wolves are ahead of CMA-ES by seven orders of magnitude at zero, and behind it by five after a move. Kudela (2022) names this a critical problem of the field: seven
# recently published methods had such a **center bias**; with moved functions only one of the seven did consistently better than two long-standing methods, differential evolution and particle swarms. A later count by the same author (2023) found it in 47 of 90 methods. To be
# fair to the wolves: their authors also tested on moved functions; the pull is easily overlooked in a table of results. The test is simple: *move the problem*. A good search does not notice.
#
# **The protocol of this course**, in one place. Same starts, same number of evaluations (a gradient counts as three). Moved optima. Equal tuning, on seeds or data that are not used
# again. At least ten seeds, median and band, failures included. The baseline is the method that an expert would use, with the settings that an expert would use.

# %% [markdown] id="chance-text"
# ## 4 Luck
#
# ### How many seeds?
#
# Take our own 20 results for each method as the truth, and imagine that we had run only $n$ of them. How often is the order of the medians wrong? And how often is a rank test (Mann-Whitney, two-sided, level 5 %) sure of a difference?


# %% id="seeds" tags=["Q20"]
ours, theirs = results("evaluations", "anywhere", "both")
rng = np.random.default_rng(0)
print("seeds   wrong order   test is sure   smallest p that the test can give")
for n in (1, 3, 5, 10, 15):
    first, second = rng.choice(ours, (2000, n)), rng.choice(theirs, (2000, n))
    wrong = np.mean(np.median(first, axis=1) < np.median(second, axis=1))
    sure = np.mean(stats.mannwhitneyu(first, second, axis=1).pvalue < 0.05) if n > 1 else 0
    print(f"{n:5}{100 * wrong:11.0f} %{100 * sure:13.0f} %{three(2 / comb(2 * n, n)):>20}")

# %% [markdown] id="seeds-after"
# Here the true difference is a factor of two, and still a single seed gets the order wrong in about one case of seven. With three seeds the test *cannot* be sure: even if all three of one side are better, that happens by chance in 2 of 20 orders, $p = 0.1$. Ten seeds are a good rule. The smaller the difference, the
# more it takes.
#
# ### Labels that mean nothing
#
# A classifier, 100 "texts" of 1,000 random features, *random labels*: nothing can be learned. One of the documents judges its classifier on the data it was fitted to. We do the same, and beside it 5-fold cross-validation, for ten draws of the
# labels. (The SVD sees no label; so it may see all texts here.)

# %% id="random-labels" tags=["A11", "A33"]
rng = np.random.default_rng(0)
training, held_out = [], []
for _ in range(10):
    texts, labels = rng.random((100, 1000)), rng.permutation(np.arange(100) % 2)
    U, s, _ = np.linalg.svd(texts, full_matrices=False)
    features, model = U[:, :50] * s[:50], LogisticRegression(max_iter=1000)
    training.append(model.fit(features, labels).score(features, labels))
    held_out.append(cross_val_score(model, features, labels, cv=5).mean())
for name, shares in (("on the data it was fitted to", training), ("by cross-validation", held_out)):
    low, middle, high = np.quantile(shares, (0, 0.5, 1))
    print(f"{name:29} median {middle:.2f}, from {low:.2f} to {high:.2f}")

# %% [markdown] id="lucky-text"
# Cross-validation tells the truth, chance. On its own training data the model looks good, because with 50 columns a plane can separate most of 100 points in any way you like. Lesson [13](13_text_with_matrices.ipynb) has the full story of that classifier.
#
# ### Explore: the luckiest coin
#
# There is a slower way to the same lie. Try $k$ models, and report the one that is best *on the test data*. Let the models be coins: each answer right with probability one half. The red bars show how right the best of $k$ coins looks on
# $n$ test items, in 1,000 repetitions; the blue ones, the same coin on fresh items. **Goal:** a coin that looks at least 70 % right (median), from at most 20 tries.


# %% id="lucky"
@lru_cache(maxsize=None)
def best_coins(tries, items):
    """Share of right answers of the best of so many coins, on so many items, 1,000 times."""
    rng = np.random.default_rng([tries, items])
    return rng.binomial(items, 0.5, (1000, tries)).max(axis=1) / items


EDGES = np.linspace(0.3, 1, 36)


def luckiest_coin(tries, items):
    best = best_coins(tries, items)
    fresh = np.random.default_rng(items).binomial(items, 0.5, 1000) / items
    middle = np.median(best)
    sentence = (
        f"Best of {tries} coins on {items} test items: {100 * middle:.0f} % right (median); "
        f"the chosen coin on {items} fresh items: {100 * np.median(fresh):.0f} %."
    )
    heights = [np.histogram(shares, EDGES)[0] / 10 for shares in (best, fresh)]
    data = {"best": heights[0], "fresh": heights[1], "middle": ([middle, middle], [0, 100])}
    return data, sentence, bool(middle >= 0.7 and tries <= 20)


# %% id="lucky-explorer"
figure, axes = panels(height=3.2)
axes.set(xlim=(0.3, 1), ylim=(0, 100), xlabel="share of right answers", ylabel="repetitions (%)")
moving = {
    "fresh": bars(axes, EDGES, "chosen coin, fresh items", color=SKY),
    "best": bars(axes, EDGES, "chosen coin, items it was chosen on", color=VERMILION),
    "middle": line(axes, color=BLACK, marker="", linestyle="--"),
}
axes.legend()
coins = Explorer(
    luckiest_coin,
    figure,
    moving,
    {
        "tries": slider("coins tried", 1, 500, 5, log=True, step=1.5),
        "items": slider("test items", 10, 1000, 200, log=True, step=1.5),
    },
    title="The luckiest coin",
    goal="looks at least 70 % right (median), from at most 20 tries",
    play="tries",
)
coins

# %% id="lucky-goal"
for settings in ({}, {"tries": 500}, {"tries": 20, "items": 20}, {"tries": 20, "items": 1000}):
    shown = coins.at(**settings)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="lucky-after" tags=["A11"]
# Many tries and a small test set are all it takes. Tries are seeds, settings, features, models, and also the decisions that you make after a look at the result: "the garden of forking paths" (Gelman and Loken 2013). The remedy is the same as in lesson
# [03](03_stochastic_gradients.ipynb): choose on validation data (or by cross-validation within the training data), then use the test data *once*. The fresh items of the explorer are that once.

# %% [markdown] id="same-text"
# ## 5 What the optimizer does not change
#
# Three claims of the documents, about models that were trained without gradients: they are harder to **interpret**, they **generalize** worse, and better optimizers will "avoid over-fitting and local optima". One measurement answers the first two where
# the lowest point is unique. A logistic regression on ten measurements of tumors, with a penalty, half of the patients held out: once with the gradient (L-BFGS), ten times by values only.

# %% id="same" tags=["P12", "P13"]
tumors = load_breast_cancer()
X = tumors.data[:, :10]
order = np.random.default_rng(0).permutation(len(X))
train, test = order[::2], order[1::2]
Z = (X - X[train].mean(axis=0)) / X[train].std(axis=0)
sign = 2.0 * tumors.target - 1


def log_loss(theta, rows):
    return np.logaddexp(0, -sign[rows] * (Z[rows] @ theta[1:] + theta[0])).mean()


def penalized(theta):
    return log_loss(theta, train) + 0.01 * theta[1:] @ theta[1:]


def slope(theta):
    pull = -sign[train] / (1 + np.exp(sign[train] * (Z[train] @ theta[1:] + theta[0])))
    return np.append(pull.mean(), pull @ Z[train] / len(train) + 0.02 * theta[1:])


def right(theta):
    return np.mean((Z[test] @ theta[1:] + theta[0] > 0) == tumors.target[test])


exact = optimize.minimize(penalized, np.zeros(11), jac=slope, method="L-BFGS-B", tol=1e-12).x
print(f"with the gradient: test loss {log_loss(exact, test):.3f}, {right(exact):.3f} right")
for budget in (500, 3000):
    found = [
        minimize(penalized, np.zeros(11), method="cma", sigma=0.5, budget=budget, seed=s).x
        for s in range(10)
    ]
    apart = max(np.abs(theta - exact).max() for theta in found)
    losses = [log_loss(theta, test) for theta in found]
    shares = [right(theta) for theta in found]
    print(
        f"CMA-ES, {budget:5,} values: test loss {min(losses):.3f} to {max(losses):.3f}, "
        f"{min(shares):.3f} to {max(shares):.3f} right"
    )
    print(f"{'':23} coefficients apart by {'less than 1e-4' if apart < 1e-4 else three(apart)}")

# %% [markdown] id="same-after"
# Given enough evaluations, all ten runs have *the same coefficients*, to three decimals at least. So the model is as interpretable as it was, and generalizes as it did: "a higher value of this column speaks for a benign tumor" does not depend on who found the number. Interpretability is a property of the model. What a search
# may change is *which* of many good points it finds, in a network, say, and how far it gets. There is no general law in either direction; lessons [06](06_neural_networks.ipynb) and
# [14](14_smaller_and_sturdier_models.ipynb) measure what does help on new data.
#
# ### Local optima are not over-fitting
#
# The third claim mixes two faults that have nothing to do with each other. One model with a *single* minimum, found exactly: a polynomial by least squares. One with *many* minima: a wave $\sin(\omega t)$ with unknown $\omega$. Twenty noisy points each, 200 fresh ones, ten draws of the data.


# %% id="optima" tags=["P24", "A33"]
def errors(fit, truth, noise):
    """Median over ten data sets of the squared error, on 20 points seen and 200 fresh ones."""
    pairs = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        seen, fresh = rng.uniform(-1, 1, 20), rng.uniform(-1, 1, 200)
        y, y_fresh = (truth(t) + noise * rng.standard_normal(t.size) for t in (seen, fresh))
        model = fit(seen, y)
        pairs.append([np.mean((model(t) - u) ** 2) for t, u in ((seen, y), (fresh, y_fresh))])
    return np.median(pairs, axis=0)


def polynomial(degree):
    return lambda t, y: np.polynomial.Polynomial.fit(t, y, degree, domain=[-1, 1])


def wave(start):
    def fit(t, y):
        end = optimize.minimize_scalar(
            lambda w: np.mean((np.sin(w * t) - y) ** 2), bracket=(start, start + 0.1)
        )
        return lambda u: np.sin(end.x * u)

    return fit


cases = {
    "polynomial, degree 3, global minimum": (polynomial(3), np.cos),
    "polynomial, degree 15, global minimum": (polynomial(15), np.cos),
    "wave, started near the truth": (wave(11.5), lambda t: np.sin(12 * t)),
    "wave, in a local minimum": (wave(30.0), lambda t: np.sin(12 * t)),
}
print(f"{'median squared error (noise: 0.01)':40}{'seen':>8}{'fresh':>10}")
for name, (fit, truth) in cases.items():
    seen, fresh = errors(fit, truth, noise=0.1)
    print(f"{name:40}{three(seen):>8}{three(fresh):>10}")

# %% [markdown] id="saddles-text"
# The polynomial of degree 15 sits in its global minimum, and *that* is over-fitting. The wave in a local minimum is bad on both sides: it under-fits. A better optimizer cures the second fault and can deepen the first.
#
# In high dimension there is a third thing. A point with gradient zero is a minimum only if the curvature is positive in *all* directions. If curvatures were drawn like a random symmetric matrix:

# %% id="saddles" tags=["P24"]
rng = np.random.default_rng(0)
for d in (1, 2, 3, 4, 6):
    G = rng.standard_normal((20_000, d, d))
    minima = (np.linalg.eigvalsh(G + G.transpose(0, 2, 1))[:, 0] > 0).mean()
    print(f"{d} dimensions: {100 * minima:5.1f} % of such points are minima")

# %% [markdown] id="saddles-after"
# As many are maxima. All the others are **saddles**, down in some directions and up in others: from three dimensions on nearly all such points. Dauphin et al. (2014) argue that saddles, and not poor local minima, are what slows training in high dimension. Real losses are not random matrices; take this as an argument, not as a measurement of networks.

# %% [markdown] id="privacy-text"
# ## 6 Privacy
#
# One document says that gradient-free methods "leak and abuse data", and lists encryption, access control and masking, the last one twice. The list is sensible. The link is not: who can read the data or ask the model decides, not the
# optimizer. But there are two true links, in both directions.
#
# ### Seeds and scalars tell the update
#
# In lesson [11](11_evolution_strategies.ipynb) a worker with private data sends no data and no gradient: a seed and one number for each pair,
#
# $$p = \frac{J(\theta + \varepsilon z) - J(\theta - \varepsilon z)}{2 \varepsilon} \approx \nabla J(\theta)^\top z, \qquad z \text{ drawn from the seed.}$$
#
# That sounds private. Anyone who listens can draw the same $z$, and has the update. Not nearly: exactly.

# %% id="replay" tags=["P15", "Q22"]
digits = load_digits()
images, labels = digits.data / 16, digits.target
private, D, EPS = images[[12]], 65, 1e-3  # one image, a 2
theta = 0.1 * np.random.default_rng(0).standard_normal(D)


def private_loss(theta, records, y=1.0):
    """Logistic loss of 'is it a 2?' on records that never leave the worker."""
    return np.logaddexp(0, -y * (records @ theta[:-1] + theta[-1])).mean()


def direction(seed):
    return np.random.default_rng(seed).standard_normal(D)


def scalar(seed, records):
    z = direction(seed)
    up, down = private_loss(theta + EPS * z, records), private_loss(theta - EPS * z, records)
    return (up - down) / (2 * EPS)


scalars, worker, message = [], theta.copy(), []
for seed in range(65):
    scalars.append(scalar(seed, private))
    worker -= 0.001 * scalars[-1] * direction(seed)
    message.append((seed, scalars[-1]))

listener = theta.copy()
for seed, number in message:
    listener -= 0.001 * number * direction(seed)
print(
    f"{len(message)} seeds and numbers sent. Difference of the parameters:",
    np.abs(worker - listener).max(),
)

# %% [markdown] id="invert-text"
# And the update tells the data. For a linear model and one record $x$, the gradient is $(c\,x,\; c)$: the record itself, times a number $c$, and that number. Each scalar is one linear equation $z^\top g = p$. With 65
# of them the listener solves for $g$ and divides: the private image is back. With fewer, take the shortest solution, up to its scale.


# %% id="invert" tags=["P15", "Q22"]
def rebuilt(n, records, noise=0.0, repeats=1):
    """The image that a listener computes from n pairs, each number sent `repeats` times with fresh noise."""
    rng = np.random.default_rng(n)
    Zs = np.array([direction(seed) for seed in range(n)])
    sent = np.array([scalar(seed, records) for seed in range(n)])
    heard = sent + noise / np.sqrt(repeats) * rng.standard_normal(n)
    g = np.linalg.lstsq(Zs, heard, rcond=None)[0]
    return g[:-1] / g[-1] if n == D and not noise else -g[:-1]


def likeness(image, record):
    return np.corrcoef(image, record)[0, 1]


figure, row = panels(1, 5, width=8.4, height=2.2)
texts = []
for axes, n in zip(row, (0, 16, 32, 48, 65), strict=True):
    shown = rebuilt(n, private) if n else private[0]
    axes.imshow(shown.reshape(8, 8), cmap="gray")
    axes.set_axis_off()
    axes.set_title(f"{n} numbers" if n else "private", fontsize=11)
    texts.append(f"{likeness(shown, private[0]):.2f} from {n}")
show(figure, f"Correlation with the private image: {', '.join(texts[1:])} numbers.")

# %% [markdown] id="batch-text"
# Sixty-five numbers *are* the image. That is the easiest case for the listener: a linear model, one record. With more records in a batch, all of the same class, the answer is a weighted mean of them. A mean of twos
# looks like any two, so subtract the mean of all twos first, and look at what is left: the peculiarities. As a control, compare with as many twos that were *not* in the batch.

# %% id="batch" tags=["P15"]
twos = images[labels == 2]
common = twos.mean(axis=0)
print("records in the batch   best correlation, median of 10: in the batch   not in it")
for n in (1, 2, 8, 32):
    best = []
    for seed in range(10):
        chosen = np.random.default_rng(seed).choice(twos, 2 * n, replace=False) - common
        image = rebuilt(65, chosen[:n] + common) - common
        best.append([max(likeness(image, each) for each in part) for part in np.split(chosen, 2)])
    inside, outside = np.median(best, axis=0)
    print(f"{n:20}{inside:42.2f}{outside:12.2f}")

# %% [markdown] id="batch-after"
# One record is copied, of two the mean is seen, and among 32 a record is hidden fairly well, though still more like the answer than a stranger. For deep networks the inversion is harder and can work all the same (Zhu, Liu and Han 2019 did it from gradients). So: scalars are not anonymous, and a
# large batch hides much. What would *guarantee* something?
#
# ### Noise, and why it needs an account
#
# **Differential privacy** asks that the answers have nearly the same distribution if your record is replaced by another one: for every set $S$ of answers
#
# $$P(\text{answer in } S) \le e^{\epsilon}\, P'(\text{answer in } S) + \delta .$$
#
# Three things make that true:
#
# 1. **Clip** the answer for each record to $[-C, C]$, with a $C$ that was chosen before looking at the data. Then replacing one record changes the sum by at most $\Delta = 2C$.
# 2. **Add noise** of standard deviation
#    $\sigma \ge \dfrac{\Delta}{\epsilon} \sqrt{2 \ln(1.25/\delta)}$ for $\epsilon < 1$ (Dwork and Roth 2014, theorem A.1).
# 3. **Account** for *all* answers: by the simplest rule, $k$ answers with $\epsilon$ and $\delta$ each cost $k\epsilon$ and $k\delta$.
#
# The third is easily forgotten. Noise averages out:

# %% id="noise" tags=["P15", "Q22"]
C, epsilon, delta = 5.0, 0.5, 1e-5
sigma = 2 * C / epsilon * np.sqrt(2 * np.log(1.25 / delta))
print(
    f"numbers beyond {C:.0f}: {np.sum(np.abs(scalars) > C)} of 65, so clipping changes nothing here"
)
print(f"noise for one answer: {three(sigma)}")
print("correlation of the rebuilt image with the private one, when each number is")
print(f"{'noise':>28}{'sent once':>12}{'100 times':>12}{'10,000 times':>14}")
for name, noise in (("none", 0), ("a tenth of C", C / 10), ("for epsilon 0.5", sigma)):
    row = [likeness(rebuilt(65, private, noise, times), private[0]) for times in (1, 100, 10_000)]
    print(f"{name:>28}{row[0]:12.2f}{row[1]:12.2f}{row[2]:14.2f}")

# %% [markdown] id="noise-after"
# Noise of a tenth of $C$ blurs the image; sent a hundred times, it is back. With the noise of step 2 one round shows nothing, and after 10,000 rounds something comes through. That is what the account is for: 65 answers have been sent, not one, and by the simplest rule even the first round has $\epsilon = 65 \cdot 0.5 = 32.5$, which promises next to nothing. With a budget for all answers the noise must be larger still, and the training pays. A large batch makes it bearable: noise is added once to the sum over all records. Methods that privatize the scalar of MeZO exist: DP-ZO (Tang et al. 2024) reported, in an earlier version of its abstract, a loss of 1.86 %
# at $\epsilon = 1$, $\delta = 10^{-5}$ for OPT-66B on 1,000 examples; we did not reproduce it.
#
# ### An attack by values
#
# The other true link: *your* model can be attacked by a search without gradients. All it takes is the right to ask. The attacker sees the scores of a digit classifier and may change each of the 64 pixels by at most 0.2 (black is 0, white is 1). It minimizes
# the lead of the right class; below zero the answer has changed. At most 1,000 questions for an image; twenty images that the classifier gets right.

# %% id="attack" tags=["P15", "Q22"]
SIZES = (64, 32, 10)
network = mlp.MLPClassifier((32,), max_iter=60, learning_rate=0.005, random_state=0)
network.fit(images[:1000], labels[:1000])
print(f"new digits right: {network.score(images[1000:], labels[1000:]):.2f}")
targets = [i for i in range(1000, 1100) if network.predict(images[[i]])[0] == labels[i]][:20]


def lead(x, label):
    """How far the score of the right class is ahead; below 0 the answer is wrong."""
    scores = mlp.forward(network.theta_, SIZES, x[None])[-1][0]
    return float(scores[label] - np.delete(scores, label).max())


def attack(i, method, size=0.2):
    box = np.clip(np.c_[images[i] - size, images[i] + size], 0, 1)
    options = {"bounds": box, "budget": 1000, "target": -1e-6, "seed": i}
    return minimize(lambda x: lead(x, labels[i]), images[i], method=method, **options)


def corners(i):
    rng = np.random.default_rng(i)
    moves = 0.2 * rng.choice([-1, 1], (1000, 64))
    return any(lead(x, labels[i]) < 0 for x in np.clip(images[i] + moves, 0, 1))


attacks = {}
for method in ("random", "one-plus-one"):
    attacks[method] = ends = [attack(i, method) for i in targets]
    needed = [end.nfev for end in ends if end.fun < 0]
    asked = f"{three(np.median(needed))} questions (median)" if needed else "-"
    print(f"{method:13} changed the answer for {len(needed):2} of 20 images, after {asked}")
print(f"corners       changed the answer for {sum(map(corners, targets)):2} of 20 images")

# %% id="attack-figure"
ends = zip(targets, attacks["one-plus-one"], strict=True)
fooled = [(i, end) for i, end in ends if end.fun < 0][:6]
figure, rows = panels(2, len(fooled), width=8.4, height=3.2)
for (above, below), (i, end) in zip(rows.T, fooled, strict=True):
    for axes, image in ((above, images[i]), (below, end.x)):
        axes.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
        axes.set_title(f"read as {network.predict(image[None])[0]}", fontsize=10)
largest = max(np.abs(end.x - images[i]).max() for i, end in fooled)
show(
    figure,
    f"Six digits before (above) and after (below); no pixel moved by more than {largest:.2f}.",
)

# %% [markdown] id="protect" tags=["Q22"]
# The control matters: random changes within the same limits, tried as often, fool the classifier for a quarter of the images; random *corners*, where every pixel changes by the full 0.2, for more than half; the search for most. This is the setting of ZOO (Chen et al. 2017) and of ZO-AdaMM (Chen et al. 2019), at the size of a stamp. So which protection is against what?
#
# | threat | what helps | what does not |
# |---|---|---|
# | data read on their way or on the disk | encryption | another optimizer |
# | data read by people who need not | access control | another optimizer |
# | names in the data | masking; be careful: other columns may identify, too | deleting the names only |
# | updates that tell the data | secure aggregation, differential privacy (clip, noise, *account*) | sending scalars in place of gradients |
# | a model fooled by many questions | limits on questions, training on attacked examples, tests like ours | hiding the gradient |

# %% [markdown] id="decide-text"
# ## 7 Which method?
#
# One document advises "experiment and trial and error". A few questions do better. First a measurement: two kinds of landscape, three dimensions, ten seeds, from random starts in a box that is moved for each seed. Everything stands at its defaults, which is not equal tuning: take it as a first orientation. A strong relative of gradient descent (BFGS, from SciPy) has the exact gradient, charged as three
# evaluations; the others ask for values.

# %% id="race" tags=["A40", "Q17"]
BUDGET, GRID = 2000, np.unique(np.geomspace(10, 2000, 25).astype(int))
KINDS = {"one curved valley": "rosenbrock", "many valleys": "rastrigin"}
BY_VALUES = ("random", "nelder-mead", "de", "cma")


def with_gradient(landscape, x0):
    """Best value after each evaluation of BFGS, a value with its gradient charged as 3."""
    objective, lowest = Objective(landscape.fun, landscape.grad), []

    def both(x):
        value = objective(x)
        lowest.extend([min(value, lowest[-1] if lowest else np.inf)] * 3)
        return value, objective.gradient(x)

    optimize.minimize(both, x0, jac=True, method="BFGS", options={"maxiter": BUDGET // 3})
    return np.array(lowest)


def by_values(landscape, x0, box, method, seed):
    options = {"bounds": box, "budget": BUDGET, "seed": seed}
    return minimize(landscape.fun, x0, method=method, **options).history["fun"]


curves = {}
for kind, d in product(KINDS, (2, 10, 40)):
    landscape, starts, boxes = LANDSCAPES[KINDS[kind]], [], []
    for seed in range(10):
        rng = np.random.default_rng([seed, 3])
        boxes.append(landscape.bounds(d) + rng.uniform(-2, 2, (d, 1)))
        starts.append(rng.uniform(*boxes[-1].T))
    cases = list(zip(starts, boxes, range(10), strict=True))
    runs = {m: [by_values(landscape, x0, box, m, s) for x0, box, s in cases] for m in BY_VALUES}
    runs["BFGS"] = [with_gradient(landscape, x0) for x0 in starts]
    for method, histories in runs.items():
        ends = [h[np.minimum(GRID, h.size) - 1] for h in histories]
        curves[kind, d, method] = np.quantile(ends, (0.1, 0.5, 0.9), axis=0)

# %% [markdown] id="decide-explorer-text"
# ### Explore: dimension, budget, gradient
#
# The dot is the median of ten runs, the line the band. **Goal:** a case in which the gradient is there, for at least 500 evaluations, and does not win. Then take it away, and see who is first.


# %% id="which"
METHODS = (*BY_VALUES, "BFGS")
PLACES = np.arange(len(METHODS))


def short(value):
    return "below 1e-8" if value < 1e-8 else three(value)


def which_method(landscape, dimension, evaluations, gradient):
    at = np.argmin(np.abs(GRID - evaluations))
    low, middle, high = np.array([curves[landscape, int(dimension), m][:, at] for m in METHODS]).T
    low, middle, high = (np.clip(values, 1e-9, 1e8) for values in (low, middle, high))
    allowed = PLACES if gradient == "yes" else PLACES[:-1]
    ranked = allowed[np.argsort(middle[allowed])]
    told = [f"{METHODS[i]}, {short(middle[i])}" for i in ranked[[0, 1, -1]]]
    low_, high_ = low[allowed], high[allowed]
    sentence = (
        f"{landscape}, {dimension} dimensions, {GRID[at]:,} evaluations: "
        f"first {told[0]}, then {told[1]}; last {told[2]}."
    )
    gaps = np.full(len(allowed), np.nan)
    data = {
        "median": (middle[allowed], allowed),
        "bands": (
            np.column_stack([low_, high_, gaps]).ravel(),
            np.column_stack([allowed, allowed, gaps]).ravel(),
        ),
    }
    return (
        data,
        sentence,
        bool(gradient == "yes" and middle[-1] > max(1e-8, middle.min()) and evaluations >= 500),
    )


# %% id="decide-explorer"
figure, axes = panels(height=3.2)
axes.set(xscale="log", xlim=(3e-10, 3e8), xlabel="lowest value, left is better", ylim=(-0.6, 4.6))
axes.set_yticks(PLACES, METHODS)
moving = {
    "bands": line(axes, color=BLUE, marker="", linewidth=3, alpha=0.4),
    "median": dots(axes, color=VERMILION, marker="o", markersize=9),
}
chooser = Explorer(
    which_method,
    figure,
    moving,
    {
        "landscape": choice("landscape", tuple(KINDS)),
        "dimension": choice("dimensions", ("2", "10", "40"), "10"),
        "evaluations": slider("evaluations", 10, 2000, 2000, log=True, step=1.3),
        "gradient": choice("gradient, charged 3", ("yes", "no")),
    },
    title="Which method?",
    goal="the gradient is there, for at least 500 evaluations, and does not win",
    play="evaluations",
)
chooser

# %% id="decide-goal"
for settings in (
    {"dimension": "40"},
    {"dimension": "2", "gradient": "no"},
    {"gradient": "no"},
    {"dimension": "40", "gradient": "no"},
    {"landscape": "many valleys"},
    {"landscape": "many valleys", "dimension": "40", "gradient": "no"},
    {"landscape": "many valleys", "dimension": "40", "gradient": "no", "evaluations": 100},
):
    shown = chooser.at(**settings)
    print(shown.sentence)
    print(f"    goal reached: {shown.reached}")

# %% [markdown] id="decide-after"
# In the one valley, in ten dimensions and in 40, the gradient wins by orders of magnitude; the long band in ten is runs that end in a second, higher valley of Rosenbrock's function, as in lesson 11. (In two dimensions several methods come below 1e-8, and their order says nothing.) Among many valleys it finds the nearest bottom and stays there, behind random search in ten dimensions; it would need restarts.
# By values only, in the one valley: in ten dimensions the median of Nelder-Mead, with a band that reaches beyond that of CMA-ES on both sides; in 40 CMA-ES, far from the bottom still. Among many valleys: in ten dimensions CMA-ES and differential evolution, close together; in 40 differential evolution. And with 90 evaluations in 40 dimensions all are close together: nothing can be learned so fast.

# %% [markdown] id="table" tags=["A40", "Q17"]
# ### The decision table
#
# Ask from the top; the first row that fits decides. Noise and limits, two of the last rows, come on top of it.
#
# | question | if yes | measured in |
# |---|---|---|
# | Is there a closed form, or an exact method? | use it: least squares, SVD, an integer program | [02](02_linear_regression.ipynb), [12](12_matrix_factorization.ipynb), [08](08_simulated_annealing.ipynb) section 6 |
# | Is there a gradient, and memory for it? | a gradient method; Adam for networks, BFGS for small smooth problems | [05](05_adaptive_steps.ipynb), [06](06_neural_networks.ipynb), above |
# | A gradient, but no memory for backpropagation, and a good start? | two-point steps with a seed (MeZO) | [10](10_gradients_from_values.ipynb), [15](15_language_models.ipynb) |
# | Are the states orders, sets, words? | annealing with moves that are cheap to evaluate; a genetic algorithm where parts combine | [08](08_simulated_annealing.ipynb), [09](09_genetic_algorithms.ipynb) |
# | Only a few dozen evaluations, each dear? | random search on the right scale, all at the same time; few settings: Nelder-Mead. One after the other, *Bayesian optimization* (it fits a model to the values and asks where that promises most) is the usual choice (Optuna does it); we did not measure it | [07](07_random_search.ipynb) |
# | Continuous, up to some hundred parameters, thousands of evaluations? | CMA-ES with restarts; many separate valleys: differential evolution | [11](11_evolution_strategies.ipynb), [09](09_genetic_algorithms.ipynb) |
# | Noisy values? | larger populations, or averages of many directions | [11](11_evolution_strategies.ipynb) section 6, [10](10_gradients_from_values.ipynb) section 7 |
# | Thousands of parameters or more? | pairs along random directions; an evolution strategy if there are workers; it pays if few directions matter | [10](10_gradients_from_values.ipynb) section 6, [11](11_evolution_strategies.ipynb) section 10 |
# | Limits on the parameters? | a box: nearly all searches; general limits: a penalty, or a method made for them | [08](08_simulated_annealing.ipynb) section 6 |
#
# Then test your choice by the protocol of section 3, against random search. A method that does not beat it has learned nothing from its evaluations.

# %% [markdown] id="interview-text"
# ## 8 If somebody asks you
#
# All questions of the documents' interview and FAQ lists, those that ask the same taken together. Answer first, aloud, in two or three sentences; then open. Each answer ends where it is shown.

# %% [markdown] id="interview-what" tags=["Q01", "Q14", "Q19", "Q23"]
# <details><summary>How is optimization without gradients implemented, and why does it need none?</summary>
#
# By a loop: *ask* for points, *evaluate* them, *tell* the search the values. The points come from chance, from small changes (hill climbing, annealing), from populations (genetic algorithms, differential evolution, CMA-ES), from a simplex (Nelder-Mead), or from slopes estimated with pairs of values (SPSA, MeZO, where
# the noise is drawn again from its seed). It needs no gradient because it never asks for one: only values, or only comparisons, enter the update. Libraries: `scipy.optimize`, pycma, nevergrad, evosax. [07](07_random_search.ipynb), [11](11_evolution_strategies.ipynb)
#
# </details>
#
# <details><summary>Why is it needed at all?</summary>
#
# Because some objectives have no usable gradient: counts of errors, simulators, services that return a score, discrete choices; and because backpropagation sometimes does not fit into memory. Not because gradients are slow: by reverse mode a gradient costs about three evaluations in any dimension. [01](01_what_gradient_free_means.ipynb)
#
# </details>

# %% [markdown] id="interview-difference" tags=["Q04", "Q15", "Q24", "Q26"]
# <details><summary>How does it differ from gradient descent, and from other methods?</summary>
#
# In what it may ask: one number at a point, where gradient descent asks for $d$ of them. From that follow the cost of a step, the memory (no stored activations), the noise of each step, and the number of steps: up to about $d$ times as many, or, if few directions matter, about as many times as the effective rank says. [01](01_what_gradient_free_means.ipynb), [10](10_gradients_from_values.ipynb)
#
# </details>
#
# <details><summary>Is the difference that it uses internal in place of external gradients?</summary>
#
# No. There is one gradient of a loss by its parameters; whoever computes it, by hand, by a library or in a hidden loop, uses first-order information. A rule that contains $\nabla J$ is gradient descent under any name. [01](01_what_gradient_free_means.ipynb)
#
# </details>

# %% [markdown] id="interview-good" tags=["Q02", "Q18", "Q28", "P11", "P12", "P13"]
# <details><summary>What is good about it, what is bad?</summary>
#
# Good: it works on anything that returns a number, in the memory of an evaluation, and evaluations run on many machines at once. Bad: variance that grows with the number of directions that matter, hence many evaluations; more settings to choose; lower accuracy than gradient methods on hard tasks at the same cost. Not a weakness: interpretability, which belongs to the model (section 5). Not a law either way: generalization. [10](10_gradients_from_values.ipynb), [11](11_evolution_strategies.ipynb)
#
# </details>
#
# <details><summary>Does it avoid vanishing and exploding gradients?</summary>
#
# Nothing is propagated back, so nothing vanishes on the way. But where the gradient is tiny the loss is flat, and a difference of two equal values is zero, or noise. The cures are in the model: initialization, normalization, residual connections. [06](06_neural_networks.ipynb), [10](10_gradients_from_values.ipynb)
#
# </details>

# %% [markdown] id="interview-when" tags=["Q03", "Q05", "Q16", "Q17", "Q25", "Q27", "Q29", "Q30"]
# <details><summary>Which models suit it, and how do you choose the strategy?</summary>
#
# Few parameters; or many of which few directions matter, from a good start; or no gradient at all. Not the training of a large network from random weights. Choose by the table of section 7: exact method, gradient, memory, kind of state, number of evaluations, noise. [10](10_gradients_from_values.ipynb)
#
# </details>
#
# <details><summary>In which fields is it used?</summary>
#
# Hyper-parameters of models; design by simulation; plans, routes and packing; control and reinforcement learning; prompts and inputs of models that cannot be differentiated; tests of a classifier by attack. Networks for image recognition and image generation are trained with gradients; a search without gradients may look for their *inputs*. [07](07_random_search.ipynb), [08](08_simulated_annealing.ipynb), [11](11_evolution_strategies.ipynb)
#
# </details>
#
# <details><summary>What is it used for in language models? Did it train GPT-3?</summary>
#
# Fine-tuning in the memory of inference (MeZO), tuning prompts of a model behind a service (BBT, CMA-ES in a random subspace), objectives that count (accuracy, F1), merging models, and hyper-parameters. For pre-training of models like GPT-3 without gradients we found no evidence. Attempts at pre-training by evolution strategies were published in 2025 (EGGROLL, a small integer model; EA4LLM, whose abstract reports up to 32 billion parameters). We read their abstracts only. What to look for in such a paper: the loss that Adam reaches at the same cost. Lessons [15](15_language_models.ipynb) and [16](16_the_state_of_the_art.ipynb)
#
# </details>
#
# <details><summary>Where is the field going?</summary>
#
# Less variance for the same evaluations (sparse, low-rank and curvature-scaled directions), forward gradients, evolution strategies with cheap perturbations on many accelerators, private updates by noisy scalars (section 6). The open question is the gap to backpropagation on hard tasks. Lesson [16](16_the_state_of_the_art.ipynb)
#
# </details>

# %% [markdown] id="interview-judge" tags=["Q20", "Q21", "Q22", "A33"]
# <details><summary>How do you evaluate it?</summary>
#
# Two things with two measures. The *model*: held-out data or cross-validation, with nothing leaked, the test data once. The *optimizer*: the value of the objective against the number of evaluations, from the same starts, after equal tuning, over ten seeds or more, with a band and all failures. Sections 3 and 4, [03](03_stochastic_gradients.ipynb)
#
# </details>
#
# <details><summary>What about over-fitting?</summary>
#
# It comes from the model, the data and the length of training; the optimizer has a say only in which of many good points it finds, and how far it gets. More data, changed copies, a penalty and early stopping help on new data; pruning and quantization mainly make the model smaller. Lower training loss is not the goal; lower loss on new data is. [14](14_smaller_and_sturdier_models.ipynb)
#
# </details>
#
# <details><summary>Is it a danger for data, or a protection?</summary>
#
# Neither by itself. Seeds and scalars tell the update exactly, and an update can tell a record. Attacks on a model by values only are a use of it. Encryption and access control protect data at rest and on the way; a guarantee about what updates tell needs clipping, noise and an account of all answers. Section 6
#
# </details>

# %% [markdown] id="interview-train" tags=["Q31", "Q32", "Q33", "Q34", "A12"]
# <details><summary>What have optimizer and training data to do with each other? Why optimize at all?</summary>
#
# The data define the objective: the mean loss over them; a batch gives a noisy value of it. The optimizer finds parameters with a low value. That the loss on *new* data is low, too, is a separate matter: optimization alone does not prevent over-fitting. [02](02_linear_regression.ipynb), [03](03_stochastic_gradients.ipynb)
#
# </details>
#
# <details><summary>Optimizer and regularization: what is the difference?</summary>
#
# A penalty changes *what* is minimized, the optimizer *how*. They touch in weight decay: a penalty in the gradient and a decay of the weights are the same for plain gradient descent, and differ for Adam (AdamW). [05](05_adaptive_steps.ipynb), [14](14_smaller_and_sturdier_models.ipynb)
#
# </details>
#
# <details><summary>How do you choose a learning rate?</summary>
#
# On a logarithmic scale, by random search rather than a grid as soon as a second setting counts, judged on validation data, never on the test data. First find the largest rate that is stable (for a quadratic $2/\lambda_{\max}$), then use a schedule that falls. With values only the rate must be smaller, since each step is noisier. [02](02_linear_regression.ipynb), [07](07_random_search.ipynb), [10](10_gradients_from_values.ipynb)
#
# </details>
#
# <details><summary>And the programs they ask for?</summary>
#
# Matrix decomposition: [12](12_matrix_factorization.ipynb). Momentum: [04](04_momentum.ipynb). Adam: [05](05_adaptive_steps.ipynb). A multilayer perceptron with momentum, Adam and RMSprop: [06](06_neural_networks.ipynb). Text classification and text generation by matrices: [13](13_text_with_matrices.ipynb). Each is an exercise with checks.
#
# </details>

# %% [markdown] id="practice" tags=["A39", "P21"]
# ## 9 Practice
#
# A document closes with six steps: understand the problem, prepare the data, implement forward and *backward* pass, train, evaluate, apply. A good list, and by its third step not a list for a gradient-free method. With what this course measured, it reads:
#
# 1. **Problem.** What is the objective, and is it what you want (lesson [11](11_evolution_strategies.ipynb), section 9)? What may be asked, at what price?
# 2. **Data.** Where from, whose, what is leaked, what is held out (lessons [03](03_stochastic_gradients.ipynb) and [13](13_text_with_matrices.ipynb))?
# 3. **Baseline, then method.** The simplest thing that could work; then the table of section 7. Gradients are checked by differences.
# 4. **Run.** Protocol before results. Seeds fixed, all runs kept.
# 5. **Evaluate.** Median and band; accuracy, but with rare classes also precision, recall and F1; the test data once.
# 6. **Use, and watch.** What changes when the data do? Who may ask the model, how often?
#
# The documents also name fields to watch that are not optimization: compression (lesson [14](14_smaller_and_sturdier_models.ipynb)), learning from few examples (MeZO and BBT work there: lessons [15](15_language_models.ipynb) and [16](16_the_state_of_the_art.ipynb)), distribution over many machines (lesson 11), interpretability (section 5, for one model), pictures and sound beside text, ethics and law. For the last two this course has no measurement, and so no claim.
#
# ### Your capstone
#
# Take one claim: from the documents, a paper, a blog, a colleague. Write down *what result would refute it*. Design the measurement, run it, report by how much it holds and where not. The rubric, twenty points, stands in section 9 of [exercise 17](../exercises/17_reading_claims.ipynb). Some claims that fit on a laptop:
#
# - "The new search, named after an animal, beats differential evolution." Move the optimum, count evaluations.
# - "Larger models need proportionally more steps without gradients." Lesson [10](10_gradients_from_values.ipynb) has the tools.
# - "Two hundred labeled reviews are enough." Lesson [13](13_text_with_matrices.ipynb) has the reviews.
# - A claim of *this course*. Every figure has its cell. Change the problem, and see whether the sentence survives.

# %% [markdown] id="quick"
# ## 10 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-number"
# **Quick question.** A blog cites "arXiv:2203.13370". The number has the right form. What do you know?
#
# - [ ] The paper exists; arXiv numbers cannot be invented.
#   Four digits, a point, five digits: anybody can write that.
# - [ ] The paper does not exist, since I do not know it.
#   Not found by you is not the same as not there.
# - [x] Nothing yet. Open the number and compare the title.
#   That is step 2. Here, as far as was found, it leads to combinatorics.

# %% [markdown] id="quick-best"
# **Quick question.** A table shows the best of 30 seeds for the new method and the mean for the old one. Both are the same method. Who wins?
#
# - [x] The new one, nearly always.
#   A best of 30 is above the mean of 30 draws of the same thing unless all are equal.
# - [ ] Nobody: the same method gives the same results.
#   With other seeds it gives other results, and the best of them is chosen.
# - [ ] It depends on the number of evaluations.
#   They change the spread. The best of many stays ahead of the mean.

# %% [markdown] id="quick-p"
# **Quick question.** Three seeds each; all three of the new method are better. What may you say?
#
# - [ ] The new one is better, $p < 0.05$.
#   The smallest $p$ that three against three can give is 0.1.
# - [x] It looks promising; run more seeds.
#   With five against five a complete separation would have $p = 0.008$.
# - [ ] Nothing was measured.
#   Something was: it is only not enough.

# %% [markdown] id="quick-private"
# **Quick question.** A hospital sends seeds and scalars, never data. What does it need in order to promise privacy?
#
# - [ ] Nothing more: the numbers are too small to hold a record.
#   Sixty-five of them held an image.
# - [ ] Noise on every number.
#   Noise averages out if the same question is answered again and again.
# - [x] Clipping, noise, and an account of all answers.
#   Then the promise is a number, $\epsilon$, and it can be checked.

# %% [markdown] id="quick-fold"
# **Quick question.** You tried 200 settings and chose by 5-fold cross-validation. What do you report as accuracy?
#
# - [ ] The best cross-validated score.
#   It is the best of 200: partly luck. The coins of section 4 did the same.
# - [ ] The score on the training data.
#   Random labels reached a high one, too.
# - [x] The score of the chosen setting on test data that chose nothing.
#   Or by a second, outer cross-validation around the choice.

# %% [markdown] id="summary"
# ## Summary
#
# 1. A printed output, a reference and a comparison are claims. First ask what the program *can* do; open the number; move the optimum.
# 2. One unfair setting is enough to make the worse method win. Protocol first, then results: evaluations, equal tuning, ten seeds, all runs, a band.
# 3. Tries are luck. Choose on one part of the data, judge on another, once.
# 4. The optimizer does not change what a model is, nor whether data are safe. Seeds and scalars tell the update; noise needs an account.
# 5. Exact method, else gradient, else values: then dimension, budget, noise and the kind of state decide.
#
# **What you can do now.** You can tell what a method asks, from its code. You have written gradient descent, momentum, Adam, a network, annealing, a genetic algorithm, CMA-ES, gradient estimates, factorizations and a small language model, and measured each against the others. And when
# the next text says "without gradients, and faster", you know which cell to write.
#
# ## Exercise
#
# A quiz of eight questions, and the capstone: copy it with `start_exercise("17")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/17_reading_claims.ipynb](../exercises/17_reading_claims.ipynb). This is the last lesson.

# %% [markdown] id="sources"
# ## Sources
#
# Found in the indexes named in section 2, most by their abstract; open the numbers yourself.
#
# - J. Kudela, *A critical problem in benchmarking and analysis of evolutionary computation methods*, Nature Machine Intelligence 4 (2022), 1238-1245,
#   [doi:10.1038/s42256-022-00579-0](https://doi.org/10.1038/s42256-022-00579-0); *The evolutionary computation methods no one should use* (2023),
#   [arXiv:2301.01984](https://arxiv.org/abs/2301.01984).
# - S. Mirjalili, S. M. Mirjalili, A. Lewis, *Grey wolf optimizer*, Advances in Engineering Software 69 (2014), 46-61,
#   [doi:10.1016/j.advengsoft.2013.12.007](https://doi.org/10.1016/j.advengsoft.2013.12.007).
# - M. Noroozi, P. Favaro, *Unsupervised learning of visual representations by solving jigsaw puzzles*, ECCV (2016), [arXiv:1603.09246](https://arxiv.org/abs/1603.09246).
# - I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, *Improved training of Wasserstein GANs*, NeurIPS (2017), [arXiv:1704.00028](https://arxiv.org/abs/1704.00028).
# - Y. Dauphin et al., *Identifying and attacking the saddle point problem in high-dimensional non-convex optimization* (2014), [arXiv:1406.2572](https://arxiv.org/abs/1406.2572).
# - C. Dwork, A. Roth, *The algorithmic foundations of differential privacy*, Foundations and Trends in Theoretical Computer Science 9 (2014),
#   [doi:10.1561/0400000042](https://doi.org/10.1561/0400000042).
# - X. Tang et al., *Private fine-tuning of large language models with zeroth-order optimization* (2024), [arXiv:2401.04343](https://arxiv.org/abs/2401.04343).
# - L. Zhu, Z. Liu, S. Han, *Deep leakage from gradients*, NeurIPS (2019), [arXiv:1906.08935](https://arxiv.org/abs/1906.08935).
# - P.-Y. Chen et al., *ZOO: zeroth order optimization based black-box attacks to deep neural networks without training substitute models* (2017), [arXiv:1708.03999](https://arxiv.org/abs/1708.03999).
# - X. Chen et al., *ZO-AdaMM: zeroth-order adaptive momentum method for black-box optimization* (2019), [arXiv:1910.06513](https://arxiv.org/abs/1910.06513).
# - A. Gelman, E. Loken, *The garden of forking paths: why multiple comparisons can be a problem, even when there is no "fishing expedition" or "p-hacking"* (14 November 2013), a report.
# - S. Malladi et al., *Fine-tuning language models with just forward passes*, NeurIPS (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333).
# - W. Liu et al., *EA4LLM: a gradient-free approach to large language model optimization via evolutionary algorithms* (2025), [arXiv:2510.10603](https://arxiv.org/abs/2510.10603).
