# %% [markdown] id="title"
# # 00 Gallery of explorers
#
# For authors: every kind of picture that an explorer shows, once, and a quick question. Each cell is complete; copy the one that is
# closest. The function is pure: it takes the knobs by name and returns the data of every moving part, a sentence and, with a goal,
# whether it is reached. Test it with `explorer.at(...)`, which needs no browser. A function looks its names up when it runs: give the
# arrays it reads a name of their own (here in capitals), or a later cell that uses the name again changes this picture.

# %% id="imports"
import numpy as np
from sklearn.datasets import load_digits, load_sample_image

from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, three
from ngo_lesson.show.pieces import band, bars, dots, image, landscape, line

# %% [markdown] id="paths-text"
# ## Paths in a bowl, the loss beside it
#
# `drag=(axes, "x", "y")` ties two sliders to a point in the picture; `play` names the slider that the play button moves;
# labeled ticks mark the values that mean something.

# %% id="paths"
CURVATURE = np.array([1.0, 8.0])


def descend(lr, momentum, x, y):
    theta, v = np.array([x, y]), np.zeros(2)
    path = [theta]
    for _ in range(60):
        v = momentum * v - lr * CURVATURE * theta
        theta = theta + v
        path.append(theta)
    return np.array(path)


def two_paths(lr, momentum, x, y):
    plain, heavy = descend(lr, 0.0, x, y), descend(lr, momentum, x, y)
    losses = [path**2 @ CURVATURE / 2 for path in (plain, heavy)]
    data = {"plain": plain.T, "heavy": heavy.T, "start": ([x], [y])}
    data |= {
        name: (np.arange(61), loss) for name, loss in zip(("plain loss", "heavy loss"), losses)
    }
    sentence = f"After 60 steps the loss is {three(losses[0][-1])} without momentum and {three(losses[1][-1])} with it."
    return data, sentence, losses[1][-1] < 1e-6


figure, (bowl, loss) = panels(1, 2)
landscape(bowl, lambda theta: theta**2 @ CURVATURE / 2, (-3, 3), (-2, 2))
bowl.set(xlabel="x", ylabel="y")
loss.set(xlim=(0, 60), ylim=(1e-8, 1e4), yscale="log", xlabel="steps", ylabel="loss")
moving = {
    "plain": line(bowl),
    "heavy": line(bowl),
    "start": dots(bowl, color="black", marker="o", markersize=9),
    "plain loss": line(loss, "without momentum"),
    "heavy loss": line(loss, "with momentum"),
}
loss.legend()
paths = Explorer(
    two_paths,
    figure,
    moving,
    {
        "lr": slider("learning rate", 0.01, 0.3, 0.05, log=True, ticks={0.125: "1/L", 0.25: "2/L"}),
        "momentum": slider("momentum", 0.0, 0.99, 0.5, step=0.01, ticks={0.9: "usual"}),
        "x": slider("start x", -3.0, 3.0, 2.5, step=0.05),
        "y": slider("start y", -2.0, 2.0, 1.5, step=0.05),
    },
    title="Two paths in a bowl",
    goal="with momentum, a loss below 1e-6 after 60 steps",
    play="lr",
    drag=(bowl, "x", "y"),
)
paths

# %% [markdown] id="goal-text"
# The cell below an explorer checks its goal: `here()` evaluates the function where the knobs stand now, `at()` anywhere.

# %% id="goal"
print(paths.here())
print(paths.at(lr=0.22, momentum=0.7))

# %% [markdown] id="fit-text"
# ## Data with a fitted line, beside its place in the bowl

# %% id="fit"
INPUTS = np.random.default_rng(0).uniform(-2, 2, 40)
TARGETS = 1.5 * INPUTS + 0.5 + np.random.default_rng(1).normal(0, 0.6, 40)


def half_mse(theta):
    return np.mean((theta[0] * INPUTS + theta[1] - TARGETS) ** 2) / 2


def fitted(slope, intercept):
    value = half_mse((slope, intercept))
    ends = np.array([-2.2, 2.2])
    data = {"line": (ends, slope * ends + intercept), "point": ([slope], [intercept])}
    return (
        data,
        f"The line {slope:.2f} x + {intercept:.2f} has half-MSE {three(value)}.",
        value < 0.17,
    )


figure, (plane, bowl) = panels(1, 2)
plane.plot(INPUTS, TARGETS, linestyle="", color="black", alpha=0.6)
plane.set(xlim=(-2.2, 2.2), ylim=(-5, 6), xlabel="input", ylabel="target")
landscape(bowl, half_mse, (-1, 4), (-2, 3), log=True)
bowl.set(xlabel="slope", ylabel="intercept")
Explorer(
    fitted,
    figure,
    {"line": line(plane, marker="", linewidth=3), "point": dots(bowl, markersize=11)},
    {
        "slope": slider("slope", -1.0, 4.0, 0.0, step=0.05),
        "intercept": slider("intercept", -2.0, 3.0, 2.0, step=0.05),
    },
    title="A line and its place in the bowl",
    goal="half-MSE below 0.17",
    drag=(bowl, "slope", "intercept"),
)

# %% [markdown] id="bands-text"
# ## Loss against evaluations, with a band over seeds

# %% id="bands"
EVALUATIONS = np.arange(1, 301)


def best_so_far(dimension):
    points = np.random.default_rng(1).uniform(-1, 1, (20, 300, 50))[:, :, :dimension]
    best = np.minimum.accumulate((points**2).sum(axis=2), axis=1)
    low, middle, high = np.quantile(best, (0.1, 0.5, 0.9), axis=0)
    data = {"middle": (EVALUATIONS, middle), "band": (EVALUATIONS, low, high)}
    return (
        data,
        f"In {dimension} dimensions, random search reaches {three(middle[-1])} (median of 20 seeds).",
    )


figure, axes = panels()
axes.set(
    xlim=(1, 300),
    ylim=(1e-5, 30),
    xscale="log",
    yscale="log",
    xlabel="evaluations",
    ylabel="best value so far",
)
middle = line(axes, "median of 20 seeds")
moving = {"middle": middle, "band": band(axes, middle)}
axes.legend(loc="lower left")
Explorer(
    best_so_far,
    figure,
    moving,
    {"dimension": slider("dimension", 1, 50, 2, step=1)},
    title="Random search and dimension",
    play="dimension",
)

# %% [markdown] id="population-text"
# ## A population on a landscape that the student chooses
#
# `backdrop` takes the figure and draws its static part anew, but only when a knob that it names has moved.

# %% id="population"
LANDSCAPES = {
    "one valley": lambda p: p[0] ** 2 + p[1] ** 2,
    "banana valley": lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2,
    "egg box": lambda p: (
        20 + p[0] ** 2 + p[1] ** 2 - 10 * np.cos(2 * np.pi * p[0]) - 10 * np.cos(2 * np.pi * p[1])
    ),
}


def evolve(shape, generation, spread):
    f, rng = LANDSCAPES[shape], np.random.default_rng(3)
    population = rng.uniform(-2, 2, (60, 2))
    for _ in range(generation):
        parents = population[np.argsort([f(p) for p in population])[:15]]
        children = parents[rng.integers(0, 15, 45)] + rng.normal(0, spread, (45, 2))
        population = np.clip(np.vstack([parents, children]), -2, 2)
    best = min(f(p) for p in population)
    return (
        {"population": population.T},
        f"Generation {generation}: the best of 60 has {three(best)}.",
        best < 1e-4,
    )


figure, axes = panels(width=5, height=4.2)
axes.set(xlabel="x", ylabel="y")


def draw(figure, shape):
    landscape(figure.axes[0], LANDSCAPES[shape], (-2, 2), (-2, 2), log=True)


Explorer(
    evolve,
    figure,
    {"population": dots(axes, color="#D55E00")},
    {
        "shape": choice("landscape", list(LANDSCAPES)),
        "generation": slider("generation", 0, 40, 0, step=1),
        "spread": slider("spread of the children", 0.001, 1.0, 0.3, log=True),
    },
    title="A population looks for the lowest point",
    goal="a best value below 1e-4",
    play="generation",
    backdrop=draw,
)

# %% [markdown] id="tour-text"
# ## A tour on a map

# %% id="tour"
CITIES = np.random.default_rng(5).uniform(0, 100, (40, 2))


def tour_length(order):
    return np.linalg.norm(CITIES[order] - CITIES[np.roll(order, 1)], axis=1).sum()


def improve(moves):
    rng, order = np.random.default_rng(0), np.arange(40)
    for _ in range(moves):
        first, last = np.sort(rng.integers(0, 41, 2))
        turned = np.concatenate([order[:first], order[first:last][::-1], order[last:]])
        if tour_length(turned) < tour_length(order):
            order = turned
    return order


def tour(moves):
    order = improve(moves)
    length = tour_length(order)
    closed = CITIES[np.append(order, order[0])]
    return (
        {"tour": closed.T},
        f"Turns tried: {moves:,}. The tour is {three(length)} km long.",
        length < 600,
    )


figure, axes = panels(width=5, height=4.2)
axes.plot(*CITIES.T, linestyle="", color="black", zorder=4)
axes.set(xlim=(-2, 102), ylim=(-2, 102), aspect="equal", xlabel="km east", ylabel="km north")
Explorer(
    tour,
    figure,
    {"tour": line(axes, marker="")},
    {"moves": slider("turns tried", 1, 3000, 1, log=True, step=1.1)},
    title="A tour of 40 cities",
    goal="shorter than 600 km",
    play="moves",
)

# %% [markdown] id="images-text"
# ## Images side by side

# %% id="images"
PHOTO = load_sample_image("flower.jpg")[::2, ::2].mean(axis=2) / 255
U, S, VT = np.linalg.svd(PHOTO, full_matrices=False)


def low_rank(rank):
    copy = (U[:, :rank] * S[:rank]) @ VT[:rank]
    share = rank * sum(PHOTO.shape) / PHOTO.size
    error = np.sqrt((S[rank:] ** 2).sum() / (S**2).sum())
    data = {"copy": copy.clip(0, 1), "kept": (np.arange(1, rank + 1), S[:rank])}
    return (
        data,
        f"Rank {rank}: {share:.0%} of the numbers, relative error {error:.1%}.",
        share < 0.25 and error < 0.05,
    )


figure, (left, right, values) = panels(1, 3, width=9, height=2.5)
image(left, PHOTO.shape).set_data(PHOTO)
left.set_title("original")
right.set_title("copy of low rank")
values.plot(np.arange(1, len(S) + 1), S, color="0.75", marker="")
values.set(xscale="log", yscale="log", xlabel="number", ylabel="singular value")
Explorer(
    low_rank,
    figure,
    {"copy": image(right, PHOTO.shape), "kept": line(values, marker="", linewidth=3)},
    {"rank": slider("rank", 1, 200, 5, log=True, step=1.1)},
    title="A photograph of low rank",
    goal="error below 5 % with less than a quarter of the numbers",
    play="rank",
)

# %% [markdown] id="histogram-text"
# ## Histograms

# %% id="histogram"
EDGES = np.linspace(-3, 5, 61)
SAMPLE_GRADIENTS = np.random.default_rng(2).gamma(2.0, 1.0, 20_000) - 1.0


def gradient_noise(batch):
    estimates = SAMPLE_GRADIENTS[: 20_000 // batch * batch].reshape(-1, batch).mean(axis=1)
    heights = np.histogram(estimates, EDGES, density=True)[0]
    wrong = np.mean(estimates < 0)
    return (
        {"bars": heights},
        f"Batches of {batch}: spread {three(estimates.std())}, wrong sign {wrong:.1%}.",
        wrong < 0.01,
    )


figure, axes = panels()
axes.axvline(1.0, color="black", linestyle="--")
axes.annotate("full gradient", (1.05, 2.2))
axes.set(xlim=(-3, 5), ylim=(0, 2.5), xlabel="gradient estimate", ylabel="density")
Explorer(
    gradient_noise,
    figure,
    {"bars": bars(axes, EDGES)},
    {"batch": slider("batch size", 1, 64, 1, step=1)},
    title="Noise of mini-batch gradients",
    goal="wrong sign in fewer than 1 % of the batches",
    play="batch",
)

# %% [markdown] id="spectrum-text"
# ## Spectra

# %% id="spectrum"
DIGITS = load_digits().data


def spectrum(ridge):
    covariance = np.cov(DIGITS.T) + ridge * np.eye(64)
    eigenvalues = np.linalg.eigvalsh(covariance)[::-1]
    condition = eigenvalues[0] / max(eigenvalues[-1], 1e-12)
    data = {"spectrum": (np.arange(1, 65), eigenvalues.clip(1e-12))}
    return data, f"With ridge {three(ridge)} the condition number is {three(condition)}."


figure, axes = panels()
axes.set(xlim=(0, 65), ylim=(1e-4, 1e3), yscale="log", xlabel="number", ylabel="eigenvalue")
Explorer(
    spectrum,
    figure,
    {"spectrum": line(axes, markevery=1)},
    {"ridge": slider("ridge", 0.001, 100.0, 0.01, log=True)},
    title="What a ridge does to the spectrum of the digits",
)

# %% [markdown] id="question"
# ## A quick question
#
# Written as a task list in a Markdown cell; the build folds it (see `authoring/quiz.py`).
#
# **Quick question.** SPSA estimates a gradient in $d$ dimensions. How many evaluations does one estimate take?
#
# - [ ] $2d$, two for each coordinate.
#   That is what central differences take. SPSA moves all coordinates at once.
# - [x] Two, in any dimension.
#   One on each side along a random direction. The price is noise: the estimate's cosine with the gradient is about $\sqrt{2/(\pi d)}$.
# - [ ] Two, and the estimate is accurate.
#   Two is right, accurate is not: in 1,000 dimensions the typical cosine is about 0.025.
