# %% [markdown] id="title"
# # 04 Momentum
#
# **Promise.** Give gradient descent a memory, in two lines of code, and a valley that took five hundred steps for each digit takes twenty-five. You
# will be able to compute the two numbers that do it, and to say where the memory does harm.
#
# **You will be able to**
#
# - write heavy ball and Nesterov's momentum in a few lines of NumPy, and read both in any library;
# - compute the best rate and the best momentum from the smallest and the largest curvature;
# - predict from two numbers whether a run creeps, rings or explodes;
# - translate between the conventions of papers and libraries, and say when they part;
# - say what momentum does to noise and to local minima, and what it does not.
#
# **Time** 90 minutes. **Needs** lessons [02](02_linear_regression.ipynb) and [03](03_stochastic_gradients.ipynb).

# %% id="setup"
import numpy as np

from ngo_lesson import data
from ngo_lesson.models import linear
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.optimize.updates import Momentum
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import dots, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [02](02_linear_regression.ipynb) ended in a valley: steep across, almost flat along, and *one* rate has to serve both directions.
# Lesson [03](03_stochastic_gradients.ipynb) made the steps cheaper and
# left the valley as it was. How bad is it on the ten measures of the 442 patients?
#
# Along a direction of curvature $\lambda$ one step of gradient descent leaves the share $|1 - \mathrm{lr}\,\lambda|$ of the distance. Here is what
# is left after 100 steps, for each of the 11 directions and three rates.

# %% id="question"
patients = data.diabetes()
Z = (patients.data - patients.data.mean(axis=0)) / patients.data.std(axis=0)
X, y = np.column_stack([np.ones(len(Z)), Z]), patients.target
H = X.T @ X / len(X)
curvatures = np.linalg.eigvalsh(H)
flat, steep = curvatures[0], curvatures[-1]
best_rate = 2 / (steep + flat)

figure, axes = panels(width=6.4)
left = {}
for lr, color, marker in ((0.05, GREEN, "^"), (0.25, BLUE, "o"), (best_rate, VERMILION, "s")):
    left[lr] = np.abs(1 - lr * curvatures) ** 100
    axes.semilogx(curvatures, left[lr], color=color, marker=marker, label=f"lr = {lr:.3g}")
axes.set(xlabel="curvature of the direction", ylabel="share of the distance left")
axes.set_title("After 100 steps of gradient descent")
axes.legend()
shares = ", ".join(f"{100 * left[lr][0]:.0f} % at lr {lr:.3g}" for lr in left)
show(figure, f"In the flattest of 11 directions, still to go after 100 steps: {shares}.")

# %% [markdown] id="slow-text"
# The third rate is the best there is: it makes the factors of the flattest and of the steepest direction equal,
#
# $$\mathrm{lr} = \frac{2}{\lambda_{\max} + \lambda_{\min}}, \qquad \text{factor of a step} = \frac{\kappa - 1}{\kappa + 1}, \qquad \kappa = \frac{\lambda_{\max}}{\lambda_{\min}} .$$
#
# We count **steps for a digit**: how many steps make the distance ten times smaller, once the slowest direction is all that is left.


# %% id="slow"
def steps_for_a_digit(factor):
    return np.log(10) / -np.log(factor)


kappa = steep / flat
descent_factor = (kappa - 1) / (kappa + 1)
tried = [np.max(np.abs(1 - lr * curvatures)) for lr in np.linspace(0.001, 0.6, 10_000)]
print(f"condition number {three(kappa)}, best factor {descent_factor:.4f}")
print(f"no rate of 10,000 does better: {min(tried) >= descent_factor}")
print(f"steps for a digit: {three(steps_for_a_digit(descent_factor))}")

# %% [markdown] id="valley-text"
# ## 2 A ball with inertia
#
# Take the valley of lesson [02](02_linear_regression.ipynb), spanned by two blood values, and look at what the gradients do on the way down.

# %% id="valley"
columns = [patients.feature_names.index(name) for name in ("s1", "s2")]
pair, centered = Z[:, columns], y - y.mean()
bottom = linear.normal_equation(pair, centered)
pair_H = pair.T @ pair / len(pair)
(along, across), directions = np.linalg.eigh(pair_H)

theta, seen = np.array([-30.0, 50.0]), []
for _ in range(9):
    g = linear.half_mse_gradient(theta, pair, centered)
    seen.append(directions.T @ g)
    theta = theta - 2 / (along + across) * g
for name, slopes in zip(("along the floor  ", "across the valley"), np.transpose(seen)):
    listed = ", ".join(f"{slope:5.1f}" for slope in slopes)
    print(f"{name}: {listed}, sum {abs(slopes.sum()) / abs(slopes[0]):.1f} times the first")

# %% [markdown] id="ball-text"
# Across the valley the gradients change sign in each step and cancel in the sum. Along the floor they are small, but they all point the same way
# and add up. So let the step follow a *fading sum* of all gradients so far. A ball that rolls down does this, hence the name **heavy ball** (Polyak
# 1964):
#
# $$v \leftarrow \mu\, v + \nabla J(\theta), \qquad \theta \leftarrow \theta - \mathrm{lr}\; v .$$
#
# $v$ is the **velocity**, and $\mu$, between 0 and 1, is the **momentum**: how much of the velocity survives a step. With $\mu = 0$ it is gradient
# descent.


# %% id="ball" tags=["Q07", "F03"]
def heavy_ball(gradient, theta, lr, mu, steps):
    """The path of `steps` steps, start included."""
    v, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        v = mu * v + gradient(theta)
        theta = theta - lr * v
        path.append(theta)
    return np.array(path)


def loss(theta):
    return linear.half_mse(theta, X, y)


def gradient(theta):
    return linear.half_mse_gradient(theta, X, y)


start = np.zeros(11)
lowest = loss(linear.normal_equation(X, y))
for mu in (0, 0.9):
    path = heavy_ball(gradient, start, lr=0.25, mu=mu, steps=200)
    print(
        f"momentum {mu}: after 200 steps {three(loss(path[-1]) - lowest)} above the lowest half-MSE"
    )

# %% [markdown] id="package-text"
# The package has the same rule twice: as a method of `minimize`, and as an object that takes one step at a time. The object keeps the velocity, so
# it must live as long as the run. Names and conventions are those of PyTorch, `torch.optim.SGD(momentum=...)`.

# %% id="package"
result = minimize(
    loss, start, method="momentum", grad=gradient, lr=0.25, momentum=0.9, steps=200, keep_path=True
)
print("minimize walks the same path:  ", np.allclose(result.history["x"], path))

rule, theta = Momentum(lr=0.25, momentum=0.9), start.copy()
for _ in range(200):
    rule.step_(theta, gradient(theta))
print("the rule object ends there too:", np.allclose(theta, path[-1]))

# %% [markdown] id="valley-explorer-text"
# ### Explore: roll along the floor
#
# This is the same valley. The dotted line is its floor. Set the rate and the momentum, and drag the start. The
# orange curve is gradient descent with the same rate. **Goal:** start at least 40 from the star, counted along the floor; be less than 0.01 % above
# the lowest loss at step 12 and stay there. First find out how many steps the best rate without momentum takes. Then try the momentum 0.9 that
# everybody uses.


# %% id="valley-roll"
pair_lowest = linear.half_mse(bottom, pair, centered)


def roll(lr, mu, x, y):
    begin, steps, data = np.array([x, y]), np.arange(61), {"start": ([x], [y])}
    for name, momentum in (("ball", mu), ("plain", 0.0)):
        with np.errstate(over="ignore", invalid="ignore"):  # a rate too large
            path = heavy_ball(lambda theta: pair_H @ (theta - bottom), begin, lr, momentum, 300)
            gap = path - bottom
            above = 100 * np.sum(gap @ pair_H * gap, axis=1) / 2 / pair_lowest
        data[name] = path[:61].T.clip(-1e4, 1e4)
        data[name + " above"] = steps, above[:61]
        if name == "ball":
            late = np.flatnonzero(~(above < 0.01))
            settled = late[-1] + 1 if late.size else 0
    far = abs((begin - bottom) @ directions[:, 0]) >= 40
    when = f"from step {settled} on" if settled <= 60 else "not within 60 steps"
    sentence = f"lr {three(lr)}, momentum {mu:.2f}: less than 0.01 % above the lowest {when}."
    return data, sentence, bool(far and settled <= 12)


# %% id="valley-explorer"
figure, (map_, curve) = panels(1, 2, width=8.4, height=4)
landscape(
    map_, lambda theta: linear.half_mse(theta, pair, centered), (-60, 60), (-60, 60), log=True
)
floor = bottom + np.outer([-200, 200], directions[:, 0])
map_.plot(*floor.T, ":", color=BLACK, marker="", linewidth=1, label="floor")
map_.plot(*bottom, "*", color=BLACK, markersize=13, label="lowest point")
map_.set(xlabel="coefficient of total cholesterol", ylabel="coefficient of LDL")
curve.set(xlim=(0, 60), ylim=(1e-5, 1e3), yscale="log", xlabel="step")
curve.set_ylabel("loss above the lowest (%)")
curve.axhline(0.01, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "plain": line(map_, color=ORANGE, marker="s", markevery=1, markersize=4),
    "ball": line(map_, color=BLUE, marker="o", markevery=1),
    "start": dots(map_, "start", color=VERMILION, marker="D", markersize=9),
    "plain above": line(curve, "without momentum", color=ORANGE, marker="s"),
    "ball above": line(curve, "with momentum", color=BLUE, marker="o"),
}
map_.legend(loc="lower left")
curve.legend(loc="upper right")
valley = Explorer(
    roll,
    figure,
    moving,
    {
        "lr": slider("learning rate", 0.05, 4, 0.5, log=True, ticks={2 / across: "limit of GD"}),
        "mu": slider("momentum", 0.0, 0.95, 0.9, step=0.01, ticks={0.9: "usual"}),
        "x": slider("start: cholesterol", -60.0, 60.0, -30.0, step=1.0),
        "y": slider("start: LDL", -60.0, 60.0, 50.0, step=1.0),
    },
    title="A heavy ball in the valley",
    goal="less than 0.01 % above the lowest loss from step 12 on, from at least 40 along the floor",
    play="mu",
    drag=(map_, "x", "y"),
)
valley

# %% [markdown] id="valley-goal-text"
# The best rate without momentum, the usual momentum, and a setting that reaches the goal. Put yours in.

# %% id="valley-goal"
for lr, mu in ((1.0, 0.0), (0.5, 0.9), (1.2, 0.5)):
    shown = valley.at(lr=lr, mu=mu)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="valley-after"
# Three things to take along. The best rate without momentum, 1.0, needs more than three times as many steps. Momentum allows rates *beyond* the
# limit of gradient descent. And 0.9 is too much here: the ball runs past the star, comes back, and rings for 60 steps.

# %% [markdown] id="one-text"
# ## 3 One direction at a time
#
# Why does it ring? Along a direction of curvature $\lambda$ the gradient is $\lambda x$, where $x$ is the distance from the lowest point. Put the
# two lines of the heavy ball into one by eliminating $v$:
#
# $$x_{t+1} = (1 + \mu - \mathrm{lr}\,\lambda)\, x_t - \mu\, x_{t-1} .$$
#
# Such a recursion moves like the powers $r^t$ of the two roots of
#
# $$r^2 - (1 + \mu - \mathrm{lr}\,\lambda)\, r + \mu = 0 .$$
#
# The larger root in size is the factor of a step, in the long run. Complex roots mean ringing, and then both have the size $\sqrt\mu$, because
# their product is $\mu$.


# %% id="roots"
def largest_root(total, product):
    """The larger size of the two roots of r**2 - total * r + product, for numbers or arrays."""
    half, part = total / 2, np.sqrt(total**2 / 4 - product + 0j)
    return np.maximum(np.abs(half + part), np.abs(half - part))


def ball_factor(lr, mu, curvature):
    return largest_root(1 + mu - lr * curvature, mu)


for mu in (0.2, 0.9):
    distance = np.abs(heavy_ball(lambda x: x, np.array([1.0]), 0.1, mu, 600))[:, 0]
    measured = (distance[500:].max() / distance[200:300].max()) ** (1 / 300)
    print(
        f"momentum {mu}: measured factor {measured:.3f}, from the roots {ball_factor(0.1, mu, 1.0):.3f}"
    )

# %% [markdown] id="regimes-text"
# For a rate below $1/\lambda$ there are three cases. Below $\mu = (1 - \sqrt{\mathrm{lr}\,\lambda})^2$ the ball creeps, above it rings, and on the
# border it arrives fastest. Mechanics has the same three: over-damped, under-damped, critical.

# %% id="regimes" tags=["A27"]
critical = (1 - np.sqrt(0.1)) ** 2
figure, axes = panels(width=6.4)
arrived = {}
for name, mu, color, marker in (
    ("creeps", 0.1, GREEN, "^"),
    ("critical", critical, BLUE, "o"),
    ("rings", 0.9, VERMILION, "s"),
):
    x = heavy_ball(lambda x: x, np.array([1.0]), 0.1, mu, 80)[:, 0]
    axes.plot(x, color=color, marker=marker, markevery=5, label=f"{name}, momentum {mu:.2f}")
    arrived[name] = np.flatnonzero(np.abs(x) > 0.01)[-1] + 1
axes.set(
    xlabel="step", ylabel="distance from the lowest point", title="f = x²/2, lr = 0.1, start at 1"
)
axes.legend()
steps = ", ".join(f"{name} {count}" for name, count in arrived.items() if count < 81)
show(figure, f"Steps to come within 0.01 and stay: {steps}; the one that rings needs more than 80.")

# %% [markdown] id="overshoot-text"
# One of the documents says that momentum "reduces oscillation". Across a steep valley it does, with the right $\mu$: there, plain descent jumps
# from wall to wall and the jumps cancel in the sum. In a round bowl it *makes* the oscillation. With a rate at which gradient descent halves the
# distance in each step, momentum 0.9 runs through the lowest point and up the other side:

# %% id="overshoot" tags=["A27"]
for mu in (0, 0.9):
    x = heavy_ball(lambda x: x, np.array([1.0]), 0.5, mu, 8)[:, 0]
    print(f"momentum {mu}:", ", ".join(f"{value:.2f}" for value in x))

# %% [markdown] id="optimal-text"
# ## 4 The best rate and the best momentum
#
# Now all directions together: the slowest decides. Two knobs, eleven curvatures.
#
# ### Explore: against the optimal curve
#
# On the left, the factor of a step for every curvature, with dots at the 11 curvatures of the patients. On the right, the distance left, and two
# curves to race against: gradient descent at its best, and the best that momentum can do. **Goal:** at most 10 % more steps for a digit than the
# best. Begin with the momentum at 0, then raise it: what happens to the flat piece of the curve on the left? When does a higher rate help, and when
# does it not?


# %% id="spectrum-race"
all_curvatures = np.geomspace(0.004, 8, 300)
optimal_lr = 4 / (np.sqrt(steep) + np.sqrt(flat)) ** 2
optimal_mu = ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** 2
fewest = steps_for_a_digit(np.sqrt(optimal_mu))


def distances(lr, mu, steps=400):
    """Distance left at each step; every direction starts at distance 1."""
    path = heavy_ball(lambda x: curvatures * x, np.ones(11), lr, mu, steps)
    return np.linalg.norm(path, axis=1) / np.sqrt(11)


def race(lr, mu):
    factors = ball_factor(lr, mu, curvatures)
    worst = factors.max()
    with np.errstate(over="ignore", invalid="ignore"):
        left = distances(lr, mu)
    data = {
        "curve": (all_curvatures, ball_factor(lr, mu, all_curvatures)),
        "factors": (curvatures, factors),
        "left": (np.arange(401), left),
    }
    needed = steps_for_a_digit(worst) if worst < 1 else np.inf
    result = f"{three(needed)} steps for a digit" if worst < 1 else "the run grows"
    sentence = f"lr {three(lr)}, momentum {mu:g}: {result}; the best is {three(fewest)}."
    return data, sentence, bool(needed <= 1.1 * fewest)


# %% id="spectrum-explorer"
figure, (spectrum, curve) = panels(1, 2, width=8.4, height=4)
spectrum.set(
    xlim=(0.004, 8), ylim=(0, 1.4), xscale="log", xlabel="curvature", ylabel="factor of a step"
)
spectrum.axhline(1, color=BLACK, linestyle="--", linewidth=1)
curve.set(
    xlim=(0, 400), ylim=(1e-8, 1e3), yscale="log", xlabel="step", ylabel="distance left (start = 1)"
)
for name, lr, mu, color, dash in (
    ("gradient descent at its best", best_rate, 0.0, ORANGE, "--"),
    ("the best", optimal_lr, optimal_mu, GREEN, "-."),
):
    curve.plot(distances(lr, mu), dash, color=color, marker="", label=name)
moving = {
    "curve": line(spectrum, color=SKY, marker=""),
    "factors": dots(spectrum, "the 11 curvatures", color=BLUE, marker="o", markersize=7),
    "left": line(curve, "yours", color=BLUE, marker="o"),
}
spectrum.legend(loc="lower left")
curve.legend(loc="upper right", fontsize=9)
optimal = Explorer(
    race,
    figure,
    moving,
    {
        "lr": slider("learning rate", 0.05, 1.5, 0.25, log=True, ticks={2 / steep: "limit of GD"}),
        "mu": slider("momentum", 0.0, 0.99, 0.5, step=0.005, ticks={0.9: "usual"}),
    },
    title="Momentum against the optimal curve",
    goal="at most 10 % more steps for a digit than the best",
    play="mu",
)
optimal

# %% [markdown] id="spectrum-goal-text"
# Four settings, of which one reaches the goal. Put yours in; the formula comes next.

# %% id="spectrum-goal"
for lr, mu in ((0.25, 0.9), (0.9, 0.9), (0.5, 0.84), (0.9, 0.84)):
    shown = optimal.at(lr=lr, mu=mu)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="polyak-text"
# The flat piece of the curve is the band of curvatures that ring; its height is $\sqrt\mu$. To be as low as possible, $\mu$ should be small. But
# the band must reach from the flattest to the steepest curvature, and a smaller $\mu$ makes it narrower. So let it reach both ends, and no further:
#
# $$\sqrt{\mathrm{lr}\,\lambda_{\min}} = 1 - \sqrt\mu, \qquad \sqrt{\mathrm{lr}\,\lambda_{\max}} = 1 + \sqrt\mu .$$
#
# Add the two equations, and divide them by each other. That is **Polyak's formula**:
#
# $$\mathrm{lr} = \frac{4}{\left(\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}}\right)^2}, \qquad
#   \mu = \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^2, \qquad
#   \text{factor} = \sqrt\mu = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} .$$
#
# Compare with gradient descent: $\kappa$ has become $\sqrt\kappa$. Let a blind search over 160,000 settings say whether this is the best.

# %% id="polyak" tags=["A20"]
rates, momenta = np.linspace(0.005, 1.2, 400), np.linspace(0, 0.9975, 400)
factors = np.max([ball_factor(rates, momenta[:, None], c) for c in curvatures], axis=0)
row, column = np.unravel_index(factors.argmin(), factors.shape)
for name, lr, mu in (
    ("search", rates[column], momenta[row]),
    ("formula", optimal_lr, optimal_mu),
):
    factor = ball_factor(lr, mu, curvatures).max()
    print(f"{name:8} lr {lr:.2f}, momentum {mu:.2f}, factor {factor:.2f}")
print("no setting of the search beats the formula:", factors.min() >= optimal_mu**0.5)
print(f"steps for a digit: {three(fewest)} instead of {three(steps_for_a_digit(descent_factor))}")

# %% [markdown] id="map-text"
# The map of all settings shows the region of stability, too. A direction is stable if and only if both roots lie inside the unit circle, and that
# is the case for
#
# $$0 \le \mu < 1, \qquad 0 < \mathrm{lr} < \frac{2\,(1 + \mu)}{\lambda_{\max}} .$$
#
# Momentum widens the region of stable rates, up to twice as far.

# %% id="map" tags=["A20"]
figure, axes = panels(height=4.4)
digits = steps_for_a_digit(np.where(factors < 1, factors, np.nan))
levels = np.linspace(1.35, 4, 25)
mesh = axes.contourf(rates, momenta, np.log10(digits), levels, cmap="cividis_r", extend="max")
lines = axes.contour(rates, momenta, factors, levels=[0.93, 0.97, 0.985, 0.99], colors="white")
axes.clabel(
    lines, fmt="%g", fontsize=9, manual=[(0.78, 0.855), (0.7, 0.79), (0.55, 0.69), (0.5, 0.56)]
)
axes.plot(2 * (1 + momenta) / steep, momenta, "--", color=BLACK, marker="", label="stability limit")
axes.plot(optimal_lr, optimal_mu, "*", color=VERMILION, markersize=15, label="Polyak's formula")
axes.plot(best_rate, 0, "s", color=ORANGE, markersize=9, clip_on=False, label="best without")
axes.set(xlim=(0, 1.2), ylim=(0, 1), xlabel="learning rate", ylabel="momentum")
axes.set_title("Largest factor of a step, 11 curvatures")
axes.grid(False)
axes.legend(loc="lower right")
bar = figure.colorbar(mesh, ticks=[1.4, 2, 3, 4], label="steps for a digit")
bar.ax.set_yticklabels(["25", "100", "1,000", "10,000"])
agree = np.mean((rates < 2 * (1 + momenta[:, None]) / steep) == (factors < 1))
show(
    figure,
    f"The limit is right for {100 * agree:.1f} % of 160,000 settings; "
    f"the best needs {three(fewest)} steps for a digit.",
)

# %% [markdown] id="transient-text"
# A warning before you trust the star. At the optimum the two roots fall together, and the distance shrinks like $t\,\mu^{t/2}$, with a factor $t$
# in front. The run is slow in coming: for a while the loss is even *above* where it started. Section 10 shows what that means in practice.

# %% id="transient"
path = heavy_ball(gradient, start, optimal_lr, optimal_mu, 150)
excess = np.array([loss(theta) for theta in path]) - lowest
peak, share = excess.argmax(), excess / excess[0]
print(f"highest excess on the way: {three(share[peak])} times the first, at step {peak}")
print(f"steps until it stays below the start: {np.flatnonzero(share >= 1)[-1] + 1}")
print(f"steps until it stays below a millionth: {np.flatnonzero(share >= 1e-6)[-1] + 1}")

# %% [markdown] id="nesterov-text"
# ## 5 Nesterov: look before you step
#
# The velocity will carry us to about $\theta + \mu v$ anyway. So ask for the gradient *there*, and correct the velocity before it overshoots:
#
# $$v \leftarrow \mu\, v - \mathrm{lr}\,\nabla J(\theta + \mu v), \qquad \theta \leftarrow \theta + v .$$
#
# This is the textbook form (Nesterov 1983, written like this by Sutskever et al. 2013). Mind that here $v$ points downhill and holds the rate.
# Libraries prefer to ask for the gradient where the parameters *are*, so they keep the look-ahead point as $\theta$:
#
# $$v \leftarrow \mu\, v + \nabla J(\theta), \qquad \theta \leftarrow \theta - \mathrm{lr}\,(\nabla J(\theta) + \mu\, v) .$$
#
# The two do not print the same numbers. The second walks exactly through the look-ahead points of the first.


# %% id="nesterov"
def nesterov(gradient, theta, lr, mu, steps):
    """The textbook form: the look-ahead points, start included."""
    v, ahead = np.zeros_like(theta), [theta]
    for _ in range(steps):
        v = mu * v - lr * gradient(theta + mu * v)
        theta = theta + v
        ahead.append(theta + mu * v)
    return np.array(ahead)


def nesterov_torch(gradient, theta, lr, mu, steps):
    v, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        g = gradient(theta)
        v = mu * v + g
        theta = theta - lr * (g + mu * v)
        path.append(theta)
    return np.array(path)


ahead = nesterov(gradient, start, 0.25, 0.9, 50)
print(
    "look-ahead points = torch's path:",
    np.allclose(ahead, nesterov_torch(gradient, start, 0.25, 0.9, 50)),
)
result = minimize(
    loss, start, method="nesterov", grad=gradient, lr=0.25, momentum=0.9, steps=50, keep_path=True
)
print("the package walks it, too:       ", np.allclose(ahead, result.history["x"]))

# %% [markdown] id="nesterov-roots-text"
# Along one direction the recursion is again of second order, with
#
# $$r^2 - (1 + \mu)(1 - \mathrm{lr}\,\lambda)\, r + \mu\,(1 - \mathrm{lr}\,\lambda) = 0 .$$
#
# The product of the roots is no longer $\mu$ but $\mu (1 - \mathrm{lr}\,\lambda)$: steep directions get extra damping. The price is a smaller
# region of stability, $\mathrm{lr} < 2(1+\mu) / ((1 + 2\mu)\,\lambda_{\max})$.


# %% id="nesterov-factor"
def nesterov_factor(lr, mu, curvature):
    return largest_root((1 + mu) * (1 - lr * curvature), mu * (1 - lr * curvature))


products = np.linspace(0.001, 4.2, 2000)
figure, axes = panels()
edges = {}
for name, factor, color, marker in (
    ("gradient descent", np.abs(1 - products), ORANGE, "s"),
    ("heavy ball", ball_factor(1, 0.9, products), BLUE, "o"),
    ("Nesterov", nesterov_factor(1, 0.9, products), GREEN, "^"),
):
    axes.plot(products, factor, color=color, marker=marker, markevery=(60, 150), label=name)
    edges[name] = products[factor < 1].max()
axes.axhline(1, color=BLACK, linestyle="--", linewidth=1)
axes.set(ylim=(0, 1.4), xlabel="learning rate times curvature", ylabel="factor of a step")
axes.set_title("Momentum 0.9")
axes.legend()
show(
    figure, "Stable up to: " + ", ".join(f"{name} {edge:.2f}" for name, edge in edges.items()) + "."
)

# %% [markdown] id="nesterov-best-text"
# On a quadratic the best setting of Nesterov's rule is (Lessard, Recht and Packard 2016, table 1)
#
# $$\mathrm{lr} = \frac{4}{3\lambda_{\max} + \lambda_{\min}}, \qquad \mu = \frac{\sqrt{3\kappa + 1} - 2}{\sqrt{3\kappa + 1} + 2}, \qquad
# \text{factor} = 1 - \frac{2}{\sqrt{3\kappa + 1}} .$$

# %% id="nesterov-best"
root = np.sqrt(3 * kappa + 1)
nesterov_lr, nesterov_mu = 4 / (3 * steep + flat), (root - 2) / (root + 2)
searched = np.max([nesterov_factor(rates, momenta[:, None], c) for c in curvatures], axis=0)
factor = 1 - 2 / root
print(f"lr {three(nesterov_lr)}, momentum {three(nesterov_mu)}, factor {three(factor)}")
print("no setting of the search beats it:", searched.min() >= factor)
print(f"steps for a digit: {three(steps_for_a_digit(factor))}, heavy ball {three(fewest)}")

# %% [markdown] id="cycle-text"
# ### Why not always the heavy ball?
#
# Its formula is for quadratics. Here is a convex function of one variable, not a quadratic: its slope grows with 25, then with 1, then with 25
# again. All curvatures lie between 1 and 25, so Polyak's formula gives $\mathrm{lr} = 1/9$ and $\mu = 4/9$. From 3.3 the heavy ball never arrives.
# For Nesterov's rule with $\mathrm{lr} = 1/\lambda_{\max}$ and $\mu = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$ there is a proof that it arrives for every
# such function.


# %% id="cycle" tags=["A20"]
def kinked_slope(x):
    return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))


begin = np.array([3.3])
for name, path in {
    "heavy ball": heavy_ball(kinked_slope, begin, 1 / 9, 4 / 9, 3000),
    "Nesterov": nesterov(kinked_slope, begin, 1 / 25, 4 / 6, 3000),
}.items():
    last = np.round(path[-6:, 0], 2) + 0.0
    print(f"{name:10} steps 2,995 to 3,000:", ", ".join(f"{x:.2f}" for x in last))

# %% [markdown] id="conventions-text"
# ## 6 One name, four conventions
#
# | where | velocity ($g$ is the gradient) | step |
# |---|---|---|
# | torch, this course | $v \leftarrow \mu v + g$ | $\theta \leftarrow \theta - \mathrm{lr}\, v$ |
# | Sutskever et al. 2013, Keras | $v \leftarrow \mu v - \mathrm{lr}\, g$ | $\theta \leftarrow \theta + v$ |
# | average of gradients (as in Adam) | $v \leftarrow \mu v + (1 - \mu)\, g$ | $\theta \leftarrow \theta - \mathrm{lr}\, v$ |
# | torch with `dampening` $=\mu$ | the same, but the *first* $v$ is $g$, undamped | $\theta \leftarrow \theta - \mathrm{lr}\, v$ |
#
# One document says that momentum "computes an estimate of the first moment". That is the third line. The velocity of the first line is a fading
# *sum*, $1/(1-\mu)$ times the average, so the third form needs a rate $1/(1-\mu)$ times larger.


# %% id="conventions" tags=["F04"]
def convention(name, rate, steps=20, mu=0.9):
    """Path on f = x**2 / 2 from 1; `rate` gives the learning rate of step 0, 1, 2, ..."""
    x, v, path = 1.0, 0.0, [1.0]
    for t in range(steps):
        lr, g = rate(t), x
        if name == "torch":
            v, step = mu * v + g, -lr * (mu * v + g)
        elif name == "Sutskever":
            v = step = mu * v - lr * g
        else:
            new = 1.0 if name == "dampening" and t == 0 else 1 - mu
            v, step = mu * v + new * g, -lr * (mu * v + new * g)
        x = x + step
        path.append(x)
    return np.array(path)


torch = convention("torch", lambda t: 0.05)
print(
    "Sutskever's form, same rate:        same path:",
    np.allclose(torch, convention("Sutskever", lambda t: 0.05)),
)
for name in ("average", "dampening"):
    same = np.allclose(torch, convention(name, lambda t: 0.05 / (1 - 0.9)))
    print(f"{name:9} form, rate / (1 - mu): same path:", same)

# %% [markdown] id="change-text"
# The last line is the torch option `dampening`: because its first step is undamped, it is close to the average and not equal to it. And the first
# two forms agree only as long as the rate is *constant*. In Sutskever's form the old steps are stored with their old rate. After the rate has
# dropped, the ball glides on with the old speed. In torch's form the new rate applies to the whole velocity at once.


# %% id="change"
def dropped(t):
    return 0.05 if t < 10 else 0.005


figure, axes = panels()
last = {}
for name, color, marker in (("torch", BLUE, "o"), ("Sutskever", VERMILION, "s")):
    path = convention(name, dropped)
    axes.plot(path, color=color, marker=marker, label=f"{name}'s form")
    last[name] = path[-1]
axes.axvline(10, color=BLACK, linestyle="--", linewidth=1)
axes.text(10.2, 0.8, "rate divided by 10")
axes.set(xlabel="step", ylabel="x", title="f = x²/2, lr = 0.05, then 0.005")
axes.legend(loc="lower left")
show(
    figure,
    f"After 20 steps: torch's form at {last['torch']:.2f}, Sutskever's at {last['Sutskever']:.2f}.",
)

x, rule = np.array([1.0]), Momentum(lr=dropped, momentum=0.9)
for _ in range(20):
    rule.step_(x, x.copy())
print(f"the package, given the rate as a function of the step, is at {x[0]:.2f}")

# %% [markdown] id="documents-text"
# ## 7 What the documents print
#
# One document poses the task `momentum_optimization(W, learning_rate, momentum)`, "return the updated parameters". Nobody can solve it: there is no
# gradient to act on and no velocity to carry over. Its answer, for a gradient given as `theta_grad`, is this. The explanation below it begins with
# "1. initialize the velocity".

# %% id="documents" tags=["C06", "C14", "P30", "Q07"]
theta, theta_grad = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3])


def momentum_update(theta, theta_grad, alpha, gamma):
    velocity = gamma * velocity - alpha * theta_grad
    theta = theta + velocity
    return theta, velocity


try:
    momentum_update(theta, theta_grad, 0.01, 0.9)
except UnboundLocalError as error:
    print("UnboundLocalError:", str(error).split(" where")[0])


def repaired(theta, theta_grad, velocity, alpha, gamma):
    velocity = gamma * velocity - alpha * theta_grad
    return theta + velocity, velocity


print("repaired:", *repaired(theta, theta_grad, np.zeros(3), 0.01, 0.9))

# %% [markdown] id="formula-text"
# With the velocity passed in and out, the code is Sutskever's form, and right. The formula printed above it is another one:
#
# $$\theta \leftarrow \theta - \alpha\, \frac{g}{\sqrt{1 - \gamma^2}} .$$
#
# There is no velocity in it, so nothing is remembered. For $\gamma = 0.9$ it is gradient descent with a rate 2.29 times larger, and it has the
# limit of gradient descent.

# %% id="formula" tags=["F03"]
gamma = 0.9
factor = 1 / np.sqrt(1 - gamma**2)
theta = start
for _ in range(100):
    theta = theta - 0.1 * gradient(theta) / np.sqrt(1 - gamma**2)
plain = minimize(
    loss, start, method="gd", grad=gradient, lr=0.1 * factor, steps=100, keep_path=True
)
print(f"the factor is {factor:.2f}")
print("the formula is gradient descent with that rate:", np.allclose(theta, plain.history["x"][-1]))
print("it is the heavy ball:", np.allclose(theta, heavy_ball(gradient, start, 0.1, gamma, 100)[-1]))

# %% [markdown] id="gain-text"
# ### Where the root comes from
#
# The root belongs to a right formula, for another question. Feed the velocity with pure noise: independent numbers of mean 0 and variance 1. In the
# sum, the variances $1, \mu^2, \mu^4, \dots$ add up to $1/(1-\mu^2)$. So $1/\sqrt{1-\mu^2}$ is the **standard deviation of the velocity under
# noise**. A *constant* gradient adds up without roots, $1 + \mu + \mu^2 + \dots$, to the **gain**
#
# $$\frac{1}{1 - \mu} .$$

# %% id="gain" tags=["F03", "F04"]
noise = np.array([np.random.default_rng(seed).standard_normal(20_000) for seed in range(10)]).T
velocities, v, constant = np.empty_like(noise), np.zeros(10), 0.0
for t, drawn in enumerate(noise):
    v = 0.9 * v + drawn
    constant = 0.9 * constant + 1.0
    velocities[t] = v
deviations = velocities[100:].std(axis=0)
print(
    f"under noise, deviation of the velocity, 10 seeds: {deviations.min():.2f} to {deviations.max():.2f}"
)
print(f"                              1 / sqrt(1 - mu^2): {1 / np.sqrt(1 - 0.9**2):.2f}")
print(f"under a constant gradient 1, velocity:            {constant:.2f}")
print(f"                              1 / (1 - mu):       {1 / (1 - 0.9):.2f}")

# %% [markdown] id="gain-after"
# Learn the second number by heart. On a gentle slope, momentum 0.9 moves ten times as fast as its rate says; $\mathrm{lr}/(1-\mu)$ is called the
# **effective rate**. When you raise the momentum from 0.9 to 0.99, divide the rate by ten, or you will have changed two things at once.

# %% [markdown] id="not-text"
# ## 8 What momentum does not do
#
# **It is not gradient-free.** The documents list it so. The rule adds up whatever it is fed, and what it is fed decides. The same object, fed with
# slopes from values, is gradient-free; with the gradient it is not. (Another document puts the loss, an automatic gradient and the update into one
# class `NoGradientOptimizer`. Keep the three apart: the objective answers, something makes a gradient or an estimate of it, the rule moves.) The
# package's `Objective` counts what it is asked (lesson [01](01_what_gradient_free_means.ipynb)).


# %% id="not-free" tags=["A18", "C04"]
def slopes_from_values(oracle, theta, h=1e-4):
    return np.array(
        [(oracle(theta + e) - oracle(theta - e)) / (2 * h) for e in h * np.eye(theta.size)]
    )


ends = []
for name, ask in {
    "the gradient": lambda oracle, theta: oracle.gradient(theta),
    "slopes from values": slopes_from_values,
}.items():
    oracle, rule, theta = (
        Objective(loss, grad=gradient),
        Momentum(lr=0.25, momentum=0.9),
        start.copy(),
    )
    for _ in range(50):
        rule.step_(theta, ask(oracle, theta))
    ends.append(theta)
    print(f"fed with {name:18}: {oracle.values:5} values and {oracle.gradients:2} gradients asked")
print("both end at the same point:", np.allclose(*ends, atol=1e-4))

# %% [markdown] id="minima-text" tags=["A27"]
# **It does not protect from local minima.** A document says that it "reduces the risk" of them. The ball does roll over small hills. It also rolls
# *out of* the better valley, because it knows nothing beyond the gradient where it is. Here are two valleys, the left one lower, and 401 starts.


# %% id="minima" tags=["A27"]
def hilly(x):
    return (x**2 - 1) ** 2 + 0.3 * x


def hilly_slope(x):
    return 4 * x * (x**2 - 1) + 0.3


starts = np.linspace(-2, 2, 401)
in_left = {mu: heavy_ball(hilly_slope, starts, 0.01, mu, 3000)[-1] < 0 for mu in (0, 0.9)}
won, lost = np.sum(~in_left[0] & in_left[0.9]), np.sum(in_left[0] & ~in_left[0.9])

# %% id="minima-figure" tags=["A27"]
figure, (hills, table) = panels(1, 2, width=8.4)
hills.plot(starts, hilly(starts), color=BLACK, marker="")
hills.set(xlabel="x", ylabel="f", title="Two valleys")
for mu, height in ((0, 0), (0.9, 1)):
    for chosen, color, size in ((in_left[mu], GREEN, 26), (~in_left[mu], PURPLE, 10)):
        ticks = {"markersize": size, "markeredgecolor": color}
        table.plot(starts[chosen], height + 0 * starts[chosen], "|", color=color, **ticks)
table.set(yticks=[0, 1], yticklabels=["momentum 0", "momentum 0.9"], ylim=(-0.6, 1.6))
table.set(xlabel="start", title="Ends left (tall, green) or right")
show(
    figure,
    f"With momentum {won} of 401 starts change to the better valley and {lost} to the worse one.",
)

# %% [markdown] id="minima-after"
# Half right, then: the deeper valley gains a little, and no single start can rely on it.
#
# ## 9 Momentum and noise
#
# Lesson [03](03_stochastic_gradients.ipynb) left a jitter: with a constant rate, SGD does not settle. Momentum adds many gradients up, so it should average the noise away, and the
# documents say that it makes updates "more stable". Does it? Three runs on the patients with batches of 8, each with the same ten sequences of
# batches.


# %% id="noise"
batches = np.array(
    [np.random.default_rng(seed).integers(len(y), size=(2000, 8)) for seed in range(10)]
)
best_theta = linear.normal_equation(X, y)


def noisy(lr, mu):
    """Half-MSE above the lowest, shape (2000 steps, 10 seeds)."""
    theta, v, above = np.zeros((10, 11)), np.zeros((10, 11)), []
    for t in range(2000):
        A, targets = X[batches[:, t]], y[batches[:, t]]
        residuals = np.einsum("sbd,sd->sb", A, theta) - targets
        v = mu * v + np.einsum("sb,sbd->sd", residuals, A) / 8
        theta = theta - lr * v
        gap = theta - best_theta
        above.append(np.einsum("sd,de,se->s", gap, H, gap) / 2)
    return np.array(above)


settings = {
    "SGD, lr 0.02": (0.02, 0.0),
    "momentum 0.9, lr 0.02": (0.02, 0.9),
    "momentum 0.9, lr 0.002": (0.002, 0.9),
}
runs = {name: noisy(lr, mu) for name, (lr, mu) in settings.items()}

# %% id="noise-figure" tags=["A27"]
figure, axes = panels(width=6.4, height=3.6)
steps = np.unique(np.geomspace(1, 2000, 80).astype(int))
for (name, above), color, marker in zip(runs.items(), (ORANGE, VERMILION, BLUE), "sDo"):
    drawn, style = above[steps - 1], {"color": color, "marker": marker, "markevery": 6}
    axes.loglog(steps, np.median(drawn, axis=1), label=name, **style)
    axes.fill_between(steps, drawn.min(axis=1), drawn.max(axis=1), color=color, alpha=0.2)
axes.set(xlabel="step", ylabel="half-MSE above the lowest")
axes.set_title("Batches of 8, median and range of ten seeds")
axes.legend()
jitter = {name: three(np.median(above[1000:].mean(axis=0))) for name, above in runs.items()}
listed = "; ".join(f"{name}: {value}" for name, value in jitter.items())
show(figure, f"Mean excess, last 1,000 steps - {listed}.")

# %% [markdown] id="noise-after"
# At the same rate momentum makes the excess about eight times larger, not smaller. At the same *effective* rate, 0.002 / (1 - 0.9) = 0.02, it
# does what SGD does, in speed and in jitter. The velocity is indeed smoother, compared with its mean, than a single gradient. But each gradient, with its
# noise, stays in it for about $1/(1-\mu)$ steps and moves the parameters by $\mathrm{lr}/(1-\mu)$ times itself in the end. Averaging that is paid
# back in full is no averaging.
#
# For one direction of curvature $\lambda$ and gradient noise of variance $s^2$ the jitter can be computed. We check it with the noise of section 7:
#
# $$\mathrm{Var}(x) = \frac{\mathrm{lr}}{1-\mu} \cdot \frac{s^2}{\lambda} \cdot \frac{1 + \mu}{2 (1 + \mu) - \mathrm{lr}\,\lambda} .$$
#
# For small rates the last factor is 1/2, and only the effective rate is left.

# %% id="jitter"
for mu in (0, 0.5, 0.9, 0.99):
    lr = 0.05 * (1 - mu)
    x, v, squares = np.zeros(10), np.zeros(10), []
    for drawn in noise:
        v = mu * v + x + drawn
        x = x - lr * v
        squares.append(x**2)
    measured = np.mean(squares[2000:])
    formula = lr / (1 - mu) * (1 + mu) / (2 * (1 + mu) - lr)
    close = abs(measured / formula - 1) < 0.1
    print(
        f"momentum {mu:4}, effective rate 0.05: variance {formula:.4f}, measured within 10 %: {close}"
    )

# %% [markdown] id="jitter-after"
# So where noise dominates and steps are small, momentum is another way to write a larger rate (Kidambi et al. 2018; Wang et al. 2024). What helps
# against the jitter is what helped in lesson [03](03_stochastic_gradients.ipynb): a falling rate or a larger batch. Momentum earns its keep where the *valley* dominates, that is
# with large batches or full gradients (Shallue et al. 2019), because there it allows effective rates that gradient descent cannot take:

# %% id="effective"
ball_limit = 2 * (1 + 0.9) / steep / (1 - 0.9)
print(
    f"largest stable effective rate: without {three(2 / steep)}, momentum 0.9 {three(ball_limit)}"
)

# %% [markdown] id="compare-text"
# ## 10 Compared by evaluations
#
# Full gradients, each charged as 3 evaluations, the same start. Three methods run with the best setting that their formula gives for the curvatures
# of the data. The two others are habits: gradient descent with $\mathrm{lr} = 1/\lambda_{\max}$, and momentum 0.9 with the same rate. We count
# until the excess *stays* below a share of its first value.


# %% id="compare-settings"
def settings_for(low, high):
    """Method, rate, options, color and marker for the smallest and the largest curvature."""
    k, root = np.sqrt(high / low), np.sqrt(3 * high / low + 1)
    ball_lr, ball_mu = 4 / (high**0.5 + low**0.5) ** 2, ((k - 1) / (k + 1)) ** 2
    ahead_lr, ahead_mu = 4 / (3 * high + low), (root - 2) / (root + 2)
    return {
        "best GD": ("gd", 2 / (high + low), {}, ORANGE, "s"),
        "usual GD": ("gd", 1 / high, {}, VERMILION, "v"),
        "best heavy ball": ("momentum", ball_lr, {"momentum": ball_mu}, BLUE, "o"),
        "best Nesterov": ("nesterov", ahead_lr, {"momentum": ahead_mu}, GREEN, "^"),
        "usual heavy ball": ("momentum", 1 / high, {"momentum": 0.9}, PURPLE, "D"),
    }


# %% id="compare"
def race_on(A, b, title, steps=1600):
    """Draw the excess against evaluations; return evaluations until it stays below three goals."""
    low, high = np.linalg.eigvalsh(A.T @ A / len(A))[[0, -1]]
    problem = (lambda theta: linear.half_mse(theta, A, b)), np.zeros(A.shape[1])
    bottom_value, asked = problem[0](linear.normal_equation(A, b)), 3 * np.arange(steps + 1)
    figure, axes = panels(width=6.4, height=4)
    found = {}
    for name, (method, lr, more, color, marker) in settings_for(low, high).items():
        more = {"grad": lambda theta: linear.half_mse_gradient(theta, A, b), "lr": lr, **more}
        run = minimize(*problem, method=method, steps=steps, **more)
        excess = run.history["value"] - bottom_value
        share = excess / excess[0]
        label = f"{name}: lr {lr:.3f}, momentum {more.get('momentum', 0):.2f}"
        shown = np.arange(1, np.flatnonzero(share > 1e-8)[-1] + 1)
        style = {"color": color, "marker": marker, "markevery": 0.1}
        axes.loglog(asked[shown], share[shown], label=label, **style)
        found[name] = [asked[np.flatnonzero(share >= g)[-1] + 1] for g in (1e-2, 1e-4, 1e-6)]
    axes.set(ylim=(1e-9, 30), ylabel="share of the excess left", title=title)
    axes.set_xlabel("evaluations (a gradient counts as 3)")
    axes.legend(loc="lower left", fontsize=9)
    return figure, found


# %% id="compare-patients"
def say(figure, found):
    """Show the figure; below it, the evaluations until three shares of the excess are left."""
    text = {
        name: [f"{round(n, -1) if n > 999 else n:,}" for n in row] for name, row in found.items()
    }
    last = ", ".join(f"{name} {row[-1]}" for name, row in text.items() if "best" in name)
    show(figure, f"Evaluations until a millionth is left: {last}.")
    print(f"{'evaluations until':18}{'1 %':>8}{'0.01 %':>8}{'a millionth':>13}")
    for name, (first, second, third) in text.items():
        print(f"{name:18}{first:>8}{second:>8}{third:>13}")


say(*race_on(X, y, f"Patients, condition number {three(kappa)}"))

# %% id="compare-houses" tags=["machine"]
try:
    houses = data.ames_houses()
except data.MissingDataError as missing:
    print(missing)
else:
    scaled = (houses.data - houses.data.mean(axis=0)) / houses.data.std(axis=0)
    A = np.column_stack([np.ones(len(scaled)), scaled])
    title = f"House prices, condition number {three(np.linalg.cond(A) ** 2)}"
    say(*race_on(A, houses.target, title))

# %% [markdown] id="compare-after"
# Read it from both ends. To a millionth, momentum wins by a factor of ten on the patients. To the first percent, plain descent with a modest rate
# is ahead of everybody, and the "optimal" heavy ball comes late, because of the factor $t$ of section 4. "Best" means: in the long run. On the
# houses the condition number is small and 0.9 is too much, worse than no momentum at all. So the setting depends on $\kappa$, and for a neural
# network $\kappa$ is neither known nor constant: there the two numbers are tuned, like the rate in lesson
# [03](03_stochastic_gradients.ipynb).

# %% [markdown] id="network-text"
# ### The same lines train a network
#
# The documents ask for a network trained with momentum; their listing never keeps a velocity, never changes a weight, and has random numbers as
# targets. A rule does not care what the model is: it needs a parameter vector and a gradient. Here is one hidden layer of 8 units on the patients.
# Lesson [06](06_neural_networks.ipynb) explains the backward pass; here we only check it against values.


# %% id="network" tags=["C09", "Q10"]
target = (y - y.mean()) / y.std()


def network(theta):
    """Half-MSE of a network 10-8-1 and its gradient; theta holds all 97 weights."""
    W, b, u, c = theta[:80].reshape(10, 8), theta[80:88], theta[88:96], theta[96]
    hidden = np.tanh(Z @ W + b)
    residuals = hidden @ u + c - target
    back = np.outer(residuals, u) * (1 - hidden**2)
    parts = (Z.T @ back).ravel(), back.sum(axis=0), hidden.T @ residuals, [residuals.sum()]
    return residuals @ residuals / 2 / len(y), np.concatenate(parts) / len(y)


weights = [0.3 * np.random.default_rng(seed).standard_normal(97) for seed in range(10)]
numeric = slopes_from_values(lambda theta: network(theta)[0], weights[0])
print("values confirm the gradient:", np.allclose(numeric, network(weights[0])[1], atol=1e-6))

# %% id="network-train" tags=["C09", "Q10"]
for mu in (0, 0.9):
    reached = {}
    for lr in (0.2, 0.35, 0.5, 0.7, 1.0):
        ends = [
            heavy_ball(lambda theta: network(theta)[1], begin, lr, mu, 200)[-1] for begin in weights
        ]
        reached[lr] = np.sort([2 * network(theta)[0] for theta in ends])
    lr = min(reached, key=lambda rate: np.max(reached[rate]))
    low, middle, high = (three(value) for value in np.quantile(reached[lr], (0, 0.5, 1)))
    print(
        f"momentum {mu:3}, best rate {lr}: training MSE {middle} ({low} to {high}), 10 seeds, 200 steps"
    )

# %% [markdown] id="network-after"
# The mean of the targets alone would give 1. Each rule had the same five rates to choose from, by its worst seed. This is *training* error, on
# which lesson [02](02_linear_regression.ipynb) had its say: a network that fits these few patients better does not predict new ones better.

# %% [markdown] id="quick"
# ## 11 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-free"
# **Quick question.** "Momentum is gradient-free: its step uses a running sum, not the gradient." Is it?
#
# - [ ] Yes, the step follows the velocity.
#   The velocity is a sum *of gradients*. Somebody has to ask for each of them.
# - [ ] Yes, if the loop runs under `torch.no_grad()`.
#   That stops the library from recording operations. The gradient was computed all the same, or there is nothing to add up.
# - [x] It depends on what the rule is fed with.
#   With exact gradients it is first-order, as everywhere in the documents. With slopes from values it is gradient-free.

# %% [markdown] id="quick-gain"
# **Quick question.** A run with momentum 0.9 and rate 0.01 works well. You want momentum 0.99, and the same speed on gentle slopes. Which rate?
#
# - [ ] 0.01, as before.
#   On a gentle slope the steps would be ten times as long.
# - [x] 0.001.
#   The effective rate is lr / (1 - momentum): 0.01 / 0.1 = 0.001 / 0.01.
# - [ ] About 0.0032, because of the root.
#   With $1/\sqrt{1-\mu^2}$ it would be about 0.0032. That root is the deviation of the velocity under noise, not the gain.

# %% [markdown] id="quick-kappa"
# **Quick question.** The condition number is 10,000. About how many times fewer steps for a digit does the best heavy ball need than the best
# gradient descent?
#
# - [ ] 10 times
#   That would be the gain for a condition number of 100.
# - [x] 100 times
#   The steps grow like $\kappa$ without momentum and like $\sqrt\kappa$ with it.
# - [ ] 10,000 times
#   Then the valley would not matter at all. Momentum takes the root of $\kappa$, it does not remove it.

# %% [markdown] id="quick-noise"
# **Quick question.** SGD jitters around the lowest point. You add momentum 0.9 and leave the rate as it is. What does the jitter do?
#
# - [ ] It shrinks, because the velocity averages the gradients.
#   The velocity is a sum. The average would need the factor $1 - \mu$, and that is a ten times smaller rate.
# - [ ] It stays: momentum acts on the mean only.
#   Each noisy gradient moves the parameters by lr / (1 - momentum) times itself in the end.
# - [x] It grows: the excess becomes eight to ten times larger.
#   The effective rate is ten times larger, and for small rates the excess is proportional to it. Section 9 measured eight.

# %% [markdown] id="quick-minima"
# **Quick question.** Does momentum protect from local minima?
#
# - [ ] Yes, the ball rolls over the hills.
#   Over small ones, if it comes fast enough; and it rolls out of good valleys, too.
# - [x] No. It changes which minimum is reached, for better or for worse.
#   In section 8 it won 40 starts of 401 and lost 24.
# - [ ] No, it always ends where gradient descent ends.
#   It has its own basins. For 64 of 401 starts the end was another one.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Momentum steps along a fading sum of gradients: it cancels what alternates and collects what persists.
# 2. On a quadratic, steps for a digit grow like $\sqrt\kappa$ instead of $\kappa$, with $\mathrm{lr} = 4/(\sqrt{\lambda_{\max}} + \sqrt{\lambda_{\min}})^2$ and
#    $\sqrt\mu = (\sqrt\kappa - 1)/(\sqrt\kappa + 1)$; stable for $\mathrm{lr} < 2(1+\mu)/\lambda_{\max}$.
# 3. Nesterov's rule takes the gradient ahead; libraries store the look-ahead point. It damps steep directions and bears smaller rates.
# 4. A constant gradient is amplified by $1/(1-\mu)$; $1/\sqrt{1-\mu^2}$ is the deviation of the velocity under noise. Conventions part when the rate changes.
# 5. No protection from local minima, no cure for noise, not gradient-free: with small noisy steps it is a larger rate.
#
# ## Exercise
#
# Four questions, about 35 minutes: copy it with `start_exercise("04")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/04_momentum.ipynb](../exercises/04_momentum.ipynb). **Next:** [05 Adaptive steps](05_adaptive_steps.ipynb). One rate still serves all
# directions; what if each had its own?

# %% [markdown] id="sources"
# ## Sources
#
# - B. T. Polyak, *Some methods of speeding up the convergence of iteration methods*, USSR Computational Mathematics and Mathematical Physics 4 (1964),
#   [doi:10.1016/0041-5553(64)90137-5](https://doi.org/10.1016/0041-5553(64)90137-5): the heavy ball and its best setting.
# - Y. Nesterov, *A method of solving a convex programming problem with convergence rate O(1/k²)*, Soviet Mathematics Doklady 27 (1983), 372-376; for the proofs his
#   *Lectures on Convex Optimization* (2018), [doi:10.1007/978-3-319-91578-4](https://doi.org/10.1007/978-3-319-91578-4), section 2.2.
# - I. Sutskever, J. Martens, G. Dahl, G. Hinton, *On the importance of initialization and momentum in deep learning*, ICML, PMLR 28 (2013), 1139-1147.
# - L. Lessard, B. Recht, A. Packard, *Analysis and design of optimization algorithms via integral quadratic constraints*, SIAM Journal on Optimization 26 (2016),
#   [doi:10.1137/15M1009597](https://doi.org/10.1137/15M1009597): best settings, and the function of section 5.
# - G. Goh, *Why momentum really works*, Distill (2017), [doi:10.23915/distill.00006](https://doi.org/10.23915/distill.00006): with sliders.
# - R. Kidambi, P. Netrapalli, P. Jain, S. Kakade, *On the insufficiency of existing momentum schemes for stochastic optimization* (2018),
#   [arXiv:1803.05591](https://arxiv.org/abs/1803.05591).
# - C. J. Shallue et al., *Measuring the effects of data parallelism on neural network training*, Journal of Machine Learning Research 20 (2019),
#   [arXiv:1811.03600](https://arxiv.org/abs/1811.03600).
# - R. Wang, S. Malladi, T. Wang, K. Lyu, Z. Li, *The marginal value of momentum for small learning rate SGD* (2024),
#   [arXiv:2307.15196](https://arxiv.org/abs/2307.15196).
