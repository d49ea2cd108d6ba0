# %% [markdown] id="title"
# # 10 Exercise: gradients from values
#
# You will write central differences, find the best step for them, write Spall's estimate and the smoothed one, predict its
# error, and train with Adam on two values a step. Most answers are one to four lines of NumPy; the last one is a loop.
# Lesson [10](../notebooks/10_gradients_from_values.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes and names, everywhere.** `f` is a function: `f(x)` takes an array of shape (d,) and returns a float. Every call
# costs one *evaluation*, and the checks count them. `x` has shape (d,). The arrays you are given belong to the caller:
# leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="central-question" tags=["question", "A02"]
# ## 1. Central differences
#
# The oldest gradient from values moves one coordinate at a time, to both sides ($e_i$ is 1 at place $i$ and 0 elsewhere):
#
# $$g_i = \frac{f(x + h\, e_i) - f(x - h\, e_i)}{2h}$$
#
# Write `central_difference(f, x, h)`, which returns all $g_i$ as an array of floats, of shape (d,). Evaluate `f` exactly $2d$
# times. And beware: `x` may be an array of *whole numbers*, as `np.array([2, -1, 3])` makes one. Then no fraction can be
# stored in it.
#
# *Example.* `f(x)` is the sum of the cubes, `x = [1., -2.]`, `h = 0.5`. For the first coordinate $(1.5^3 - 0.5^3)/1 = 3.25$, for
# the second $((-1.5)^3 - (-2.5)^3)/1 = 12.25$. The result is `[3.25, 12.25]`; the true gradient is `[3., 12.]`.


# %% id="central" tags=["answer"]
def central_difference(f, x, h):
    """Central differences: f a function, x (d,) of floats or whole numbers, h a float; returns floats, (d,)."""
    ### BEGIN SOLUTION
    steps = h * np.eye(x.size)
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps])
    ### END SOLUTION


# %% id="central-check" tags=["check"]
check("10.central", central_difference)

# %% [markdown] id="step-question" tags=["question"]
# ## 2. The best step
#
# A computer keeps each value of $f$ with a relative precision $\varepsilon$ (`machine_eps`), about $2 \cdot 10^{-16}$ in float64.
# Divided by $h$, this makes an error of the order of $\varepsilon / h$. The formula itself is off by the order of $h^p$: $p = 1$
# for forward differences, $p = 2$ for central ones. So a smaller step makes one error smaller, and the other one larger.
#
# Write `best_step(machine_eps, order)`, which returns the $h$ at which both errors are of the same size, with all constants left
# out, as a float. `order` is $p$, 1 or 2.
#
# *Example.* With `machine_eps = 1e-6` the best step is 0.001 for order 1 and 0.01 for order 2.


# %% id="step" tags=["answer"]
def best_step(machine_eps, order):
    """Step where rounding, eps / h, equals the error of the formula, h ** order; returns a float."""
    ### BEGIN SOLUTION
    return machine_eps ** (1 / (order + 1))
    ### END SOLUTION


# %% id="step-check" tags=["check"]
check("10.step", best_step)

# %% [markdown] id="spsa-question" tags=["question", "A29", "Q26"]
# ## 3. Two values for all coordinates
#
# *Simultaneous perturbation* (Spall 1992) moves all coordinates at once, along a direction $\Delta$ (the lesson's $u$;
# $c$ is its $h$), and divides the one difference by each entry of $\Delta$:
#
# $$g_i = \frac{f(x + c\,\Delta) - f(x - c\,\Delta)}{2\, c\, \Delta_i}$$
#
# Write `spsa_gradient(f, x, c, delta)`, which returns $g$, of shape (d,). Evaluate `f` exactly twice, whatever $d$ is. `c` is a
# positive float, `delta` has shape (d,) and no entry is zero. In practice the entries are random signs, and then $1/\Delta_i$ is
# $\Delta_i$; but your function should be right for the formula as it stands.
#
# One document says that a method without gradients "uses the prediction error directly" as its direction. An error has no direction.
# Here is where the direction comes from: from *trying* one.
#
# *Example.* `f(x)` is the sum of the cubes, `x = [1., -2.]`, `c = 0.5`, `delta = [1., -1.]`. The two points are `[1.5, -2.5]` and
# `[0.5, -1.5]`, with the values -12.25 and -3.25. The difference is -9, divided by $2 \cdot 0.5 = 1$ and by each entry of `delta`:
# `[-9., 9.]`. The true gradient is `[3., 12.]`: a single estimate may even have a wrong sign in some coordinates.


# %% id="spsa" tags=["answer"]
def spsa_gradient(f, x, c, delta):
    """Spall's estimate from two values: x and delta (d,), no entry of delta is zero, c a float; returns (d,)."""
    ### BEGIN SOLUTION
    return (f(x + c * delta) - f(x - c * delta)) / (2 * c * delta)
    ### END SOLUTION


# %% id="spsa-check" tags=["check"]
check("10.spsa", spsa_gradient)

# %% [markdown] id="smoothed-question" tags=["question"]
# ## 4. The smoothed gradient
#
# With normal directions $u_1, \dots, u_n$ the estimate is the mean of slope times direction:
#
# $$g = \frac{1}{n} \sum_{k=1}^{n} \frac{f(x + \sigma u_k) - f(x - \sigma u_k)}{2\sigma}\; u_k$$
#
# On average over all draws it is exactly the gradient of the *smoothed* function, the mean of $f(x + \sigma u)$.
#
# Write `smoothed_gradient(f, x, sigma, U)`, which returns $g$, of shape (d,). `U` has shape (n, d); its rows are the directions, and
# they are used as they are. Evaluate `f` exactly $2n$ times.
#
# *Example.* `f(x)` is the sum of the cubes, `x = [1., -2.]`, `sigma = 0.5`, `U = [[1., 2.]]`. The points are `[1.5, -1.]` and
# `[0.5, -3.]`, with the values 2.375 and -26.875. The slope is $29.25 / 1$, and the result `[29.25, 58.5]`.


# %% id="smoothed" tags=["answer"]
def smoothed_gradient(f, x, sigma, U):
    """Mean over the rows u of U (n, d) of the two-sided slope along u, times u: x (d,), sigma a float; returns (d,)."""
    ### BEGIN SOLUTION
    slopes = np.array([(f(x + sigma * u) - f(x - sigma * u)) / (2 * sigma) for u in U])
    return slopes @ U / len(U)
    ### END SOLUTION


# %% id="smoothed-check" tags=["check"]
check("10.smoothed", smoothed_gradient)

# %% [markdown] id="variance-question" tags=["question", "A02", "Q18"]
# ## 5. How wrong is it?
#
# Take the estimate of question 4 for a *linear* function of $d$ variables, with the gradient $a$. Then the slope along $u$ is exactly
# $a^\top u$, and the estimate from one normal direction is $(a^\top u)\, u$. On average it is $a$. But how far is it off?
#
# Write `relative_error(d, n)`, which returns the expected squared error of the mean of $n$ such estimates, divided by the squared
# length of the gradient, as a float:
#
# $$\frac{\mathbb{E}\, \lVert g - a \rVert^2}{\lVert a \rVert^2}$$
#
# *Example.* For one variable, $d = 1$, and one direction the estimate is $a u^2$. Its expected squared error is $a^2$
# times the variance of $u^2$, which is 2. The result for `d = 1, n = 1` is 2. (You may want to simulate larger $d$
# before you trust your formula.)


# %% id="variance" tags=["answer"]
def relative_error(d, n):
    """Expected squared error of the mean of n estimates in d dimensions over the squared gradient; returns a float."""
    ### BEGIN SOLUTION
    return (d + 1) / n
    ### END SOLUTION


# %% id="variance-check" tags=["check"]
check("10.variance", relative_error)

# %% [markdown] id="zo_adam-question" tags=["question", "A31", "Q27", "Q28"]
# ## 6. Adam without gradients
#
# Now train. In each step:
#
# 1. draw one direction, `u = rng.standard_normal(d)`;
# 2. ask $f$ at $x + \sigma u$ and at $x - \sigma u$, and nowhere else;
# 3. estimate the gradient from these two values, as in question 4 with $n = 1$;
# 4. take one step of Adam with it, as in exercise [05](../exercises/05_adaptive_steps.ipynb), with $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\epsilon = 10^{-8}$ outside the root, and both
#    corrections; $t$ is 1 in the first step.
#
# Take as many steps as the budget pays: `budget // 2`. `budget`, at least 2, is the largest number of evaluations. A
# search without gradients jumps about, so the last point need not be a good one. Return the **evaluated point with the
# lowest value**: one of the points $x \pm \sigma u$ of some step.
#
# Write `zo_adam(f, x, budget, lr, sigma, rng)`, which returns this point, of shape (d,). `rng` is a `numpy.random.Generator`.
#
# *Example.* With `budget = 2` there is one step, and the result is the better one of `x + sigma * u` and `x - sigma * u`.


# %% id="zo_adam" tags=["answer"]
def zo_adam(f, x, budget, lr, sigma, rng):
    """Adam on estimates from two values a step: x (d,), at most `budget` evaluations; returns the best point asked."""
    ### BEGIN SOLUTION
    m, v = np.zeros(x.size), np.zeros(x.size)
    lowest, best = np.inf, x
    for t in range(1, budget // 2 + 1):
        u = rng.standard_normal(x.size)
        up, down = x + sigma * u, x - sigma * u
        value_up, value_down = f(up), f(down)
        for value, point in ((value_up, up), (value_down, down)):
            if value < lowest:
                lowest, best = value, point
        g = (value_up - value_down) / (2 * sigma) * u
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        x = x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return best
    ### END SOLUTION


# %% id="zo_adam-check" tags=["check"]
check("10.zo_adam", zo_adam)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("10")
