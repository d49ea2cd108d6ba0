# %% [markdown] id="title"
# # 05 Exercise: adaptive steps
#
# You will write one step of Adagrad, RMSprop, Adam and AdamW, and repair an Adam that somebody else got wrong. Each
# step is two to five lines of NumPy. Lesson [05](../notebooks/05_adaptive_steps.ipynb) explains everything that is asked here.

# %% [markdown] id="how" tags=["A18"]
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
# - You may call your earlier functions in later answers.
#
# **Shapes and names, everywhere.** The parameters `theta`, the gradient `g`, and what a rule remembers (`s`, `m` and
# `v`, its *state*) have shape (d,). The other arguments are numbers: `lr` is the learning rate, `eps` keeps the
# division from 0 / 0. The arrays you are given belong to the caller: leave them unchanged.
#
# All formulas work *entry by entry*: every coordinate has its own gradient, its own state, and so its own step. This is
# what *adaptive* means. Every rule here is given a gradient, so none of them is gradient-free by itself.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="adagrad-question" tags=["question", "C16", "F11", "F12", "A25"]
# ## 1. Adagrad
#
# Some coordinates have large gradients all the time, others are almost always zero: a rare word, for example. One
# learning rate cannot fit both. *Adagrad* adds up the squares of all gradients, for each coordinate on its own, and
# divides by the root of this sum:
#
# $$s \leftarrow s + g^2, \qquad \theta \leftarrow \theta - \mathrm{lr} \cdot \frac{g}{\sqrt{s} + \mathrm{eps}}$$
#
# A coordinate that was rarely used has a small sum, and takes a large step when its turn comes. The second formula uses
# the new $s$, and `eps` stands outside the root.
#
# Write `adagrad_step(theta, g, s, lr, eps)`, which returns the new `(theta, s)`.
#
# Compare with the sources. Their text says that $s$ is an average; it is a sum, and so all steps get shorter in time.
# Their formula has no `eps`: a first gradient of 0 then gives 0 / 0. Their code starts $s$ at zero again in every call,
# and divides before it adds. So it never adapts.
#
# *Example.* `theta = [1., 1.]`, `g = [2., 0.5]`, `s = [0., 0.]`, `lr = 0.1`, `eps = 1e-8`. The sums become
# `[4., 0.25]`, their roots are 2 and 0.5, and both coordinates move by 0.1, although one gradient is four times as
# large. The result is `([0.9, 0.9], [4., 0.25])`, up to the tiny `eps`. The same gradient again would move both by
# $0.1 / \sqrt 2 \approx 0.07$.


# %% id="adagrad" tags=["answer"]
def adagrad_step(theta, g, s, lr, eps):
    """One step of Adagrad: theta, g and s (d,), lr and eps floats; returns new theta and s, both (d,)."""
    ### BEGIN SOLUTION
    s = s + g**2
    return theta - lr * g / (np.sqrt(s) + eps), s
    ### END SOLUTION


# %% id="adagrad-check" tags=["check"]
check("05.adagrad", adagrad_step)

# %% [markdown] id="rmsprop-question" tags=["question", "C17", "F13", "F14"]
# ## 2. RMSprop
#
# Adagrad's sum can only grow, so its steps can only fade. *RMSprop* forgets: in place of the sum it keeps a *running
# mean* of the squares, which follows the newer gradients.
#
# $$s \leftarrow \alpha\, s + (1 - \alpha)\, g^2, \qquad
# \theta \leftarrow \theta - \mathrm{lr} \cdot \frac{g}{\sqrt{s} + \mathrm{eps}}$$
#
# Write `rmsprop_step(theta, g, s, lr, alpha, eps)`, which returns the new `(theta, s)`. `alpha` is a number between 0
# and 1, the share of the old mean that is kept.
#
# Compare with the sources. They call $s$ a "gradient-squared gradient": it is a mean of squared gradients. They call
# $\alpha$ a step size: it is a decay rate, the step size is `lr`. Their code uses a state that it was never given, and
# stops with an error. They put `eps` inside the root, $\sqrt{s + \mathrm{eps}}$, and so do some libraries. That is
# another number, so know which one you have: here `eps` stands outside, as in PyTorch.
#
# *Example.* `theta = [1.]`, `g = [2.]`, `s = [0.]`, `lr = 0.1`, `alpha = 0.75`, `eps = 1e-8`. The mean becomes
# $0.75 \cdot 0 + 0.25 \cdot 4 = 1$, and theta $1 - 0.1 \cdot 2 / 1 = 0.8$. The result is `([0.8], [1.])`, up to the
# tiny `eps`. This first step is twice as long as `lr`, because the mean starts at zero and is still too small.


# %% id="rmsprop" tags=["answer"]
def rmsprop_step(theta, g, s, lr, alpha, eps):
    """One step of RMSprop: theta, g and s (d,), lr, alpha and eps floats; returns new theta and s, both (d,)."""
    ### BEGIN SOLUTION
    s = alpha * s + (1 - alpha) * g**2
    return theta - lr * g / (np.sqrt(s) + eps), s
    ### END SOLUTION


# %% id="rmsprop-check" tags=["check"]
check("05.rmsprop", rmsprop_step)

# %% [markdown] id="adam-question" tags=["question", "C07", "F05", "F06", "F07", "F08", "F09", "F10", "A21", "A22", "A23", "C23", "Q08"]
# ## 3. Adam
#
# *Adam* takes its direction from momentum, as a running mean $m$ of the gradients, and the length of its steps from
# RMSprop, by a running mean $v$ of their squares:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2$$
#
# Both start at zero, so both are too small at first. In step $t$ the factors $1 - \beta_1^t$ and $1 - \beta_2^t$ say by
# how much (here $t$ is a power). Dividing by them is the *bias correction*:
#
# $$\hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad
# \theta \leftarrow \theta - \mathrm{lr} \cdot \frac{\hat m}{\sqrt{\hat v} + \mathrm{eps}}$$
#
# Write `adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)`, which returns the new `(theta, m, v)`. `t` is a whole
# number: 1 in the first step, 2 in the second. The `m` and `v` that are returned are those without a hat.
#
# Compare with the sources. One task asks for this function without a gradient, `m`, `v` and `t`: so it cannot be
# written. One formula has lost the root of $v$. One corrects twice, $m$ and $v$ and the rate too; its first step is 100
# times too long with the usual constants. One has a shorter form, but with the correction upside down. One listing
# takes the errors of the samples for the gradient, and never stores $m$ and $v$. And the words: $v$ is a mean of
# squares, not a variance, since no mean was subtracted. The hat means "corrected", it has nothing to do with a
# Gaussian. Adam combines momentum with the scaling of Adagrad and RMSprop, not gradient descent with SGD.
#
# *Example.* `theta = [1.]`, `g = [2.]`, `m = [0.]`, `v = [0.]`, `t = 1`, `lr = 0.1`, `beta1 = 0.9`, `beta2 = 0.999`,
# `eps = 1e-8`. Then $m = 0.1 \cdot 2 = 0.2$ and $v = 0.001 \cdot 4 = 0.004$. Corrected they are $0.2 / 0.1 = 2$ and
# $0.004 / 0.001 = 4$. So theta becomes $1 - 0.1 \cdot 2 / 2 = 0.9$, and the result is `([0.9], [0.2], [0.004])`, up to
# the tiny `eps`. The first step is as long as `lr`, whatever the size of the gradient.


# %% id="adam" tags=["answer"]
def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    """One step of Adam: theta, g, m and v (d,), t an int from 1, the rest floats; returns new theta, m, v, all (d,)."""
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + eps), m, v
    ### END SOLUTION


# %% id="adam-check" tags=["check"]
check("05.adam", adam_step)

# %% [markdown] id="adamw-question" tags=["question", "Q33"]
# ## 4. AdamW: weights that decay
#
# Two things are easily mixed up. An *optimizer* says how we go to a minimum. A *regularizer* says which minimum we
# want: it adds $\frac{\lambda}{2} \lVert \theta \rVert^2$ to the loss, say, to keep the weights small. Its gradient is
# $\lambda \theta$, so plain gradient descent multiplies theta by $1 - \mathrm{lr} \cdot \lambda$ in every step, besides
# going downhill.
#
# With Adam, adding $\lambda \theta$ to the gradient does something else. It goes through $m$ and $v$ and is divided by
# $\sqrt{\hat v}$, so weights with large gradients hardly shrink. *AdamW* keeps the two apart. First theta shrinks, then
# comes a step of Adam, whose `g`, `m` and `v` know nothing of the decay:
#
# $$\theta \leftarrow (1 - \mathrm{lr} \cdot \lambda)\, \theta, \qquad
# \text{then the step of Adam from there}$$
#
# Write `adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, decay)`, which returns the new `(theta, m, v)`. `decay` is
# the number $\lambda$.
#
# *Example.* `theta = [2.]`, `g = [4.]`, `m = [0.]`, `v = [0.]`, `t = 1`, `lr = 0.1`, `beta1 = 0.9`, `beta2 = 0.999`,
# `eps = 1e-8`, `decay = 0.5`. Theta shrinks to $(1 - 0.05) \cdot 2 = 1.9$. Adam's first step is as long as `lr`, down
# to 1.8. The result is `([1.8], [0.4], [0.016])`.


# %% id="adamw" tags=["answer"]
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    """One step of AdamW: as adam_step, with the float decay; returns new theta, m and v, all (d,)."""
    ### BEGIN SOLUTION
    theta = (1 - lr * decay) * theta
    return adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    ### END SOLUTION


# %% id="adamw-check" tags=["check"]
check("05.adamw", adamw_step)

# %% [markdown] id="repair-question" tags=["question", "C15"]
# ## 5. Repair an Adam
#
# The function in the next cell should do `steps` steps of Adam, but it has four faults. Three of them stand in the
# sources. None of the four stops the code: it runs, and gives NaN, or goes somewhere else without a word.
#
# Copy the function into the answer cell, name it `adam`, and repair it. It returns `theta` after `steps` steps of
# Adam, as in question 3, with `m` and `v` zero at the start. `grad` is a function: `grad(theta)` returns the gradient,
# of shape (d,). Call it once in each step. With `steps = 0` the start comes back. You may also write the loop anew,
# with your `adam_step`.
#
# *Example.* With `grad(theta)` equal to `theta`, `theta = [2., -3.]`, `lr = 0.1` and `steps = 1`, the first step moves
# each coordinate by `lr` against the sign of its gradient, to `[1.9, -2.9]`. The faulty function gives NaN.


# %% id="faulty"
def faulty_adam(grad, theta, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam with four faults."""
    m = np.zeros_like(theta)
    v = np.zeros_like(theta)
    for t in range(steps):
        g = grad(theta)
        m = beta2 * m + (1 - beta2) * g
        v_new = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v_new / (1 - beta2**t)
        theta = theta - lr * m_hat / (v_hat + eps)
    return theta


with np.errstate(all="ignore"):
    print(faulty_adam(lambda theta: theta, np.array([2.0, -3.0]), lr=0.1, steps=1))


# %% id="repair" tags=["answer"]
def adam(grad, theta, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: grad a function, theta (d,), lr a float, steps an int; returns theta after `steps` steps, (d,)."""
    ### BEGIN SOLUTION
    m = np.zeros_like(theta)
    v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = grad(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
    return theta
    ### END SOLUTION


# %% id="repair-check" tags=["check"]
check("05.repair", adam)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("05")
