# %% [markdown] id="title"
# # 10 Gradients from values
#
# **Promise.** Train a classifier of real digits with no derivative anywhere, from two losses a step. You will be able to say before you start how noisy
# such a gradient is, how many evaluations it will cost, and when it is worth them.
#
# **You will be able to**
#
# - choose the step of a finite difference, and say why the smallest one is the worst;
# - write a gradient estimate that takes two values in any dimension: by signs (SPSA), normal directions or a sphere;
# - predict its error from the dimension and the number of directions;
# - feed it into the rules of lessons 02 to 05, and know what Adam gains and loses there;
# - tell when the price is the dimension and when it is the effective rank, a much smaller number.
#
# **Time** 90 minutes. **Needs** lessons [05](05_adaptive_steps.ipynb) and [06](06_neural_networks.ipynb).

# %% id="setup"
import numpy as np
from scipy.optimize import approx_fprime
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from ngo_lesson.models import mlp
from ngo_lesson.optimize.functions import LANDSCAPES
from ngo_lesson.optimize.gradients import SPSA, Central, Forward, ForwardGradient, Gaussian, Sphere
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import GD, Adam, Sign
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import dots, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# The searches of lessons [07](07_random_search.ipynb) to [09](09_genetic_algorithms.ipynb) compare values, and throw away *how much* they differ. Here we use that.
#
# Somebody gives you a model as a closed box: 1,210 numbers go in, one loss comes out. Inside is the network 64-16-10 of lesson [06](06_neural_networks.ipynb) with 200 scanned
# digits, but you may not look. No formula, no backward pass. In which direction should the 1,210 numbers move?
#
# You can *try*. Go from the parameters $\theta$ along some direction $u$, and look at the loss on the way.

# %% id="question"
X, y = load_digits(return_X_y=True)
train, test, label, test_label = train_test_split(X / 16, y, random_state=0, stratify=y)
sizes, few = (64, 16, 10), (train[:200], label[:200])
theta = mlp.initialize(sizes, "xavier", rng=0)


def loss(theta):
    return mlp.loss(theta, sizes, *few, "tanh")


rng = np.random.default_rng(0)
figure, axes = panels()
far, slopes = np.linspace(-0.5, 0.5, 41), []
for color, marker in zip((BLUE, VERMILION, GREEN), "osD", strict=True):
    u = rng.standard_normal(theta.size)
    slopes.append((loss(theta + 1e-4 * u) - loss(theta - 1e-4 * u)) / 2e-4)
    values = [loss(theta + s * u) for s in far]
    axes.plot(far, values, color=color, marker=marker, label=f"slope {slopes[-1]:.2f}")
axes.set(xlabel="way along the direction", ylabel="loss", title="Three random directions")
axes.legend()
listed = ", ".join(f"{slope:.2f}" for slope in slopes)
show(figure, f"Loss here {three(loss(theta))}; slopes along three random directions: {listed}.")

# %% [markdown] id="question-after"
# Two values, one on each side, give the **slope along one direction**, the directional derivative $\nabla f(\theta)^\top u$. One number, where the
# gradient has 1,210. This lesson is about what can be done with such numbers, and at which price.
#
# One of the documents has another idea: use the prediction *error* as the direction. Lesson [01](01_what_gradient_free_means.ipynb) took it apart; an error has no direction in the space of
# the parameters. Here is its listing once more, "gradient-free GPT-3", with the same sizes, repaired in a gradient-free way: perturb and
# compare.


# %% id="repair" tags=["C20", "A29", "Q26"]
data_rng = np.random.default_rng(3)
features, targets = data_rng.random((100, 100)), data_rng.random(100)


def squared_error(w):
    return np.mean((features @ w - targets) ** 2)


direct, tried = np.zeros(100), np.zeros(100)
for _ in range(300):
    direct = direct + 0.01 * (features @ direct - targets)
    u = data_rng.standard_normal(100)
    slope = (squared_error(tried + 1e-4 * u) - squared_error(tried - 1e-4 * u)) / 2e-4
    tried = tried - 1e-4 * slope * u
print(f"at the start                 {three(squared_error(np.zeros(100)))}")
print(f"the listing's error, 300 x   {three(squared_error(direct))}")
print(f"perturb and compare, 300 x   {three(squared_error(tried))}")

# %% [markdown] id="differences-text"
# ## 2 One coordinate at a time
#
# The oldest way goes along each coordinate $e_i$ in turn. **Forward differences** share one value, **central differences** take two for each coordinate:
#
# $$g_i = \frac{f(x + h e_i) - f(x)}{h} \quad (d + 1 \text{ values}), \qquad g_i = \frac{f(x + h e_i) - f(x - h e_i)}{2h} \quad (2d \text{ values}).$$


# %% id="differences"
def forward(f, x, h):
    here = f(x)
    return np.array([(f(x + step) - here) / h for step in h * np.eye(x.size)])


def central(f, x, h):
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(x.size)])


def relative_error(estimate, true):
    return np.linalg.norm(estimate - true) / np.linalg.norm(true)


true_gradient = mlp.loss_and_gradient(theta, sizes, *few, "tanh")[1].copy()
for f, h, bound in ((forward, 1e-8, 1e-5), (central, 1e-5, 1e-7)):
    error = relative_error(f(loss, theta, h), true_gradient)
    print(f"{f.__name__:8} h = {h:.0e}: relative error below {bound:.0e}: {error < bound}")

# %% [markdown] id="differences-package-text"
# The package has both as **estimators**: objects with `gradient(fun, x, rng)`, and with `evaluations(d)`, the price. SciPy has the first one too.

# %% id="differences-package" tags=["R07"]
g = Forward().gradient(loss, theta)
print("package and own agree:  ", np.allclose(g, forward(loss, theta, 1.5e-8), atol=1e-6))
print("SciPy agrees:           ", np.allclose(g, approx_fprime(theta, loss), atol=1e-6))
print(f"values for one gradient: {Forward().evaluations(1210)} or {Central().evaluations(1210)}")

# %% [markdown] id="step-text"
# ### Which step?
#
# The formula is exact in the limit $h \to 0$, so take the smallest $h$? A computer keeps about 16 digits (float64) or 7 (float32) of each value:
# relative precision $\varepsilon = 2 \cdot 10^{-16}$ or $10^{-7}$. When $h$ is tiny, both values agree in almost all their digits, and the difference
# consists of rounding. Two errors pull in opposite ways, here for the slope along one direction:
#
# $$\text{forward: } \underbrace{\tfrac{h}{2} |f''|}_{\text{formula}} + \underbrace{\frac{\varepsilon |f|}{h}}_{\text{rounding}}, \qquad
# \text{central: } \tfrac{h^2}{6} |f'''| + \frac{\varepsilon |f|}{h} .$$
#
# Constants left out, the sums are smallest at $h \approx \varepsilon^{1/2}$ and $h \approx \varepsilon^{1/3}$. With the best $h$, forward differences
# keep half of the digits and central ones two thirds.
#
# ### Explore: too small, too large
#
# The slope of the network's loss along one direction, against backpropagation. Rounding depends on the size of $f$ itself, so you may add a constant to
# the loss, which changes no slope. **Goal:** a relative error below $10^{-6}$ although 1,000 is added to the loss. First find the best $h$ of all four
# pairs of formula and precision with nothing added. Then raise the constant: to which side does the best $h$ move?

# %% id="step-values"
along = np.random.default_rng(1).standard_normal(theta.size)
along /= np.linalg.norm(along)
exact_slope = true_gradient @ along
step_grid = np.geomspace(1e-14, 1, 85)


def loss_along(step, real):
    """The loss at theta + step * along, all in the given precision."""
    point = (theta + step * along).astype(real)
    return mlp.loss(point, sizes, few[0].astype(real), few[1], "tanh")


sampled = {
    name: np.array([[loss_along(s * h, real) for s in (-1, 0, 1)] for h in step_grid], dtype=real)
    for name, real in (("float64", np.float64), ("float32", np.float32))
}


# %% id="step-error"
def step_error(h, formula, precision, added):
    values = sampled[precision] + sampled[precision].dtype.type(float(added))
    top, bottom = values[:, 2], values[:, 0 if formula == "central" else 1]
    width = step_grid * (2 if formula == "central" else 1)
    errors = np.abs((top.astype(float) - bottom.astype(float)) / width / exact_slope - 1)
    here = np.argmin(np.abs(np.log(step_grid / h)))
    equal = -np.log10(max(abs(float(top[here]) / float(bottom[here]) - 1), 1e-17))
    data = {"curve": (step_grid, errors.clip(1e-12, 1e9)), "here": ([h], [errors[here]])}
    sentence = f"{formula}, {precision}, h = {h:.0e}: relative error {errors[here]:.0e}. "
    sentence += f"The two values agree in {equal:.0f} digits."
    return data, sentence, bool(errors[here] < 1e-6 and float(added) >= 1000)


# %% id="step-explorer"
figure, axes = panels(height=4)
axes.set(xscale="log", yscale="log", xlim=(1e-14, 1), ylim=(1e-11, 1e4))
axes.set(xlabel="step h", ylabel="relative error of the slope")
axes.axhline(1e-6, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "curve": line(axes, "all steps", color=BLUE, marker="o", markevery=4),
    "here": dots(axes, "your step", color=VERMILION, marker="D", markersize=10),
}
axes.legend(loc="upper right")
stepper = Explorer(
    step_error,
    figure,
    moving,
    {
        "h": slider("step h", 1e-14, 1, 0.1, log=True, ticks={1.5e-8: "√ε", 6e-6: "∛ε"}),
        "formula": choice("formula", ["forward", "central"]),
        "precision": choice("precision", ["float64", "float32"]),
        "added": choice("added to the loss", ["0", "1000", "1000000"]),
    },
    title="Too small, too large",
    goal="a relative error below 1e-6 with at least 1,000 added to the loss",
    play="h",
)
stepper

# %% [markdown] id="step-goal-text"
# Three tries with the constant. Put yours in.

# %% id="step-goal"
for formula, h in (("forward", 1.5e-8), ("central", 1e-7), ("central", 1e-3)):
    shown = stepper.at(formula=formula, h=h, added="1000")
    print(f"{formula} with h = {h:.0e}: goal reached: {shown.reached}")

# %% [markdown] id="step-after"
# The curve is a U, and its left arm is rounding. "The smaller the better" is wrong by many orders of magnitude: at $h = 10^{-14}$ the forward slope has
# no right digit left. The constants that the two roots leave out are real, too: here, in float64, the best steps are about twenty times larger than
# $\sqrt\varepsilon$ and $\sqrt[3]\varepsilon$. With a large constant in the loss the rounding grows, and the best step moves to the right. In float32, in which
# networks are trained, no step gives more than four or five digits, and $h = 10^{-4}$ gives two.
#
# ## 3 One random direction
#
# For the 1,210 parameters one central gradient costs 2,420 values. Can we do with fewer? Draw *one* direction $u$ with random entries, independent, of
# mean 0 and variance 1. Measure the slope along it, and answer with a vector along $u$:
#
# $$\hat g = \frac{f(x + h u) - f(x - h u)}{2h}\; u \;\approx\; (\nabla f^\top u)\, u = u u^\top \nabla f, \qquad \mathbb{E}[u u^\top] = I .$$
#
# Two values, in any dimension, give this **gradient estimate**. And **on average** $\hat g$ is the gradient, because $u u^\top$ is the identity on average. With random signs $\pm 1$
# for $u$ this is **SPSA** (Spall 1992): *simultaneous perturbation*, all coordinates move at once. With normal entries it is the estimate of Nesterov
# and Spokoiny (2017).


# %% id="estimate"
def estimate(f, x, h, U):
    """Mean of the estimates along the rows of U, of shape (n, d); 2 n values."""
    slopes = np.array([(f(x + h * u) - f(x - h * u)) / (2 * h) for u in U])
    return slopes @ U / len(U)


def cosine(a, b):
    return abs(a @ b) / np.linalg.norm(a) / np.linalg.norm(b)


U = np.random.default_rng(5).standard_normal((3000, theta.size))
g = estimate(loss, theta, 1e-4, U[:1])
exact = (true_gradient @ U[0]) * U[0]
print(f"two values give the slope along u: {np.allclose(g, exact, rtol=1e-3)}")
mean = true_gradient @ U.T @ U / len(U)
print(f"cosine of the angle to the gradient: one estimate {cosine(g, true_gradient):.2f}, ", end="")
print(f"mean of 3,000 {cosine(mean, true_gradient):.2f}")

# %% [markdown] id="cosine-text"
# So a single estimate is nearly at a *right angle* to the gradient. It must be: it lies along $u$, and in $d$ dimensions a random direction has a
# cosine of about $\sqrt{2 / (\pi d)}$ with any given one. What is right about it is the sign: along $u$ it always points uphill.

# %% id="cosine"
draw = np.random.default_rng(6)
for d in (10, 100, 1000, 10_000):
    one = draw.standard_normal((500, d))
    measured = np.mean(np.abs(one[:, 0]) / np.linalg.norm(one, axis=1))
    close = abs(measured / np.sqrt(2 / np.pi / d) - 1) < 0.1
    print(f"d = {d:6,}: formula {three(np.sqrt(2 / np.pi / d))}, measured within 10 %: {close}")

# %% [markdown] id="package-text"
# The package draws signs (`SPSA`), normal directions (`Gaussian`) or points of a sphere (`Sphere`). `n` is the number of directions, `step` is $h$.
# With `two_sided=False` all directions share one value $f(x)$, $n + 1$ values in all.

# %% id="package"
normal = np.random.default_rng(8).standard_normal((5, theta.size))
g = Gaussian(n=5, step=1e-4).gradient(loss, theta, np.random.default_rng(8))
print("package and own agree:", np.allclose(g, estimate(loss, theta, 1e-4, normal)))
print("values for d = 1,210: ", [make(n=5).evaluations(1210) for make in (SPSA, Gaussian, Sphere)])
print("one-sided:            ", Gaussian(n=5, two_sided=False).evaluations(1210))

# %% [markdown] id="divide-text"
# ### Signs may be divided by, normal numbers not
#
# Spall writes the estimate with a division, $\hat g_i = \text{slope} / u_i$. For signs this is the same, since $1 / u_i = u_i$. For normal numbers it
# is not: some $u_i$ are close to zero, the mean of $1 / u_i^2$ is infinite, and no number of estimates settles. Here is a linear function of 20
# variables.

# %% id="divide"
slope20 = np.ones(20)
for n in (100, 10_000):
    draw = np.random.default_rng(9)
    normal, signs = draw.standard_normal((n, 20)), draw.choice([-1.0, 1.0], (n, 20))
    means = {
        "signs, divided": np.mean((signs @ slope20)[:, None] / signs, axis=0),
        "normal, multiplied": np.mean((normal @ slope20)[:, None] * normal, axis=0),
        "normal, divided": np.mean((normal @ slope20)[:, None] / normal, axis=0),
    }
    errors = ", ".join(f"{name} {relative_error(g, slope20):.2g}" for name, g in means.items())
    print(f"relative error, {n:6,} estimates: {errors}")

# %% [markdown] id="smooth-text"
# ## 4 What a large step sees
#
# With rounding the best $h$ was small. But a small step looks at the finest ripples, and sometimes we do not want to see them. Call $f_\sigma$ the
# **smoothed** function: the mean of $f$ around $x$,
#
# $$f_\sigma(x) = \mathbb{E}\, f(x + \sigma u), \quad u \text{ normal}, \qquad \nabla f_\sigma(x) = \mathbb{E}\left[ \frac{f(x + \sigma u) - f(x - \sigma u)}{2 \sigma}\, u \right].$$
#
# The right-hand side is our estimate with $h = \sigma$. So it is *exactly* right on average, for any step, also for functions with jumps and kinks:
# right for $f_\sigma$. For a quadratic $f_\sigma$ is $f$ plus a constant, so there any step will do. Here is a bowl with ripples, $f(x) = x^2/2 + 0.1
# \cos 30x$:


# %% id="smooth"
def rippled(x):
    return np.sum(x**2 / 2 + 0.1 * np.cos(30 * x))


x_grid, at = np.linspace(-1.5, 1.5, 601), np.array([1.2])
u = np.random.default_rng(10).standard_normal(400)
u = np.concatenate([u, -u])
figure, axes = panels()
found = {}
axes.plot(x_grid, [rippled(x) for x in x_grid], color=ORANGE, marker="", label="f")
for sigma, color, marker in ((0.05, GREEN, "^"), (0.15, BLUE, "o")):
    smooth = [
        np.mean((x + sigma * u) ** 2 / 2 + 0.1 * np.cos(30 * (x + sigma * u))) for x in x_grid
    ]
    axes.plot(x_grid, smooth, color=color, marker=marker, markevery=40, label=f"smoothed, {sigma}")
for sigma in (1e-5, 0.05, 0.15):
    found[sigma] = estimate(rippled, at, sigma, u[:, None])[0]
axes.set(xlabel="x", ylabel="value")
axes.legend()
listed = ", ".join(f"{slope:.2f} for σ = {sigma:g}" for sigma, slope in found.items())
show(figure, f"Slope at x = 1.2, where the bowl without ripples has 1.2: {listed}.")

# %% [markdown] id="sphere-text"
# ### The sphere and its factor d
#
# Directions $v$ of length 1 can be used as well (Flaxman, Kalai and McMahan 2005). Their entries have the variance $1/d$, not 1, so $\mathbb{E}[v
# v^\top] = I/d$, and the estimate needs a **factor d** to be right on average: $\hat g = \frac{d}{2\delta} [f(x + \delta v) - f(x - \delta v)]\, v$.
# Who forgets it has a gradient that is $d$ times too short, which looks like a learning rate that is too small. (The package draws from the sphere of
# radius $\sqrt d$ instead, which is the same with $\delta = h \sqrt d$.)

# %% id="sphere"
slope50 = np.arange(1.0, 51.0)
v = np.random.default_rng(11).standard_normal((20_000, 50))
v /= np.linalg.norm(v, axis=1)[:, None]
mean = slope50 @ v.T @ v / len(v)
print(
    f"without the factor: {three(mean @ slope50 / (slope50 @ slope50))} of the gradient, 1/50 = 0.02"
)
g = Sphere(n=2000).gradient(lambda x: x @ slope50, np.zeros(50), np.random.default_rng(12))
print(f"the package's Sphere: {g @ slope50 / (slope50 @ slope50):.2f} of it")

# %% [markdown] id="flat-text"
# ### Where nothing can be seen
#
# "It avoids vanishing gradients", say the documents, "because nothing is propagated back". True: nothing is. But where a network is saturated, its
# *loss* is flat, and then two values are equal. We multiply the first layer by a factor, so that every $\tanh$ is near $\pm 1$, and ask for the slopes
# in the first layer only.

# %% id="flat" tags=["A28"]
signs = np.random.default_rng(13).choice([-1.0, 1.0], (20, theta.size))
signs[:, 64 * 16 :] = 0
for factor in (1, 1000, 1_000_000):
    scaled = theta.copy()
    scaled[: 64 * 16] *= factor
    true = mlp.loss_and_gradient(scaled, sizes, *few, "tanh")[1][: 64 * 16]
    asked = [loss(scaled + 1e-5 * u) - loss(scaled - 1e-5 * u) for u in signs]
    print(
        f"times {factor:9,}: length of the gradient {three(np.linalg.norm(true))}, "
        f"differences that are exactly zero: {np.sum(np.equal(asked, 0))} of 20"
    )

# %% [markdown] id="flat-after"
# A flat loss has nothing to say, to anybody. A larger step can look beyond the flat part, at the smoothed function; initialization cures it for both
# kinds of methods (lesson [06](06_neural_networks.ipynb)). A loss that is flat *everywhere*, with jumps, such as the share of wrong answers, is the subject of lesson [11](11_evolution_strategies.ipynb).
#
# ## 5 The price: dimension
#
# How wrong is the estimate? For a linear function, or for small $h$, everything can be computed. With normal directions
#
# $$\mathbb{E}\, \lVert \hat g - \nabla f \rVert^2 = \frac{d + 1}{n}\, \lVert \nabla f \rVert^2 ,$$
#
# with signs and on the sphere $d - 1$ stands for $d + 1$. A single pair in 50 dimensions: the error is seven times as long as the gradient.

# %% id="variance" tags=["A02"]
for make, more in ((Gaussian, 1), (SPSA, -1), (Sphere, -1)):
    for n in (1, 10):
        draw, estimator = np.random.default_rng(14), make(n=n)
        g = [estimator.gradient(lambda x: x @ slope50, np.zeros(50), draw) for _ in range(1000)]
        measured = np.mean([relative_error(each, slope50) ** 2 for each in g])
        close = abs(measured * n / (50 + more) - 1) < 0.1
        print(f"{make.__name__:8} n = {n:2}: formula {(50 + more) / n:4.1f}, within 10 %: {close}")

# %% [markdown] id="cloud-text"
# ### Explore: directions against variance
#
# On the left, 60 estimates of one gradient, the black star: how far along it they go, and how far astray. On the right, the squared error against the
# number of directions. **Goal:** in 50 dimensions, a squared error below 1/4, that is, off by less than half of the length. First find how the cloud
# changes with $d$ at $n = 1$. When you are there, compare the number of values with that of central differences, which make no error here.


# %% id="cloud"
def cloud(d, n, directions):
    draw = np.random.default_rng(0)
    U = draw.standard_normal((60, n, d))
    if directions == "signs":
        U = np.sign(U)
    g = np.einsum("kn,knd->kd", U[:, :, 0], U) / n  # the gradient is the first unit vector
    astray = np.linalg.norm(g[:, 1:], axis=1)
    measured = np.mean((g[:, 0] - 1) ** 2 + astray**2)
    counts = np.geomspace(1, 300, 50)
    more = -1 if directions == "signs" else 1
    data = {
        "cloud": (g[:, 0], astray),
        "theory": (counts, (d + more) / counts),
        "here": ([n], [measured]),
    }
    sentence = f"d = {d}, n = {n}: {2 * n} values, mean squared error {three(measured)} "
    sentence += f"(gradient: length 1). Central differences: {2 * d} values, no error."
    return data, sentence, bool(d == 50 and (d + more) / n < 0.25)


# %% id="cloud-explorer"
figure, (plane, curve) = panels(1, 2, width=8.4, height=4)
plane.plot(1, 0, "*", color=BLACK, markersize=15, label="gradient", zorder=4)
plane.set(xlim=(-1, 9), ylim=(-0.5, 20), xlabel="along the gradient", ylabel="astray (length)")
curve.set(xscale="log", yscale="log", xlim=(1, 300), ylim=(1e-2, 1e3))
curve.set(xlabel="directions n", ylabel="squared error / squared length")
curve.axhline(0.25, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "cloud": dots(plane, "estimates", color=BLUE, marker="o", markersize=4),
    "theory": line(curve, "theory", color=ORANGE, marker=""),
    "here": dots(curve, "60 estimates", color=VERMILION, marker="D", markersize=10),
}
plane.legend(loc="upper right")
curve.legend(loc="upper right")
clouds = Explorer(
    cloud,
    figure,
    moving,
    {
        "d": slider("dimension d", 2, 300, 20, step=1),
        "n": slider("directions n", 1, 300, 1, step=1),
        "directions": choice("directions", ["normal", "signs"]),
    },
    title="A cloud of gradients",
    goal="in 50 dimensions, a squared error below 1/4",
    play="n",
)
clouds

# %% id="cloud-goal"
for n in (50, 100, 210):
    shown = clouds.at(d=50, n=n)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="cloud-after"
# A good estimate of the *vector* needs more values than one coordinate at a time. So random directions are no cheap way to an accurate gradient. They
# are a cheap way to a useful *step*, and that is something else.
#
# ## 6 Average, or step?
#
# You may spend 2,000 values on ten good steps, from 100 directions each, or on 1,000 wild ones. Which is better? Take a quadratic with the curvatures
# $\lambda_1, \dots, \lambda_d$, that is, the eigenvalues of the **Hessian** $H$, the matrix of second derivatives, and let $L$ be the largest of them. Put the estimate from $n$ directions into one step
# of gradient descent, and compute the mean of the next value:
#
# $$\mathbb{E} f(x - \mathrm{lr}\, \hat g) \le f(x) - \mathrm{lr} \lVert \nabla f \rVert^2 + \frac{\mathrm{lr}^2}{2}\, \frac{\operatorname{tr} H + (n + 1) L}{n}\, \lVert \nabla f \rVert^2 .$$
#
# With the exact gradient the fraction would be $L$. So the best rate is smaller by a factor, and so is the progress of a step:
#
# $$\frac{r + n + 1}{n}, \qquad r = \frac{\operatorname{tr} H}{L} \quad \text{the effective rank.}$$
#
# You met $r$ in lesson [01](01_what_gradient_free_means.ipynb). It is a number between 1 and $d$: how many directions are curved like the most curved one. A step costs $2n$ values, so the price of the
# same progress is $2 (r + n + 1)$ values. It is lowest for $n = 1$: **do not average, step**; but with a small rate. And up to $n \approx r$ averaging
# costs at most a factor of two, which many workers are glad to pay (lesson [11](11_evolution_strategies.ipynb)).


# %% id="average"
def descend(curvatures, n, budget, seed):
    """Values of f at each step, from ones, at the best rate above; the slopes are exact."""
    draw, x = np.random.default_rng(seed), np.ones(curvatures.size)
    rate = n / (curvatures.sum() + (n + 1) * curvatures.max())
    values = [curvatures @ x**2 / 2]
    for _ in range(budget // (2 * n)):
        U = draw.standard_normal((n, x.size))
        x = x - rate * (U @ (curvatures * x)) @ U / n
        values.append(curvatures @ x**2 / 2)
    return np.array(values)


def asked_until(values, price, share=0.1):
    """Evaluations until a share of the first value is left; infinite if that is not reached."""
    below = np.flatnonzero(values <= share * values[0])
    return price * below[0] if below.size else np.inf


for n in (1, 10, 100, 500):
    left = 1 - n / (100 + n + 1)  # of the value, after a step in the round bowl, on average
    runs = [asked_until(descend(np.ones(100), n, 4000, seed), 2 * n) for seed in range(10)]
    print(
        f"n = {n:3}: a tenth left after {three(np.median(runs)):>5} values, "
        f"theory {three(2 * n * np.ceil(np.log(0.1) / np.log(left)))}"
    )

# %% [markdown] id="rank-text"
# ### Explore: dimension and effective rank
#
# The curvatures are $\lambda_i = i^{-p}$: all equal for $p = 0$, ever fewer that matter as $p$ grows. Blue is descent with the gradient, 3 evaluations
# a step, at the rate $1/L$. **Goal:** 1,000 dimensions, and a tenth of the loss left within 120 evaluations without any gradient. First leave $p$ at 0
# and move the dimension. Then ask what $p$ does to the blue curve.


# %% id="rank"
def by_rank(d, p, n):
    curvatures = np.arange(1, d + 1.0) ** -p
    rank = curvatures.sum() / curvatures.max()
    exact = [np.sum(curvatures * (1 - curvatures) ** (2 * t)) / 2 for t in range(1334)]
    exact, values = np.array(exact), descend(curvatures, n, 4000, 0)
    data = {
        "spectrum": (np.arange(1, d + 1), curvatures),
        "gradient": (3 * np.arange(1334) + 1, (exact / exact[0]).clip(1e-9)),
        "values": (2 * n * np.arange(len(values)) + 1, (values / values[0]).clip(1e-9)),
    }
    texts = []
    for name, needed in {
        "values": asked_until(values, 2 * n),
        "gradients": asked_until(exact, 3),
    }.items():
        texts.append(f"{name} {needed:,.0f}" if needed < np.inf else f"{name} more than 4,000")
    sentence = f"d = {d:,}, effective rank {three(rank)}. Evaluations until a tenth is left: {', '.join(texts)}."
    return data, sentence, bool(d == 1000 and asked_until(values, 2 * n) <= 120)


# %% id="rank-explorer"
figure, (spectrum, race) = panels(1, 2, width=8.4, height=4)
spectrum.set(xscale="log", yscale="log", xlim=(1, 1000), ylim=(1e-4, 2))
spectrum.set(xlabel="direction", ylabel="curvature")
race.set(xscale="log", yscale="log", xlim=(1, 4000), ylim=(1e-3, 2))
race.set(xlabel="evaluations (a gradient counts as 3)", ylabel="share of the loss left")
race.axhline(0.1, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "spectrum": line(spectrum, color=PURPLE, marker="o"),
    "gradient": line(race, "gradient", color=BLUE, marker="o"),
    "values": line(race, "values", color=VERMILION, marker="s"),
}
race.legend(loc="lower left")
ranks = Explorer(
    by_rank,
    figure,
    moving,
    {
        "d": slider("dimension d", 10, 1000, 100, log=True),
        "p": slider("decay p of the curvatures", 0.0, 3.0, 0.0, step=0.1),
        "n": slider("directions a step", 1, 64, 1, step=1),
    },
    title="Dimension or effective rank",
    goal="1,000 dimensions, a tenth of the loss left within 120 evaluations",
    play="p",
)
ranks

# %% id="rank-goal"
for d, p in ((100, 0.0), (1000, 0.0), (100, 2.0), (1000, 2.0)):
    shown = ranks.at(d=d, p=p)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="rank-after"
# Both slogans are false: "it gets slower with every parameter", and "it does not depend on the dimension". What counts is
# $r$. In a round bowl $r = d$. (Only there does descent with the gradient arrive in a single step. A decay of the curvatures slows it down, too.)
#
# ### The effective rank of real networks
#
# Which is it for a network? We need the trace and the largest eigenvalue of the Hessian, and can get both from products $Hv$, which are differences of
# gradients. (This is measurement, not training: gradients are allowed.) The trace is the mean of $v^\top H v$ over random signs $v$; the eigenvalue
# comes from multiplying again and again. The networks have trained for 60 steps with Adam; the widths differ, the data are the same.


# %% id="hessian"
def hessian_times(v, theta, sizes, data, h=1e-4):
    up = mlp.loss_and_gradient(theta + h * v, sizes, *data)[1].copy()
    return (up - mlp.loss_and_gradient(theta - h * v, sizes, *data)[1]) / (2 * h)


def effective_rank(theta, sizes, data, seed=0):
    draw = np.random.default_rng(seed)
    v = draw.standard_normal(theta.size)
    for _ in range(12):
        v = hessian_times(v / np.linalg.norm(v), theta, sizes, data)
    signs = draw.choice([-1.0, 1.0], (10, theta.size))
    trace = np.mean([s @ hessian_times(s, theta, sizes, data) for s in signs])
    return trace / np.linalg.norm(v)


# %% id="hessian-networks" tags=["P18"]
found = {}
for width in (16, 64, 128):
    shape, rule = (64, width, 10), Adam(0.01)
    weights = mlp.initialize(shape, "he", rng=0)
    for _ in range(60):
        rule.step_(weights, mlp.loss_and_gradient(weights, shape, *few)[1].copy())
    found[weights.size] = effective_rank(weights, shape, few)
    print(
        f"{weights.size:6,} parameters: effective rank between 4 and 9: {4 < found[weights.size] < 9}"
    )

# %% [markdown] id="width-text"
# Thousands of parameters, and an effective rank of a handful. So a wider network need not be harder to train from values. We count the steps until the
# running mean of the loss on mini-batches of 64 falls below 1.6: plain descent on one pair a step, the rate 0.008 for all three.


# %% id="width"
def steps_down(width, lr, seed, most=3000):
    shape, draw, mean = (64, width, 10), np.random.default_rng(seed), 2.5
    weights = mlp.initialize(shape, "he", rng=seed)
    for t in range(most):
        rows = draw.integers(len(train), size=64)
        batch, u = (train[rows], label[rows]), 1e-3 * draw.standard_normal(weights.size)
        up, down = mlp.loss(weights + u, shape, *batch), mlp.loss(weights - u, shape, *batch)
        mean = 0.95 * mean + 0.05 * (up + down) / 2
        if mean < 1.6:
            break
        weights -= lr * (up - down) / 2e-6 * u
    return t


counts = {}
for width in (16, 64, 128):
    counts[width] = [steps_down(width, 0.008, seed) for seed in range(10)]

# %% id="width-figure" tags=["P18", "machine"]
parameters = np.array([75 * width + 10 for width in counts])
steps = np.array(list(counts.values()))
figure, axes = panels()
axes.loglog(parameters, np.median(steps, axis=1), color=BLUE, marker="o", label="measured")
axes.fill_between(parameters, steps.min(axis=1), steps.max(axis=1), color=BLUE, alpha=0.2)
axes.loglog(
    parameters,
    np.median(steps[0]) * parameters / parameters[0],
    "--",
    color=BLACK,
    marker="",
    label="in proportion to the parameters",
)
axes.set(
    xlabel="parameters", ylabel="steps to a loss of 1.6", title="Median and range of ten seeds"
)
axes.legend()
growth = np.median(steps[-1]) / np.median(steps[0])
show(
    figure,
    f"{parameters[-1] / parameters[0]:.1f} times as many parameters take {growth:.1f} times as many steps.",
)

# %% [markdown] id="noise-text"
# ## 7 Noisy values
#
# A loss on a mini-batch is a noisy value. The noise divided by $2h$ lands in the slope, so with *fresh* noise in each value a small step is a disaster.
# With the **same mini-batch for both values** of a pair most of the noise cancels in the difference, and what remains does not grow as $h$ shrinks.
# That is zeroth-order SGD: the mini-batch of lesson [03](03_stochastic_gradients.ipynb) and a pair of this lesson.

# %% id="noise" tags=["A09"]
along = np.random.default_rng(1).standard_normal(theta.size)


def spread(h, same):
    """Deviation over 200 pairs of the slope along one direction, from batches of 64."""
    draw, found = np.random.default_rng(2), []
    for _ in range(200):
        first = draw.integers(len(train), size=64)
        second = first if same else draw.integers(len(train), size=64)
        up = mlp.loss(theta + h * along, sizes, train[first], label[first], "tanh")
        down = mlp.loss(theta - h * along, sizes, train[second], label[second], "tanh")
        found.append((up - down) / (2 * h))
    return np.std(found)


for h in (1e-1, 1e-2, 1e-3, 1e-4):
    print(f"h = {h:6g}: same batch {three(spread(h, True))}, two {three(spread(h, False))}")

# %% [markdown] id="spall-text"
# Where both values cannot share their noise (a simulation, a measurement), the step must be so large that the difference stands out from the
# noise, and rate and step must shrink in concert. The gains of Spall (1998) are the usual choice:
# $\mathrm{lr}_t = a / (t + 1 + A)^{0.602}$ and $h_t = c / (t + 1)^{0.101}$, with $A$ a tenth of the steps and $c$ about the deviation of the noise. `method="spsa"` takes these gains, with $a$ from a few estimates at the start;
# $c$ you give yourself, as `SPSA(step=c)`.


# %% id="spall"
target, first = np.linspace(-1, 1, 10), np.ones(10)


def end_of_spsa(c, seed):
    """Distance from the target, squared, at the last point; each value has noise of deviation 0.1."""
    noise = np.random.default_rng(seed)

    def noisy(x):
        return np.sum((x - target) ** 2) + 0.1 * noise.standard_normal()

    options = {"estimator": SPSA(step=c), "budget": 2000, "seed": seed, "keep_path": True}
    run = minimize(noisy, first, method="spsa", **options)
    return np.sum((run.history["x"][-1] - target) ** 2)


print(f"at the start {three(np.sum((first - target) ** 2))}")
for c in (1e-4, 0.1):
    print(f"c = {c}: below 0.1 in {sum(end_of_spsa(c, s) < 0.1 for s in range(10))} of 10 runs")

# %% [markdown] id="forward-text"
# ## 8 Forward gradients: no difference at all
#
# The slope along $u$ can also be had *exactly*, by carrying a second number through the program: next to every value its derivative along $u$, by the
# chain rule from front to back. This is **forward mode**; libraries call it `jvp`. Nothing is stored for a way back. For our network it takes three
# more lines. The estimate $(\nabla f^\top u)\, u$ is then the **forward gradient** (Baydin et al. 2022).


# %% id="forward"
def network_jvp(theta, u):
    """The slope of the loss along u at theta, by forward mode."""
    (W, V), (b, c) = mlp.unpack(theta, sizes)
    (dW, dV), (db, dc) = mlp.unpack(u, sizes)
    hidden = np.tanh(few[0] @ W + b)
    dhidden = (1 - hidden**2) * (few[0] @ dW + db)
    z, dz = hidden @ V + c, dhidden @ V + hidden @ dV + dc
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(z))
    return float(np.mean(np.sum(p * dz, axis=1) - dz[rows, few[1]]))


u = np.random.default_rng(15).standard_normal(theta.size)
error = abs(network_jvp(theta, u) / (true_gradient @ u) - 1)
print(f"forward mode gives the slope to rounding: {error < 1e-10}")
g = ForwardGradient(network_jvp, n=3).gradient(loss, theta, np.random.default_rng(16))
pair = Gaussian(n=3).gradient(loss, theta, np.random.default_rng(16))
print(
    f"pairs with a small step give the same estimate: {np.allclose(g, pair, rtol=1e-4, atol=1e-6)}"
)
print(
    f"charged as {ForwardGradient(network_jvp).evaluations(1210)} evaluations a direction, in any dimension"
)

# %% [markdown] id="forward-after"
# What is gained: no step to choose, no rounding, no noise from it. What is not: it is the same random direction with the same error $(d + 1)/n$, and
# now the program must be differentiable. If it is, backpropagation gives all 1,210 slopes for about 3 evaluations. Forward gradients make sense where a
# backward pass does not fit into memory; they are not gradient-free.
#
# ## 9 The rules of lessons 02 to 05
#
# An update rule does not know where its gradient comes from. So plain descent on estimates is **ZO-SGD**, Adam on estimates **ZO-Adam** (ZO-AdaMM, with
# AMSGrad), the sign of the estimate **ZO-signSGD**. The loop is three lines; the package has it compiled, for any `estimator` that draws
# directions, and returns the best point it evaluated.


# %% id="rules" tags=["Q01"]
def zo_sgd(f, x, lr, h, steps, rng):
    for _ in range(steps):
        x = x - lr * estimate(f, x, h, rng.standard_normal((1, x.size)))
    return x


valley = LANDSCAPES["rosenbrock"].shifted(np.linspace(-0.5, 0.5, 5))
begin, steps = np.zeros(5), 300
own = zo_sgd(valley.fun, begin, 1e-4, 1e-3, steps, np.random.default_rng(3))
run = minimize(
    valley.fun,
    begin,
    method="zo-sgd",
    estimator=Gaussian(step=1e-3),
    lr=1e-4,
    budget=2 * steps + 2,
    seed=3,
    keep_path=True,
)
print("the package ends at the same point:", np.allclose(run.history["x"][-1], own))
print(f"evaluations: {run.nfev}, the first and the last point included")

# %% [markdown] id="adam-text"
# ### What is left of Adam
#
# Adam divides each coordinate by the root of its mean square. For an estimate from one normal direction this mean square is
#
# $$\mathbb{E}[\hat g_i^2] = \lVert \nabla f \rVert^2 + 2\, (\partial_i f)^2 ,$$
#
# and in many dimensions the first term is nearly all of it: the *same number for each coordinate*. So ZO-Adam divides everything by about $\lVert
# \nabla f \rVert$. It is momentum with a normalized length, which is useful: the rate needs no knowledge of the slope's size. But the rates of their
# own, which help Adam in uneven valleys, are gone.

# %% id="adam" tags=["Q33"]
uneven = np.geomspace(1, 100, 200)
U = np.random.default_rng(17).standard_normal((20_000, 200))
square = np.mean(((U @ uneven)[:, None] * U) ** 2, axis=0)
theory = uneven @ uneven + 2 * uneven**2
print(f"formula within 10 % on average: {np.mean(np.abs(square / theory - 1)) < 0.1}")
print(f"largest root over smallest: exact gradient {uneven[-1] / uneven[0]:.0f}, ", end="")
print(f"estimate {np.sqrt(theory[-1] / theory[0]):.2f}")

# %% [markdown] id="compare-text"
# ## 10 Compared by evaluations
#
# ### Landscapes
#
# Three landscapes with their lowest point moved away from the center; ten starts, at most 1 away from it in each coordinate. We count the evaluations
# until a hundredth of the first value is left (a thousandth in the valleys, where the first drop is easy): medians. Each method has the best of 18
# rates, found with other starts. A gradient counts as 3, one from central differences as $2d$ and the value itself.


# %% id="compare-landscapes"
methods = {
    "GD": ("gd", None),
    "Adam": ("adam", None),
    "central GD": ("gd", {"grad": "central"}),
    "ZO-SGD": ("zo-sgd", {}),
    "ZO-sign": ("zo-sign", {}),
    "ZO-Adam": ("zo-adam", {}),
}
problems = {
    ("sphere", 10): (100, (0.3, 0.1, 0.3, 0.03, 0.03, 0.1)),
    ("sphere", 100): (100, (0.3, 0.1, 0.3, 0.003, 0.003, 0.03)),
    ("rosenbrock", 10): (1000, (3e-4, 0.03, 3e-4, 3e-5, 0.01, 0.03)),
    ("ellipsoid", 10): (1000, (3e-7, 0.3, 3e-7, 3e-7, 0.01, 0.1)),
}


def needed(landscape, method, more, goal, seed):
    """Evaluations until 1 / goal of the first value is left, infinite if that takes more than 12,000."""
    x0 = landscape.minimizer(0) + np.random.default_rng(seed).uniform(-1, 1, landscape.dimension)
    run = minimize(landscape.fun, x0, method=method, budget=12_000, seed=seed, **more)
    below = np.flatnonzero(run.history["fun"] <= landscape.fun(x0) / goal)
    return run.history["nfev"][below[0]] if below.size else np.inf


print(f"{'':16}" + "".join(f"{name:>12}" for name in methods))
for (name, d), (goal, rates) in problems.items():
    moved = LANDSCAPES[name].shifted(np.random.default_rng(d).uniform(-0.5, 0.5, d))
    row = f"{name} {d}"
    cells = []
    for (method, more), lr in zip(methods.values(), rates, strict=True):
        more = {"grad": moved.grad} if more is None else more
        runs = [needed(moved, method, more | {"lr": lr}, goal, seed) for seed in range(10)]
        cells.append(three(np.median(runs)))
    print(f"{row:16}" + "".join(f"{cell:>12}" for cell in cells))
curvatures = np.geomspace(1, 1e6, 10)
print(f"effective rank of the ellipsoid: {curvatures.sum() / curvatures.max():.1f}")

# %% [markdown] id="compare-landscapes-after"
# Read the rows one by one. In the round bowl the price of values is about the dimension: ten times as many dimensions, ten times as many evaluations
# for ZO-SGD and for central differences.
# The ellipsoid has an effective rank of 1.3, so ZO-SGD is hardly worse than descent with the gradient; but that is slow there, and what makes Adam with
# the gradient eleven times faster, a rate for each coordinate, is lost to ZO-Adam. Central differences walk exactly the path of GD, at $2d + 1$ values
# a step: in ten dimensions they are no bad choice, unless few directions matter: on the ellipsoid they pay
# for all ten.

# %% [markdown] id="compare-digits-text"
# ### Digits, without gradients
#
# Now the box of the first section, on all training digits in mini-batches of 64, both values of a pair on the same batch. Lesson [06](06_neural_networks.ipynb) gave each method
# 1,500 evaluations; here are 2,400, at the best of three rates each (found with other seeds). The number to beat is that of Adam with backpropagation.


# %% id="compare-digits"
budget, marks = 2400, 60


def train_network(rule, estimator, seed):
    """Held-out accuracy at 60 moments of the budget; without an estimator by backpropagation."""
    draw, weights = np.random.default_rng(seed), mlp.initialize(sizes, "he", rng=seed)
    price = 3 if estimator is None else estimator.evaluations(weights.size)
    looks, rights = budget // price * np.arange(1, marks + 1) // marks, []
    for t in range(1, looks[-1] + 1):
        rows = draw.integers(len(train), size=64)
        batch = train[rows], label[rows]
        if estimator is None:
            g = mlp.loss_and_gradient(weights, sizes, *batch)[1]
        else:
            g = estimator.gradient(lambda w: mlp.loss(w, sizes, *batch), weights, draw)
        rule.step_(weights, g)
        if t in looks:
            guess = mlp.forward(weights, sizes, test)[-1].argmax(axis=1)
            rights.append(np.mean(guess == test_label))
    return rights


contest = {
    "Adam, gradient": (lambda: Adam(0.01), None, BLUE, "o"),
    "ZO-Adam": (lambda: Adam(0.01), Gaussian(step=1e-3), VERMILION, "s"),
    "ZO-SGD": (lambda: GD(0.01), Gaussian(step=1e-3), GREEN, "^"),
    "ZO-sign": (lambda: Sign(0.006), Gaussian(step=1e-3), PURPLE, "D"),
}
accuracy = {
    name: np.array([train_network(make(), estimator, seed) for seed in range(10)])
    for name, (make, estimator, *_) in contest.items()
}

# %% id="compare-digits-figure" tags=["machine"]
figure, axes = panels(height=4)
asked = budget / marks * np.arange(1, marks + 1)
for (name, rights), (*_, color, marker) in zip(accuracy.items(), contest.values(), strict=True):
    axes.plot(
        asked, 100 * np.median(rights, axis=0), color=color, marker=marker, markevery=6, label=name
    )
    low, high = 100 * rights.min(axis=0), 100 * rights.max(axis=0)
    axes.fill_between(asked, low, high, color=color, alpha=0.2)
axes.set(xlabel="evaluations (a gradient counts as 3)", ylabel="held-out digits right (%)")
axes.set(ylim=(0, 100), title="Median and range of ten seeds")
axes.legend(loc="lower right")
middle = {name: np.median(rights, axis=0) for name, rights in accuracy.items()}
ends = ", ".join(f"{name} {100 * rights[-1]:.0f} %" for name, rights in middle.items())
soon = asked[np.argmax(middle["Adam, gradient"] >= middle["ZO-Adam"][-1])]
show(
    figure,
    f"After {budget:,} evaluations, 1,210 parameters: {ends}. "
    f"With the gradient, Adam is where ZO-Adam ends after {soon:.0f} evaluations.",
)

# %% id="compare-digits-check" tags=["P33", "A31"]
lead, chase = middle["Adam, gradient"], middle["ZO-Adam"]
spans = {name: np.ptp(rights[:, -1]) for name, rights in accuracy.items()}
print("the gradient is ahead at every look:          ", bool(np.all(lead > chase)))
print("it needs less than a tenth of the evaluations:", bool(soon < budget / 10))
print("values alone get more than two thirds right:  ", bool(chase[-1] > 2 / 3))
widest = min(list(spans.values())[1:]) > spans["Adam, gradient"]
print("from values the seeds differ more:            ", bool(widest))

# %% [markdown] id="compare-after"
# It works: a network trained with losses only, two at a time. And it costs: for the same result the gradient needs a small part of the evaluations, and
# in the end it is better, too, and its seeds agree. So "more efficient and more stable training", as one document promises, is wrong on both counts.
# But the factor is not 1,210 either, it is nearer to the effective rank of section 6. Between those two numbers lies the whole subject; lesson [15](15_language_models.ipynb) goes
# on from here with a language model, where the memory of a backward pass is what is short.
#
# ## 11 If somebody asks you

# %% [markdown] id="interview" tags=["Q02", "Q04", "Q16", "Q18", "Q27", "Q28"]
# - *How do gradients from values differ from gradients?* They ask another question: two numbers a step instead of $d$. Each step is a noisy, nearly
#   right-angled version of the true one, so that on a quadratic about $r + 2$ times as many steps are needed, $r$ the effective rank. Memory:
#   that of one evaluation. A gradient costs about 3 evaluations whatever $d$ is.
# - *When do they apply?* When there is no backward pass: a simulator, a service that returns scores, hardware, a memory too small for it. When few
#   parameters, or few directions, matter. Not for training a large model from nothing.
# - *What are their limits?* Variance, in proportion to $r$ or $d$; many evaluations; a rate that must be small; a step $h$ to choose; flat losses.
# - *Do they avoid vanishing gradients?* Nothing is propagated back, so nothing vanishes on the way. But a saturated network has a flat loss, and then
#   there is nothing to measure.
# - *What are they good at?* They work on anything that returns a number, and the pairs of a step can be evaluated on as many machines as there are.
#   They do not change what the trained model is: nothing about interpretability.

# %% [markdown] id="quick"
# ## 12 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-cost"
# **Quick question.** A network has a million parameters. How many values does one SPSA estimate take, and how good is it?
#
# - [ ] Two million values; it is almost exact.
#   Those are central differences. SPSA moves all coordinates at once.
# - [ ] Two values; it is almost the gradient.
#   Two values hold two numbers. The cosine of the angle to the gradient is about $\sqrt{2/(\pi d)}$, less than 0.001.
# - [x] Two values; right on average, at nearly a right angle to the gradient each time.
#   It is useful all the same: many small steps in such directions add up to the gradient.

# %% [markdown] id="quick-step"
# **Quick question.** Your central differences with $h = 10^{-5}$ in float32 are poor. What now?
#
# - [ ] A smaller $h$: the formula is exact in the limit.
#   In the limit both values are the same number. Rounding grows like $1/h$.
# - [x] A larger $h$, near $10^{-2}$.
#   The cube root of $10^{-7}$ is about $0.005$. There both errors are of the same size.
# - [ ] Forward differences: they subtract less.
#   Their rounding is no smaller, and the error of their formula is larger.

# %% [markdown] id="quick-faster"
# **Quick question.** "Values are cheaper than gradients, so training from values is faster." Is it?
#
# - [ ] Yes: two evaluations against three.
#   A step is cheaper. But about $r + 2$ times as many steps are needed.
# - [ ] No: it takes exactly $d$ times as long.
#   In a round bowl about so. In general $d$ is replaced by the effective rank $r$, which can be far smaller.
# - [x] Not in evaluations. It may be all the same where memory, or a missing backward pass, decides.
#   That is the trade of MeZO in lesson [15](15_language_models.ipynb): memory for steps.

# %% [markdown] id="quick-rank"
# **Quick question.** A model is made ten times wider. How many more steps does descent on pairs need?
#
# - [ ] Ten times as many.
#   That would be so if every new parameter brought a new direction of the same curvature.
# - [ ] Exactly as many: the estimate does not depend on the dimension.
#   Its *error* does: $(d + 1)/n$. And in a round bowl so do the steps.
# - [x] It depends on the effective rank $\operatorname{tr} H / \lambda_{\max}$ before and after.
#   For the digits it hardly changed.

# %% [markdown] id="quick-divide"
# **Quick question.** A colleague replaces the signs in Spall's formula $\text{slope}/u_i$ by normal numbers, "since both have variance 1". What happens?
#
# - [ ] Nothing: on average both are right.
#   The mean of $u_j / u_i$ does not exist for normal numbers, and the variance is infinite.
# - [x] Some coordinates get enormous values, whenever a $u_i$ is close to zero.
#   Multiply by $u_i$ instead: with signs that is the same, with normal numbers it is right.
# - [ ] The estimate becomes $d$ times too short.
#   That is the forgotten factor of the sphere.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Finite differences have a best step: about $\varepsilon^{1/2}$ one-sided, $\varepsilon^{1/3}$ two-sided; below it rounding wins.
# 2. Slope times direction is the gradient on average, for two values in any dimension, if $\mathbb{E}[u u^\top] = I$: signs, normal, or a sphere with
#    its factor $d$.
# 3. Its squared error is $(d + 1)/n$ times the squared gradient. Do not average for accuracy; take more, smaller steps.
# 4. Against gradient descent on a quadratic the price is about $r + 2$ times as many steps, $r = \operatorname{tr} H / \lambda_{\max}$ the effective rank: $d$ in a
#    round bowl, a handful for our networks.
# 5. The estimate fits every rule, but Adam's separate rates are lost in it. Where a gradient can be had, it wins.
#
# ## Exercise
#
# Six questions: copy it with `start_exercise("10")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/10_gradients_from_values.ipynb](../exercises/10_gradients_from_values.ipynb). **Next:** [11 Evolution
# strategies](11_evolution_strategies.ipynb). What if the loss has no slope anywhere, as the share of wrong answers?

# %% [markdown] id="sources"
# ## Sources
#
# - J. C. Spall, *Multivariate stochastic approximation using a simultaneous perturbation gradient approximation*, IEEE Transactions on Automatic
#   Control 37 (1992), [doi:10.1109/9.119632](https://doi.org/10.1109/9.119632); the gains: *Implementation of the simultaneous perturbation algorithm
#   for stochastic optimization*, IEEE Transactions on Aerospace and Electronic Systems 34 (1998),
#   [doi:10.1109/7.705889](https://doi.org/10.1109/7.705889).
# - Y. Nesterov, V. Spokoiny, *Random gradient-free minimization of convex functions*, Foundations of Computational Mathematics 17 (2017), 527-566,
#   [doi:10.1007/s10208-015-9296-2](https://doi.org/10.1007/s10208-015-9296-2).
# - A. D. Flaxman, A. T. Kalai, H. B. McMahan, *Online convex optimization in the bandit setting: gradient descent without a gradient*, SODA (2005),
#   [arXiv:cs/0408007](https://arxiv.org/abs/cs/0408007).
# - S. Ghadimi, G. Lan, *Stochastic first- and zeroth-order methods for nonconvex stochastic programming*, SIAM Journal on Optimization 23 (2013),
#   [doi:10.1137/120880811](https://doi.org/10.1137/120880811).
# - S. Liu, P.-Y. Chen, X. Chen, M. Hong, *signSGD via zeroth-order oracle*, ICLR (2019); X. Chen et al., *ZO-AdaMM: zeroth-order adaptive momentum
#   method for black-box optimization*, NeurIPS (2019), [arXiv:1910.06513](https://arxiv.org/abs/1910.06513).
# - A. G. Baydin, B. A. Pearlmutter, D. Syme, F. Wood, P. Torr, *Gradients without backpropagation* (2022),
#   [arXiv:2202.08587](https://arxiv.org/abs/2202.08587).
# - S. Malladi et al., *Fine-tuning language models with just forward passes*, NeurIPS (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333): the
#   effective rank.
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2008), [doi:10.1137/1.9780898717761](https://doi.org/10.1137/1.9780898717761): what forward and
#   reverse mode cost.
# - J. Nocedal, S. J. Wright, *Numerical Optimization* (2006), [doi:10.1007/978-0-387-40065-5](https://doi.org/10.1007/978-0-387-40065-5), section 8.1:
#   the step of a difference.
