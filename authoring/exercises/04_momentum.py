# %% [markdown] id="title"
# # 04 Exercise: momentum
#
# You will write a step with momentum, a step with Nesterov's look-ahead, the best rate and momentum for a bowl of known
# curvatures, and the factor by which momentum makes steady steps longer. Each answer is one to three lines of NumPy.
# Lesson [04](../notebooks/04_momentum.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes and names, everywhere.** The parameters `theta`, the gradient `g` and the velocity `v` have shape (d,). `lr`
# is the learning rate. `mu` is the momentum, a number with $0 \le \mu < 1$. All are floats. The arrays you are given
# belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="momentum-question" tags=["question", "C06", "C14", "F03", "F04", "A27", "Q07"]
# ## 1. A step with momentum
#
# A ball that rolls downhill does not forget where it was going. The *heavy ball* method keeps a *velocity* $v$: a sum
# of all gradients so far, in which older ones fade by the factor $\mu$ in each step. The parameters follow the
# velocity:
#
# $$v \leftarrow \mu\, v + g, \qquad \theta \leftarrow \theta - \mathrm{lr} \cdot v$$
#
# The second formula uses the new $v$. Gradients that agree from step to step add up. Gradients that change their sign
# cancel, so the jumps across a narrow valley get smaller. There is no promise beyond that: with too much momentum theta
# runs past the minimum, and a local minimum can still hold it.
#
# Write `momentum_step(theta, g, v, lr, mu)`, which returns the new `(theta, v)`.
#
# Compare with the sources. One task asks for this function without a gradient and without a velocity: so it cannot be
# written. One listing changes a velocity that its function was never given, and stops with an error: the state must
# come in and go out, as here. The formula above that listing has no velocity at all, but a root $1/\sqrt{1-\mu^2}$ that
# does not belong. And the velocity is a sum, not an average: an average would be $\mu v + (1-\mu) g$, and its steps
# would be $1-\mu$ times as long.
#
# *Example.* `theta = [1.]`, `g = [2.]`, `v = [1.]`, `lr = 0.1`, `mu = 0.5`. The new velocity is
# $0.5 \cdot 1 + 2 = 2.5$, and theta becomes $1 - 0.1 \cdot 2.5 = 0.75$. The result is `([0.75], [2.5])`.


# %% id="momentum" tags=["answer"]
def momentum_step(theta, g, v, lr, mu):
    """One step of heavy ball: theta, g and v (d,), lr and mu floats; returns new theta and v, both (d,)."""
    ### BEGIN SOLUTION
    v = mu * v + g
    return theta - lr * v, v
    ### END SOLUTION


# %% id="momentum-check" tags=["check"]
check("04.momentum", momentum_step)

# %% [markdown] id="nesterov-question" tags=["question", "A27"]
# ## 2. A step with a look-ahead
#
# With momentum we know before the step where the old velocity will carry us. Why ask for the gradient here, and not
# there? *Nesterov's* method takes it at this look-ahead point, so it brakes before it has gone too far. In the form of
# the textbooks:
#
# $$v \leftarrow \mu\, v - \mathrm{lr} \cdot \nabla f(\theta + \mu\, v), \qquad \theta \leftarrow \theta + v$$
#
# **Mind the other convention.** Here $v$ points downhill and holds the learning rate: it is the step itself. In
# question 1 it pointed uphill like the gradient, and held no rate. Books and libraries use both. At a constant rate
# both do the same, but never mix them.
#
# Write `nesterov_step(theta, grad, v, lr, mu)`, which returns the new `(theta, v)`. `grad` is a function: `grad(x)`
# returns the gradient at `x`, both of shape (d,). A gradient is expensive, so call it once.
#
# *Example.* `grad(x)` is `2 * x`, `theta = [2.]`, `v = [-1.]`, `lr = 0.1`, `mu = 0.5`. The look-ahead point is
# $2 - 0.5 = 1.5$, the gradient there is 3. So $v$ becomes $0.5 \cdot (-1) - 0.1 \cdot 3 = -0.8$, and theta
# $2 - 0.8 = 1.2$. The result is `([1.2], [-0.8])`.


# %% id="nesterov" tags=["answer"]
def nesterov_step(theta, grad, v, lr, mu):
    """One step of Nesterov's method: theta and v (d,), grad a function; returns new theta and v, both (d,)."""
    ### BEGIN SOLUTION
    v = mu * v - lr * grad(theta + mu * v)
    return theta + v, v
    ### END SOLUTION


# %% id="nesterov-check" tags=["check"]
check("04.nesterov", nesterov_step)

# %% [markdown] id="optimal-question" tags=["question", "A20"]
# ## 3. The best rate and the best momentum
#
# How much faster is momentum? On a quadratic bowl the answer is exact. Along each direction the bowl has a curvature
# $h$ (the $\lambda$ of the lesson). In the long run, each step of heavy ball multiplies the distance to the minimum, along this direction, by the
# size of the larger of the two roots $p$ (the $r$ of the lesson; they may be complex numbers) of
#
# $$p^2 - (1 + \mu - \mathrm{lr} \cdot h)\, p + \mu = 0$$
#
# The slowest direction decides. So the best pair $(\mathrm{lr}, \mu)$ makes the largest of these sizes, over all
# curvatures between the smallest and the largest one of the bowl, as small as possible.
#
# Write `optimal_heavy_ball(smallest, largest)`, which returns this pair as two floats, `(lr, mu)`. It depends on the
# two extreme curvatures alone, floats with $0 <$ smallest $\le$ largest. The rate is that of question 1.
#
# *Example.* The curvatures 1 and 4 give about `(0.444, 0.111)`. Each step then leaves 1/3 of the distance. Plain
# gradient descent at its best rate, 0.4, leaves 3/5. The more the two curvatures differ, the more momentum gains.


# %% id="optimal" tags=["answer"]
def optimal_heavy_ball(smallest, largest):
    """Best rate and momentum of heavy ball on a bowl with these extreme curvatures; returns two floats, (lr, mu)."""
    ### BEGIN SOLUTION
    low, high = np.sqrt(smallest), np.sqrt(largest)
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2
    ### END SOLUTION


# %% id="optimal-check" tags=["check"]
check("04.optimal", optimal_heavy_ball)

# %% [markdown] id="gain-question" tags=["question", "F03", "F04"]
# ## 4. The gain on a steady slope
#
# On a long even slope the gradient is the same in every step. Then the velocity of question 1 grows from step to step,
# but not for ever: it comes closer and closer to a multiple of the gradient. This factor is the *gain* of momentum. So
# the rate that is right without momentum can be much too large with it.
#
# Write `steady_gain(mu)`, which returns the gain for $0 \le \mu < 1$ as one float.
#
# The sources multiply the gradient by $1/\sqrt{1-\mu^2}$ instead. That number answers another question: it is the
# standard deviation of the velocity in the long run when the gradients are nothing but noise, independent and of
# deviation 1.
#
# *Example.* With `mu = 0.5` and a gradient of 1, the velocity is 1, 1.5, 1.75, 1.875, ... The gain is 2.


# %% id="gain" tags=["answer"]
def steady_gain(mu):
    """How many times the gradient the velocity becomes when the gradient stays the same; returns a float."""
    ### BEGIN SOLUTION
    return 1 / (1 - mu)
    ### END SOLUTION


# %% id="gain-check" tags=["check"]
check("04.gain", steady_gain)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("04")
