# %% [markdown] id="title"
# # 15 Exercise: language models
#
# You will compute the loss and the attention of a Transformer, take a step of MeZO in the memory of a forward pass, count what training holds in memory, draw tokens, and
# measure perplexity. Each answer is one to eight lines of NumPy. Lesson [15](../notebooks/15_language_models.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Words, everywhere.** A *token* is a whole number that stands for a character. *Logits* are the scores of all tokens before the softmax, which makes
# chances of them: $p_i = e^{z_i} / \sum_j e^{z_j}$. The arrays you are given belong to the caller: leave them unchanged, but for `theta` in question 3.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="loss-question" tags=["question"]
# ## 1. The loss of a language model
#
# A language model gives a chance to each next token. It is good if the token that came had a high one. The *cross-entropy* is the mean negative logarithm of that chance:
#
# $$J = -\frac{1}{n} \sum_{i=1}^{n} \ln p_{i, t_i}, \qquad \ln p_{i, t} = z_{i, t} - \ln \sum_j e^{z_{i, j}} .$$
#
# Write `cross_entropy(logits, targets)`. `logits` has shape (n, classes): one row for each place. `targets` has shape (n,): the token $t_i$ that came there. Logits may
# be 1000 or -1000, where $e^z$ overflows. Adding the same number to all logits of a row changes no chance; use that.
#
# *Example.* `logits = [[0., 0.]]`, `targets = [1]`: both tokens have the chance 1/2, so the loss is $\ln 2 = 0.693$.


# %% id="loss" tags=["answer"]
def cross_entropy(logits, targets):
    """Mean negative log-probability of the targets: logits (n, classes), targets (n,); returns a float."""
    ### BEGIN SOLUTION
    z = logits - logits.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(targets)), targets].mean()
    ### END SOLUTION


# %% id="loss-check" tags=["check"]
check("15.loss", cross_entropy)

# %% [markdown] id="attention-question" tags=["question", "A37"]
# ## 2. Attention that does not see the future
#
# At each of $T$ places stands a *query* (what am I looking for?), a *key* (what do I offer?) and a *value*. The score of place $s$ for place $t$ is the product of query $t$ and key $s$,
# divided by $\sqrt{d_k}$, where $d_k$ is the width of queries and keys. The softmax of the scores gives weights, and the result at place $t$ is the weighted mean of the values. A model that
# predicts the next token must not look at it: place $t$ sees the places $s \le t$ only.
#
# Write `causal_attention(Q, K, V)`: `Q` and `K` have shape (T, d_k), `V` (T, v), the result (T, v). Hide the future *before* the softmax, so that the weights of each
# place still sum to one. Scores may be large.
#
# *Example.* With `Q = [[0.], [0.]]` and any keys, all scores are 0, so each place takes the plain mean of what it sees: `V = [[2.], [4.]]` gives `[[2.], [3.]]`.


# %% id="attention" tags=["answer"]
def causal_attention(Q, K, V):
    """Mean of V over this place and those before, by softmax(Q K' / sqrt(d_k)): Q, K (T, d_k), V (T, v); returns (T, v)."""
    ### BEGIN SOLUTION
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    scores = np.where(np.tri(len(Q), dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ V
    ### END SOLUTION


# %% id="attention-check" tags=["check"]
check("15.attention", causal_attention)

# %% [markdown] id="mezo-question" tags=["question", "P01", "P09", "P18", "Q29"]
# ## 3. A step of MeZO
#
# MeZO (Malladi and coauthors 2023) trains with two forward passes and no backward pass. In the memory of the model alone: it moves the parameters *themselves*, and draws the direction
# $z$ again from its seed each time it needs it, so that $z$ is never kept.
#
# 1. $\theta \leftarrow \theta + \varepsilon z$, and ask for the loss: $\ell_+$
# 2. $\theta \leftarrow \theta - 2 \varepsilon z$, and ask for the loss: $\ell_-$
# 3. $\theta \leftarrow \theta + \varepsilon z$: the parameters are back
# 4. the *projected gradient* $p = (\ell_+ - \ell_-) / (2 \varepsilon)$, and $\theta \leftarrow \theta - \mathrm{lr} \cdot p \cdot z$
#
# Write `mezo_step(loss, theta, seed, eps, lr)`. It changes `theta` **in place**, as in `theta += ...`, and returns $p$. `loss(theta)` may be asked twice. Everywhere
# `z = np.random.default_rng(seed).standard_normal(theta.shape)`, drawn anew in each of the four moves. The check measures the memory that you hold while `loss` runs: no array as large as
# `theta` may be there.
#
# *Example.* `np.random.default_rng(1).standard_normal(1)` is `[0.3456]`. With the loss `sum(theta)`, `theta = [1.]`, `seed = 1` and `lr = 0.1`, $p = 0.3456$ for any `eps`; `theta` becomes
# $1 - 0.1 \cdot 0.3456^2 = 0.9881$.


# %% id="mezo" tags=["answer"]
def mezo_step(loss, theta, seed, eps, lr):
    """One step of MeZO, theta of any shape changes in place: loss(theta) is a float; returns the projected gradient."""

    ### BEGIN SOLUTION
    def move(by):
        theta[...] += by * np.random.default_rng(seed).standard_normal(theta.shape)

    move(eps)
    up = loss(theta)
    move(-2 * eps)
    down = loss(theta)
    move(eps)
    projected = (up - down) / (2 * eps)
    move(-lr * projected)
    return projected
    ### END SOLUTION


# %% id="mezo-check" tags=["check"]
check("15.mezo", mezo_step)

# %% [markdown] id="memory-question" tags=["question", "P09", "P31"]
# ## 4. What training holds in memory
#
# The documents promise less memory and name Adam for it. Count for yourself, in numbers:
#
# - `"sgd"` holds the parameters, one gradient for each, and the activations that the backward pass needs;
# - `"adam"` holds two moments for each parameter on top of that;
# - `"mezo"` holds the parameters. Its forward passes keep no activations for later, and $z$ is drawn again number by number.
#
# Write `training_memory(parameters, activations, optimizer, bytes_per_number=4)`, which returns bytes. `parameters` and `activations` are counts of numbers, `activations` those kept for
# the backward pass.
#
# *Example.* `training_memory(1000, 500, "sgd")`: 1000 parameters, 1000 gradients and 500 activations are 2500 numbers of 4 bytes, 10000 bytes.


# %% id="memory" tags=["answer"]
def training_memory(parameters, activations, optimizer, bytes_per_number=4):
    """Bytes held while training by "sgd", "adam" or "mezo": counts of numbers; returns a number of bytes."""
    ### BEGIN SOLUTION
    if optimizer == "mezo":
        return bytes_per_number * parameters
    copies = 4 if optimizer == "adam" else 2
    return bytes_per_number * (copies * parameters + activations)
    ### END SOLUTION


# %% id="memory-check" tags=["check"]
check("15.memory", training_memory)

# %% [markdown] id="sample-question" tags=["question"]
# ## 5. Draw the next token
#
# A model writes by drawing one token after the other. The *temperature* $T$ says how bold it is: the chances are the softmax of $z / T$. Below 1 the likely tokens become likelier, above
# 1 all become more equal. At $T = 0$ the most likely token is taken without a draw.
#
# Write `sample(logits, temperature, rng)`, which returns one token, a whole number from 0 to n - 1. `logits` has shape (n,) and may hold large numbers. The largest one
# stands alone. Draw with `rng`, a `numpy.random.Generator`, in any way that you like: the check looks at how often each token comes.
#
# *Example.* `logits = [0., 1.]` at temperature 1: token 1 has the chance $e / (1 + e) = 0.73$. At temperature 0.5 it is $e^2 / (1 + e^2) = 0.88$, and at 0 it is sure.


# %% id="sample" tags=["answer"]
def sample(logits, temperature, rng):
    """One token from softmax(logits / temperature), the largest at temperature 0: logits (n,); returns an int."""
    ### BEGIN SOLUTION
    if temperature == 0:
        return int(np.argmax(logits))
    chances = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(logits), p=chances / chances.sum()))
    ### END SOLUTION


# %% id="sample-check" tags=["check"]
check("15.sample", sample)

# %% [markdown] id="perplexity-question" tags=["question"]
# ## 6. Perplexity
#
# A loss of 1.2 says little to most people. *Perplexity* is the same in plainer words: a model with perplexity 4 is as uncertain as if it chose among 4 equally likely tokens each time.
#
# Write `perplexity(log_probabilities)`: exp of the mean negative log-likelihood. `log_probabilities` has shape (n,): the natural logarithm of the chance that the model gave to each token that came. A
# text may have thousands of them.
#
# *Example.* Two tokens that had the chances 1/2 and 1/8: the mean of $\ln 2$ and $\ln 8$ is $\ln 4$, so the perplexity is 4.


# %% id="perplexity" tags=["answer"]
def perplexity(log_probabilities):
    """exp of the mean negative log-likelihood: natural logarithms (n,); returns a float."""
    ### BEGIN SOLUTION
    return np.exp(-np.mean(log_probabilities))
    ### END SOLUTION


# %% id="perplexity-check" tags=["check"]
check("15.perplexity", perplexity)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("15")
