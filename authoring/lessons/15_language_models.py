# %% [markdown] id="title"
# # 15 Language models
#
# **Promise.** Build a small GPT, train it by backpropagation, then fine-tune it without any: by two losses and one seed a step, in the memory of a
# forward pass. And measure what that costs.
#
# **You will be able to**
#
# - write the loss and the attention of a Transformer, and check a gradient of 162,000 numbers;
# - draw text from a model, and say what temperature, top-k and perplexity mean;
# - write a step of MeZO, and count and measure the memory that it saves;
# - say what MeZO costs in steps, why it does not need as many as there are parameters, and when it fails;
# - answer the claim that GPT-3 is trained by gradient-free methods.
#
# **Time** 85 minutes. **Needs** lessons [06](06_neural_networks.ipynb), [10](10_gradients_from_values.ipynb) and
# [11](11_evolution_strategies.ipynb); [08](08_simulated_annealing.ipynb) and [13](13_text_with_matrices.ipynb) help.

# %% id="setup"
import json
import subprocess
import sys
import time
from collections import Counter
from functools import partial

import numpy as np
from IPython.display import ProgressBar
from threadpoolctl import threadpool_limits

from ngo_lesson import data
from ngo_lesson.models.fine_tuning import drift, mezo_, mezo_step_, perturb_
from ngo_lesson.models.language_model import (
    CharTokenizer,
    Config,
    LanguageModel,
    batches,
    held_out_loss,
    is_held_out,
    pretrained,
    train_,
)
from ngo_lesson.models.text import WittenBell
from ngo_lesson.models.transformer import Transformer
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import Adam
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import dots
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [14](14_smaller_and_sturdier_models.ipynb) made a trained network small. Its last line left a debt: while a network is *trained*, most of the memory is not the weights. It is the
# gradients, Adam's two means, and the activations that wait for the backward pass.
#
# The source documents say that gradient-free methods train language models such as GPT-3 with less memory and less computation. Is that so? We need a language
# model to find out, and real text: the help pages of the Python language. One paragraph in ten is kept out for judging.

# %% id="question" tags=["machine"]
topics = data.python_topics()
paragraphs = dict.fromkeys("\n\n".join(topics.texts).split("\n\n"))  # each one once
train_text = "\n\n".join(part for part in paragraphs if not is_held_out(part))
test_text = "\n\n".join(part for part in paragraphs if is_held_out(part))
print(f"{len(train_text):,} characters to learn from, {len(test_text):,} held out")
print(test_text[120:420])

# %% [markdown] id="tokens-text"
# ## 2 From characters to chances
#
# A **token** is a whole number that stands for a piece of text; here, for one character. A **language model** gives a chance to each token to come next, given those
# before. Its output are scores, the *logits* $z$, and the softmax makes chances of them. It is judged by the chance of the token that did come:
#
# $$J = -\frac1n \sum_{i=1}^n \ln p_{i, t_i}, \qquad \ln p_{i,t} = z_{i,t} - \ln \sum_j e^{z_{i,j}} .$$
#
# This is the cross-entropy of lesson [06](06_neural_networks.ipynb), in *nats*; divided by $\ln 2$, in *bits*. Its exponential is the perplexity of lesson
# [13](13_text_with_matrices.ipynb): among how many equally likely tokens the choice would be as hard.


# %% id="tokens"
def cross_entropy(logits, targets):
    z = logits - logits.max(axis=1, keepdims=True)  # no chance changes, and e^z cannot overflow
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logs[np.arange(len(targets)), targets].mean()


tokenizer = CharTokenizer.of("for x in range(9): print(x)")
tokens = tokenizer.encode("for x in x:")
print("characters known:", repr(tokenizer.characters))
print("tokens of 'for x in x:':", tokens, "and back:", tokenizer.decode(tokens))
print("a character it does not know becomes token", tokenizer.encode("Z")[0])
even = np.zeros((1, 50))
print(f"50 equal logits: {cross_entropy(even, [7]):.3f} nats, perplexity 50:", end=" ")
print(np.isclose(np.exp(cross_entropy(even, [7])), 50))
print("logits of 1000 do no harm:", cross_entropy(np.array([[1000.0, 0.0]]), [0]) == 0)

# %% [markdown] id="attention-text" tags=["A37"]
# ## 3 Attention
#
# Each token becomes a row of numbers, its **embedding**, plus a row for its position. Now the rows must learn from each other: in `for x in x:` the second `x` should know of the
# first. In **attention** each place asks a *query* $q$ (what am I looking for?), and each place offers a *key* $k$ and a *value* $v$. The score of place $s$ for place
# $t$ is $q_t \cdot k_s / \sqrt{d_k}$, with $d_k$ the width of a query and a key. The softmax of the scores weighs the values. The model must not see what it should guess, so $t$ sees the places $s \le t$ only:
#
# $$A = \mathrm{softmax}\Big(\frac{Q K^\top}{\sqrt{d_k}} + M\Big), \qquad M_{ts} = \begin{cases} 0 & s \le t \\ -\infty & s > t \end{cases}, \qquad \text{result } A V .$$
#
# Mask *before* the softmax, so that the weights still sum to one. GPT is this *decoder*. BERT, which a document names as an architecture beside the Transformer, is one too: a
# Transformer *encoder*, without the mask, trained to fill gaps.


# %% id="attention"
def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def attention(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    return softmax(np.where(np.tri(len(Q), dtype=bool), scores, -np.inf)) @ V


rng = np.random.default_rng(0)
Q, K, V = rng.normal(size=(3, 5, 4))
before = attention(Q, K, V)
V[4], K[4] = 100, 100  # change the last place
print("earlier places notice nothing:", np.array_equal(before[:4], attention(Q, K, V)[:4]))

# %% [markdown] id="model-text"
# The rest is short. Several *heads* attend side by side, each on its part of the numbers. Their results are mixed and **added** to the rows. A small network
# with one hidden layer follows, and is added too. Before each of these stands a *layer norm*: minus the mean, over the deviation, times a gain. At the end the embeddings
# serve again, as the rows that give the logits. That is all of a GPT (Radford et al. 2019), here without biases:


# %% id="model"
def norm(x, gain):
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5) * gain


def gelu(u):
    return u / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (u + 0.044715 * u**3)))


def own_logits(theta, config, tokens):
    """Logits (T, vocabulary) for tokens (T,)."""
    p, parts = config.unpack(theta), 3 * config.heads
    x = p.tokens[tokens] + p.positions[: len(tokens)]
    for w in p.layers:
        heads = np.split(norm(x, w.gain1) @ w.qkv, parts, axis=1)  # queries, keys, values
        thirds = heads[: parts // 3], heads[parts // 3 : 2 * parts // 3], heads[2 * parts // 3 :]
        x = x + np.hstack([attention(*qkv) for qkv in zip(*thirds)]) @ w.out
        x = x + gelu(norm(x, w.gain2) @ w.up) @ w.down
    return norm(x, p.gain) @ p.tokens.T


model = pretrained()
print(model.config, f"{model.theta.size:,} parameters")
tokens = model.tokenizer.encode("The 'for' statement is used to iterate")
own = own_logits(model.theta, model.config, tokens)
package = model.loss(model.theta, tokens[None, :-1].copy(), tokens[None, 1:].copy())
print("the package's loss is ours:", np.isclose(cross_entropy(own[:-1], tokens[1:]), package, 1e-4))
print("its logits too:", np.allclose(own[-1], model.logits(model.theta, tokens), atol=1e-3))

# %% [markdown] id="backprop-text"
# ## 4 The gradient, and its price
#
# Backpropagation goes through the same steps in reverse (lesson [06](06_neural_networks.ipynb)), with two more rules: those of layer norm and attention. The package has them by hand. A gradient that nobody
# has checked is wrong, so: the slope along a random direction, by central differences (lesson [10](10_gradients_from_values.ipynb)), against the gradient.

# %% id="backprop"
rng, theta = np.random.default_rng(1), model.theta.astype(np.float64)
inputs, targets = rng.integers(0, model.config.vocabulary, (2, 2, 12))
gradient = model.loss_and_gradient(theta, inputs, targets)[1].copy()
errors = []
for _ in range(5):
    z = rng.standard_normal(theta.size) / np.sqrt(theta.size)
    up, down = (model.loss(theta + h * z, inputs, targets) for h in (1e-4, -1e-4))
    errors.append(abs((up - down) / 2e-4 / (gradient @ z) - 1))
print("five slopes agree to 1e-4:", max(errors) < 1e-4)

# %% [markdown] id="scratch-text"
# ### Training from scratch
#
# Now Adam, on windows of 32 characters of the help pages, for some seconds. The smallest useful model: one layer of width 48.

# %% id="scratch" tags=["machine"]
small_tokenizer = CharTokenizer.of(train_text)
small = LanguageModel(small_tokenizer, Config(len(small_tokenizer), 32, 48, 4, 1), rng=0)
bar, STEPS = ProgressBar(500), 500
bar.display()


def progress(step, loss):
    if step % 25 == 0:
        bar.progress = step


stream, held_out = small_tokenizer.encode(train_text), small_tokenizer.encode(test_text)
first = held_out_loss(small, held_out)
losses = train_(small, batches(stream, 32, 16, STEPS, 0), Adam(3e-3), progress)
figure, axes = panels()
axes.plot(np.arange(1, STEPS + 1), losses, color=BLUE, marker="")
axes.set(xlabel="steps of Adam", ylabel="loss (nats a character)")
last = held_out_loss(small, held_out)
show(figure, f"On held-out text: {first:.2f} nats before, {last:.2f} after {STEPS} steps.")

# %% id="scratch-sample" tags=["machine"]
print(small.sample("The ", 150, temperature=0.7, rng=0))

# %% [markdown] id="checkpoint-text"
# ## 5 A trained model, and what it writes
#
# `pretrained()` is the larger model of section 3. `make checkpoint` trained it for longer, on the help pages and on the Chinese words of JupyterLab (steps and licenses:
# `ngo_lesson/models/pretrained.md`). Is it any good? Bits for each held-out character, beside the n-grams of lesson [13](13_text_with_matrices.ipynb):

# %% id="perplexity" tags=["machine"]
nats = held_out_loss(model, model.tokenizer.encode(test_text))
found = {"uniform": np.log2(len(set(train_text)))}
for order in (1, 3, 5):
    found[f"{order}-gram"] = WittenBell(order).fit([train_text]).bits([test_text])
found["Transformer"] = nats / np.log(2)
for name, bits in found.items():
    print(f"{name:12} {bits:5.2f} bits, perplexity {2**bits:5.1f}")

# %% [markdown] id="perplexity-after"
# Far better than the trigram, and slightly *worse* than the 5-gram: on a third of a million characters of repetitive text, a table of counts is hard to beat. (Our windows begin without context, which costs a little.) Of Chinese it saw
# much less, and learned much of that by heart: on new strings a trigram is ahead of it (`make checkpoint` prints both). Transformers win with more text, and they can be fine-tuned.

# %% [markdown] id="sampling-text"
# To write, draw a token, append it, ask again. The temperature $T$ of lesson 13 divides the logits: below 1 the likely tokens get likelier; above 1 all become more equal; at 0 the largest wins
# without a draw. **Top-k** draws among the $k$ likeliest only.


# %% id="sampling"
def draw(logits, temperature, rng):
    if temperature == 0:
        return int(np.argmax(logits))
    chances = np.exp((logits - logits.max()) / temperature)
    return int(rng.choice(len(logits), p=chances / chances.sum()))


rng, z = np.random.default_rng(0), np.array([0.0, 1.0, 2.0])
for temperature in (0, 0.5, 1, 5):
    often = Counter(draw(z, temperature, rng) for _ in range(2000))
    print(f"temperature {temperature}:", [round(often[i] / 2000, 1) for i in range(3)])

# %% [markdown] id="sampling-explorer-text"
# ### Explore: temperature and top-k
#
# The model writes 150 characters after `The `. We count the words it uses, and the share of them that stand in the help pages. (A Chinese character is drawn as □.) **Goal:** at least 85 % known words, and at least
# 15 *different* ones. Find out why the lowest temperature does not reach it.

# %% id="sampling-shown"
KNOWN = set("".join(c if c.isalpha() else " " for c in train_text).split())


def writes(temperature, k):
    text = model.sample("The ", 150, temperature=temperature, top_k=k, rng=3)
    words = "".join(c if c.isalpha() else " " for c in text).split()[:-1]
    known, different = 100 * np.mean([word in KNOWN for word in words]), len(set(words))
    logits = model.logits(model.theta, model.tokenizer.encode("The "))
    chances = np.sort(np.exp((logits - logits.max()) / max(temperature, 1e-3)))[::-1]
    chances[k:] = 0
    rows = [line for line in text.split("\n") if line.strip()]
    shown = "\n".join(row[i : i + 52] for row in rows for i in range(0, len(row), 52))
    shown = "".join(c if c.isascii() else "□" for c in shown)  # the font has no Chinese
    parts = {"chances": (np.arange(1, 21), (chances / chances.sum())[:20]), "text": shown}
    sentence = (
        f"Temperature {temperature:g}, top {k}: {known:.0f} % of the words are known, "
        f"{different} different ones."
    )
    return parts, sentence, bool(known >= 85 and different >= 15)


# %% id="sampling-explorer" tags=["machine"]
figure, (left, right) = panels(1, 2, width=9.6, height=3.4, width_ratios=(1, 1.6))
left.set(xlim=(0, 21), ylim=(0, 1), xlabel="next token, likeliest first", ylabel="chance")
right.set_axis_off()
text_style = {"family": ["DejaVu Sans Mono"], "fontsize": 8.5, "va": "top"}
moving = {
    "chances": dots(left, color=BLUE, marker="o"),
    "text": right.text(0, 1, "", parse_math=False, **text_style),
}
sampling = Explorer(
    writes,
    figure,
    moving,
    {
        "temperature": slider("temperature", 0.0, 2.0, 1.6, step=0.1, ticks={1.0: "as trained"}),
        "k": slider("top k", 1, 100, 100, log=True, step=1.5),
    },
    title="Temperature and top-k",
    goal="85 % known words, 15 different ones",
)
sampling

# %% id="sampling-goal" tags=["machine"]
for temperature in (0.0, 0.7, 1.6):
    shown = sampling.at(temperature=temperature)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="sampling-after" tags=["P25"]
# At temperature 0 the text is nearly correct and runs in circles. Hot text is varied and no language. Between the two it reads well and *means* little: a model of 162,000 parameters has
# learned spelling, spacing, punctuation and phrases. It also writes a second language, because it was shown one; the documents' "multilingual" is a property of the training text:

# %% id="chinese" tags=["machine"]
print(model.sample("文件", 40, temperature=0.5, rng=1))

# %% [markdown] id="task-text"
# ## 6 A task
#
# A company has a trained model and a question of its own. Ours: is this piece of a line **code or prose**? The pieces are the last 16 characters of lines from the documentation of NumPy and
# SciPy, which the model has never seen. One turns a *language model* into a classifier by asking it to go on, and by reading the chances of two **label words**. Here they are
# single characters: `)` for code, `s` for prose. After code a `)` is likelier. That is knowledge from pre-training, and it is used before any fine-tuning.

# %% id="task" tags=["machine"]
WIDTH, LABELS = 16, ")s"


def pieces():
    """Ends of lines of code and of prose, each kind sorted."""
    code, prose = set(), set()
    for text in data.docstrings("numpy", "scipy.stats", "scipy.signal").texts:
        for line in map(str.strip, text.split("\n")):
            if line.startswith((">>> ", "... ")) and len(line) >= WIDTH + 4:
                code.add(line[-WIDTH:])
            elif len(line) >= WIDTH and sum(c.isalpha() or c == " " for c in line) > 0.85 * len(
                line
            ):
                prose.add(line[-WIDTH:])
    return [sorted(code), sorted(prose)]


rng = np.random.default_rng(0)
lines = [rng.choice(kind, 150, replace=False) for kind in pieces()]
X = model.tokenizer.encode("".join([*lines[0], *lines[1]])).reshape(300, WIDTH)
y, order = np.repeat([0, 1], 150), rng.permutation(300)
tune, test = order[:200], order[200:]
for kind in lines:
    print([str(line) for line in kind[:3]])


# %% id="task-judge" tags=["machine"]
def with_targets(rows, labels=LABELS):
    """Inputs, and targets that ask for the label word at the last place only."""
    targets = np.full((len(rows), WIDTH), -1)
    targets[:, -1] = model.tokenizer.encode(labels)[y[rows]]
    return X[rows], targets


def judge(theta, labels=LABELS):
    """Loss on the test lines, and the percentage that is right when the two label words compete."""
    words = model.tokenizer.encode(labels)
    answers = [model.logits(theta, X[row])[words].argmax() for row in test]
    return model.loss(theta, *with_targets(test, labels)), 100 * np.mean(answers == y[test])


START = model.theta.copy()
d = START.size
print("before fine-tuning: loss {:.2f}, {:.0f} % right".format(*judge(START)))

# %% [markdown] id="mezo-text" tags=["P09", "P31"]
# ## 7 MeZO
#
# Lesson [10](10_gradients_from_values.ipynb): two values give the slope along a random direction, $p = \big(J(\theta + \varepsilon z) - J(\theta - \varepsilon z)\big) / 2\varepsilon$, and the step $\theta \leftarrow \theta -
# \mathrm{lr}\, p\, z$ goes downhill on average. But a copy of $\theta$ for each point and a stored $z$ would cost memory again. **MeZO** (Malladi et al. 2023) keeps neither. It
# moves the parameters *themselves* and draws $z$ again from its seed, four times:
#
# 1. $\theta \leftarrow \theta + \varepsilon z$, ask for the loss $\ell_+$;
# 2. $\theta \leftarrow \theta - 2\varepsilon z$, ask for the loss $\ell_-$;
# 3. $\theta \leftarrow \theta + \varepsilon z$: back at the start;
# 4. $p = (\ell_+ - \ell_-) / 2\varepsilon$, then $\theta \leftarrow \theta - \mathrm{lr}\, p\, z$.
#
# Both losses must be of the same samples.


# %% id="mezo"
def mezo_step(loss, theta, seed, eps, lr, move):
    """move(theta, seed, by) adds `by` times the noise of the seed, in place."""
    move(theta, seed, eps)
    up = loss(theta)
    move(theta, seed, -2 * eps)
    down = loss(theta)
    move(theta, seed, eps)
    p = (up - down) / (2 * eps)
    move(theta, seed, -lr * p)
    return p


def with_numpy(theta, seed, by):
    theta += by * np.random.default_rng(seed).standard_normal(theta.shape)


def bowl(x):
    return np.sum(x**2)


own, package, plain = np.ones(1000), np.ones(1000), np.ones(1000)
for seed in range(100):
    mezo_step(bowl, own, seed, 1e-3, 2e-4, perturb_)
    mezo_step_(bowl, package, seed, 1e-3, 2e-4)
    mezo_step(bowl, plain, seed, 1e-3, 2e-4, with_numpy)
print("own and package agree:", np.allclose(own, package))
print(f"bowl from 1000 to {three(bowl(own))}; with NumPy's noise to {three(bowl(plain))}")

# %% [markdown] id="mezo-after"
# `with_numpy` is what [exercise 15](../exercises/15_language_models.ipynb) asks for. It makes all of $z$ at once, so for a moment $z$ is there. The package's `perturb_` computes each entry of $z$ from the seed and the place by a
# *counter-based* generator, and never holds more than four of them.
#
# ### What is held in memory: counted
#
# Numbers, for $d$ parameters and $a$ activations that wait for the backward pass:
#
# | | parameters | gradient | Adam's means | activations kept |
# |---|---|---|---|---|
# | SGD | $d$ | $d$ | | $a$ |
# | Adam | $d$ | $d$ | $2d$ | $a$ |
# | MeZO | $d$ | | | |
#
# MeZO also needs what *one layer* uses while it runs, as any forward pass does. Below, that is the column "forward pass". GPT-3 with 175 billion parameters in 4 bytes (activations left out) is a matter of
# multiplication.


# %% id="memory" tags=["P09"]
def training_memory(parameters, activations, optimizer, bytes_per_number=4):
    if optimizer == "mezo":
        return bytes_per_number * parameters
    copies = {"sgd": 2, "adam": 4}[optimizer]
    return bytes_per_number * (copies * parameters + activations)


def arrays_of_a_pass(layers, backprop):
    """Megabytes of the package's arrays for 16 texts of 64 tokens, without gradient."""
    config = Config(190, 64, 64, 4, layers)
    space = Transformer(config).workspace(16, 64, backprop)
    return (space.nbytes - 4 * config.size * backprop) / 1e6


print("layers  parameters  forward pass  kept for backprop  Adam in all  MeZO in all   ratio")
for layers in (2, 4, 8, 16):
    size = Config(190, 64, 64, 4, layers).size
    passing, kept = arrays_of_a_pass(layers, False), arrays_of_a_pass(layers, True)
    adam = training_memory(size, 0, "adam") / 1e6 + kept
    mezo = training_memory(size, 0, "mezo") / 1e6 + passing
    row = f"{4 * size / 1e6:9.2f} MB{passing:11.2f} MB{kept:16.2f} MB{adam:10.1f} MB{mezo:10.2f} MB"
    print(f"{layers:6}{row}{adam / mezo:8.1f}")
adam, mezo = (training_memory(175e9, 0, name) / 1e12 for name in ("adam", "mezo"))
print(f"GPT-3 without activations: Adam {adam:.1f} TB, MeZO {mezo:.1f} TB")

# %% [markdown] id="peak-text"
# The deeper, the more MeZO saves: backpropagation keeps the activations of every layer, a forward pass those of one. (Backpropagation can keep fewer and compute the others again, for more time.) Note what stands in the column of Adam: it needs *more* memory than SGD.
# The documents list Adam as gradient-free and promise less memory; both are wrong for Adam.
#
# ### Measured
#
# A count can forget something. So ask the operating system: two fresh processes, one for each method, take two steps. How much does the memory of the process (its *resident size*) grow at most?
# (Only Linux tells; elsewhere, what NumPy allocated at most is shown, and that is a count again.)

# %% id="peak-code"
CODE = """
import json, sys, tracemalloc
from pathlib import Path
import numpy as np
from ngo_lesson.models.fine_tuning import mezo_step_
from ngo_lesson.models.transformer import Config, Transformer
from ngo_lesson.optimize.updates import Adam

def steps(layers):
    config = Config(190, 64, 64, 4, layers)
    model, rule = Transformer(config), Adam(1e-5)
    theta = np.random.default_rng(0).standard_normal(config.size, np.float32) / 50
    inputs, targets = np.random.default_rng(0).integers(0, 190, (2, 16, 64))
    for seed in range(2):
        if sys.argv[1] == "Adam":
            rule.step_(theta, model.loss_and_gradient(theta, inputs, targets)[1])
        else:
            mezo_step_(lambda x: model.loss(x, inputs, targets), theta, seed, 1e-3, 1e-6)

def resident(entry):
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) * 1024 for row in rows if row.startswith(entry))

steps(1)  # loads the compiled loops
linux = Path("/proc/self/clear_refs").exists()
if linux:
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    steps(8)
    peak = resident("VmHWM") - before
tracemalloc.start()
steps(8)
print(json.dumps([peak if linux else None, tracemalloc.get_traced_memory()[1]]))
"""

# %% id="peak" tags=["machine", "P09"]
runs = {
    name: subprocess.Popen([sys.executable, "-c", CODE, name], stdout=subprocess.PIPE)
    for name in ("Adam", "MeZO")
}
peaks = {name: json.loads(run.communicate()[0]) for name, run in runs.items()}
for i, what in enumerate(("resident", "allocated")):
    if peaks["MeZO"][i]:
        adam, mezo = (peaks[name][i] / 1e6 for name in runs)
        print(f"8 layers, {what}: Adam {adam:.1f} MB, MeZO {mezo:.1f} MB, ratio {adam / mezo:.1f}")

# %% [markdown] id="race-text" tags=["Q01"]
# ## 8 The price
#
# Now all on the task of section 6, from the same checkpoint, with the same number of evaluations: 160, where a gradient is charged as 3. Batches of 8 lines, 10 seeds.
#
# - **Adam** with the gradient: 53 steps;
# - **MeZO**: 80 steps of 2 losses (and 2 more at the start, to check that the loss repeats itself);
# - **ES** (lesson [11](11_evolution_strategies.ipynb)): 8 mirrored pairs, the mean of their 8 slopes, 10 steps of 16 losses. Also by seeds, so also in MeZO's memory;
# - **annealing** (lesson [08](08_simulated_annealing.ipynb)): add noise; stay if the loss fell, or by luck, ever less often; else go back, by the same seed. 80 steps of 2 losses.
#
# Rates and steps were chosen by a few tries for each method, on seeds that are not among the ten.


# %% id="methods"
EVALUATIONS, BATCH = 160, 8


def draws(cost, seed, labels=LABELS):
    """Batches of the lines to tune on, as many as the evaluations pay for."""
    rng = np.random.default_rng(seed)
    for _ in range(EVALUATIONS // cost):
        yield with_targets(rng.choice(tune, BATCH), labels)


def value(theta, batch):
    return model.loss(theta, *batch)


def by_adam(theta, seed, lr=3e-4, labels=LABELS):
    model.theta = theta
    return train_(model, draws(3, seed, labels), Adam(lr))


def by_mezo(theta, seed, lr=2e-4, eps=1e-3, labels=LABELS):
    return mezo_(value, theta, draws(2, seed, labels), lr=lr, eps=eps, rng=seed)


# %% id="methods-es"
def by_es(theta, seed, lr=1.5e-3, sigma=1e-2, pairs=8):
    losses, rng = [], np.random.default_rng(seed)
    for batch in draws(2 * pairs, seed):
        seeds, slopes = rng.integers(2**62, size=pairs), []
        for each in seeds:  # lr=0: two losses and back
            slope, loss = mezo_step_(lambda x: value(x, batch), theta, each, sigma, 0.0)
            slopes.append(slope)
            losses.append(loss)
        for each, slope in zip(seeds, slopes, strict=True):
            perturb_(theta, each, -lr * slope / pairs)
    return np.array(losses)


def by_annealing(theta, seed, sigma=4e-3, heat=0.03):
    losses, rng = [], np.random.default_rng(seed)
    for step, batch in enumerate(draws(2, seed)):
        temperature, noise = heat * (1 - 2 * step / EVALUATIONS), rng.integers(2**62)
        old = value(theta, batch)
        perturb_(theta, noise, sigma)
        new = value(theta, batch)
        stay = new <= old or rng.random() < np.exp((old - new) / temperature)
        if not stay:
            perturb_(theta, noise, -sigma)
        losses.append(new if stay else old)
    return np.array(losses)


# %% id="race" tags=["machine", "P01", "P09", "P31"]
METHODS = {
    "backprop + Adam": (by_adam, BLUE, "o"),
    "MeZO": (by_mezo, VERMILION, "s"),
    "ES, 8 pairs": (by_es, GREEN, "^"),
    "annealing": (by_annealing, PURPLE, "D"),
}


def ten_runs(method, start=START, labels=LABELS):
    """Losses on the way (10, steps), final test loss and percentage right (10, 2), seconds of each run."""
    ways, ends, seconds = [], [], []
    for seed in range(10):
        theta, begin = start.copy(), time.perf_counter()
        ways.append(method(theta, seed))
        seconds.append(time.perf_counter() - begin)
        ends.append(judge(theta, labels))
    return np.array(ways), np.array(ends), np.median(seconds)


results = {name: ten_runs(method) for name, (method, *_) in METHODS.items()}
model.theta = START


# %% id="race-table" tags=["machine", "P09", "P31"]
def held(backprop, copies):
    """Megabytes: copies of theta, and the arrays of a pass of BATCH pieces, without the gradient."""
    space = model.workspace(BATCH, WIDTH, backprop)
    return (4 * d * copies + space.nbytes - 4 * d * backprop) / 1e6


MEMORY = {"backprop + Adam": held(True, 4), **dict.fromkeys(list(METHODS)[1:], held(False, 1))}
print(f"{'':16}   held  steps  evaluations  seconds   test loss (10 to 90 %)   right")
before = judge(START)
print(f"{'checkpoint':16}{'':32}         {before[0]:.2f} {'':17}{before[1]:3.0f} %")
for name, (ways, ends, seconds) in results.items():
    low, middle, high = np.quantile(ends[:, 0], (0.1, 0.5, 0.9))
    steps = {"backprop + Adam": EVALUATIONS // 3, "ES, 8 pairs": EVALUATIONS // 16}.get(
        name, EVALUATIONS // 2
    )
    print(
        f"{name:16}{MEMORY[name]:4.1f} MB  {steps:4}  {EVALUATIONS:11}  {seconds:7.2f}"
        f"         {middle:.2f} ({low:.2f} to {high:.2f})     {np.median(ends[:, 1]):3.0f} %"
    )

# %% id="race-figure" tags=["machine"]
figure, axes = panels(width=8, height=3.8)
for name, (_, color, marker) in METHODS.items():
    ways = results[name][0]
    blocks = 8
    means = np.array([part.mean(axis=1) for part in np.array_split(ways, blocks, axis=1)])
    at = (np.arange(blocks) + 0.5) * EVALUATIONS / blocks
    low, middle, high = np.quantile(means, (0.1, 0.5, 0.9), axis=1)
    axes.plot(at, middle, marker, linestyle="-", color=color, label=name)
    axes.fill_between(at, low, high, color=color, alpha=0.2, linewidth=0)
axes.set(xlabel="evaluations (a gradient counts 3)", ylabel="loss on the batches", yscale="log")
axes.legend(loc="lower left")
adam, mezo = (results[name][0] for name in ("backprop + Adam", "MeZO"))
target = np.median(mezo[:, -25:].mean(axis=1))
reached = 1 + np.argmax(np.median(adam, axis=0) <= target)
show(
    figure,
    f"MeZO's last losses, {target:.2f}, are reached by Adam in step {reached} of {adam.shape[1]}: "
    f"{3 * reached} evaluations for {EVALUATIONS}.",
)

# %% [markdown] id="race-after"
# Read the table aloud. MeZO holds a fraction of the memory. Per evaluation it is *much* slower than Adam, and its steps are only a little cheaper in seconds: a step is two losses, a
# step of Adam about three. **MeZO saves memory, not time.** (Adam's loss on its 200 lines is lower than on the test lines: it learns some by heart.) The authors' scripts take 20,000 to 100,000 steps of MeZO, where fine-tuning by gradients takes about 1,000. ES with the same seeds is
# as frugal; its steps are better and fewer, and at this number of evaluations the bands overlap: lesson [10](10_gradients_from_values.ipynb) said *do not average, step*. It gains where workers ask at the same time (lesson 11).
# Annealing is as frugal as well, and makes of every pair of losses one bit: stay, or go back. By the share that is right the methods differ less than by the loss: 100 test lines are few, and a difference of four may be luck. A document's "gradient computation makes training inefficient, so bypass it" is half right: right for memory,
# wrong for computation.

# %% [markdown] id="drift-text"
# ## 9 The step eps, and drift
#
# MeZO goes $+\varepsilon z$, $-2\varepsilon z$, $+\varepsilon z$ and hopes to be back. Every addition rounds, so it is back only nearly, and the errors add up: **drift**. And $\varepsilon$
# has the U-curve of lesson [10](10_gradients_from_values.ipynb): too large, and the curvature spoils the slope; too small, and rounding of the losses does.
#
# ### Explore: eps against drift and slope
#
# Left, how far the farthest parameter has moved after 10 cycles (no step is taken). Right, the error of the slope, in % of the usual size of a slope, median of 3 directions; the truth is the
# gradient in float64. **Goal:** drift below 0.01 and a slope within 5 %, *in float16*.


# %% id="drift-curves" tags=["machine"]
EPS = np.geomspace(1e-6, 1e-1, 11)
DTYPES = {"float16": np.float16, "float32": np.float32, "float64": np.float64}
batch = with_targets(tune[:16])
exact = model.loss_and_gradient(START.astype(np.float64), *batch)[1].copy()


def slope_error(dtype, eps):
    """Median error of three slopes in percent of the length of the gradient."""
    wide, errors = np.float64 if dtype == np.float64 else np.float32, []
    for seed in range(3):
        z = np.zeros(d)
        perturb_(z, seed, 1)
        theta, losses = START.astype(dtype), []
        for by in (eps, -2 * eps):
            perturb_(theta, seed, by)
            losses.append(value(theta.astype(wide), batch))
        slope = (losses[0] - losses[1]) / (2 * eps)
        errors.append(abs(slope - exact @ z))
    return 100 * np.median(errors) / np.linalg.norm(exact)


curves = {
    name: np.array(
        [(drift(START.astype(dtype), 10, eps), slope_error(dtype, eps)) for eps in EPS]
    ).T
    for name, dtype in DTYPES.items()
}


# %% id="drift-explorer" tags=["machine"]
def eps_and_drift(eps, precision):
    i = int(np.argmin(np.abs(np.log(EPS / eps))))
    moved, error = curves[precision][:, i]
    data = {"drift": ([eps], [max(moved, 1e-17)]), "error": ([eps], [error])}
    sentence = (
        f"{precision}, eps {eps:.0e}: after 10 cycles off by up to {moved:.1e}; "
        f"slope off by {three(error)} %."
    )
    return data, sentence, bool(precision == "float16" and moved < 0.01 and error < 5)


figure, (left, right) = panels(1, 2, width=9, height=3.5)
for (name, (moved, error)), color in zip(curves.items(), (ORANGE, BLUE, GREEN), strict=True):
    for axes, height in ((left, np.maximum(moved, 1e-17)), (right, error)):
        axes.plot(EPS, height, color=color, label=name)
left.set(xscale="log", yscale="log", xlabel="eps", ylabel="drift after 10 cycles")
right.set(xscale="log", yscale="log", xlabel="eps", ylabel="error of the slope (%)")
left.legend(loc="center left")
here = {"color": BLACK, "marker": "X", "markersize": 11}
drifting = Explorer(
    eps_and_drift,
    figure,
    {"drift": dots(left, **here), "error": dots(right, **here)},
    {
        "eps": slider("eps", 1e-6, 1e-1, 1e-6, log=True, step=10**0.5),
        "precision": choice("precision", list(DTYPES), "float16"),
    },
    title="eps, drift and the slope",
    goal="in float16: drift below 0.01, slope within 5 %",
)
drifting

# %% id="drift-goal" tags=["machine"]
for precision, eps in (("float16", 1e-6), ("float16", 3.16e-4), ("float32", 1e-3)):
    shown = drifting.at(precision=precision, eps=eps)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="rank-text" tags=["P18", "Q16"]
# ## 10 Why it works at all: effective rank
#
# One slope along a random direction in $d$ dimensions points nearly anywhere. The mean of $k$ slopes points better: its cosine with the gradient is about $\sqrt{k / (k + d)}$. A population buys less noise, but slowly. (Lesson
# [16](16_the_state_of_the_art.ipynb) has an explorer for population against noise, in section 3.)


# %% id="cosine" tags=["machine"]
def cosine(k):
    """Of the gradient and the mean of k slopes times their noise, at the checkpoint."""
    total, z = np.zeros(d), np.zeros(d)
    for seed in range(k):
        slope, _ = mezo_step_(lambda x: value(x, batch), theta, seed, 1e-3, 0.0)
        z[:] = 0
        perturb_(z, seed, 1)
        total += slope * z
    return total @ exact / np.linalg.norm(total) / np.linalg.norm(exact)


theta = START.copy()
for k in (1, 16, 256):
    print(f"{2 * k:3} losses: cosine {cosine(k):.3f}, expected {np.sqrt(k / (k + d)):.3f}")

# %% [markdown] id="rank-why"
# Where all curvatures are equal, $d$ dimensions take about $d$ times the steps of gradient descent (lesson [10](10_gradients_from_values.ipynb)). MeZO was fast anyway, with $k = 1$. Why?
#
# Because most directions do not matter. What counts is the effective rank of lesson 10, the sum of all curvatures over the largest: $r = \mathrm{tr} H / \lVert H \rVert$. If a few
# directions are curved and the others flat, $r$ is small, however large $d$ is. First on bowls $\frac12 \sum_i h_i x_i^2$ of three kinds, steps until a tenth of the loss is left, with $\mathrm{lr} = 1 / (\mathrm{tr} H + 2 \lVert H \rVert)$, median of 10 seeds:


# %% id="rank-bowls" tags=["P18"]
def steps_to_a_tenth(h, seed):
    """Descent along random directions on half the sum of h x^2, from x = 1 everywhere."""
    rng, x, step = np.random.default_rng(seed), np.ones(h.size), 0
    lr = 1 / (h.sum() + 2 * h.max())
    while (h * x) @ x > 0.1 * h.sum():
        z = rng.standard_normal(h.size)
        x -= lr * ((h * x) @ z) * z
        step += 1
    return step


print(f"{'curvatures':24}" + "".join(f"{'d = ' + str(size):>12}" for size in (10, 100, 1000)))
for name, kind in {
    "all equal, r = d": lambda i: np.ones(i.size),
    "falling as 1 / i^2": lambda i: 1 / i**2,
    "ten equal, the rest 0": lambda i: np.where(i <= 10, 1.0, 0.0),
}.items():
    counts = [
        np.median([steps_to_a_tenth(kind(np.arange(1.0, size + 1)), seed) for seed in range(10)])
        for size in (10, 100, 1000)
    ]
    print(f"{name:24}" + "".join(f"{three(count):>12}" for count in counts))

# %% [markdown] id="rank-model-text"
# In the first row the steps grow with $d$; in the second ever more slowly, in the third not at all. Now our model, measured as the networks of lesson 10: products $H v$ from two gradients each, the largest
# curvature by multiplying again and again, and the sum of all as the mean of $v^\top H v$ over random signs $v$ (Hutchinson's estimate).


# %% id="rank-model" tags=["machine", "P18"]
def times_hessian(theta, v, batch, length=0.02):
    """H v by the difference of two gradients, at points `length` from theta."""
    scale = length / np.linalg.norm(v)
    up = model.loss_and_gradient(theta + scale * v, *batch)[1].copy()
    return (up - model.loss_and_gradient(theta - scale * v, *batch)[1]) / (2 * scale)


theta, rng, batch = START.copy(), np.random.default_rng(0), with_targets(tune[:24])
by_adam(theta, seed=0)
model.theta, tuned = START, theta.astype(np.float64)
v = rng.standard_normal(d)
for _ in range(10):
    v = times_hessian(tuned, v / np.linalg.norm(v), batch)
largest = np.linalg.norm(v)
signs = rng.choice([-1.0, 1.0], (10, d))
traces = [s @ times_hessian(tuned, s, batch) for s in signs]
trace, error = np.mean(traces), np.std(traces) / np.sqrt(10)
print(f"sum of curvatures {trace:.0f} (+- {error:.0f}), largest {largest:.0f}")
print(f"effective rank about {trace / largest:.0f}, of {d:,} dimensions")

# %% [markdown] id="rank-after"
# A handful of directions in 162,000 (the Hessian of a small batch; with more lines it is more). That is why a step may be so much larger than $d$ suggests. Both simple rules are wrong: *"more
# parameters always make it slower in proportion"* and *"it does not depend on the dimension"*. So the claim that gradient-free methods suit "high-dimensional models" is half right: they suit models that are black boxes, and large ones *whose
# effective rank is low*. It was measured at one point, after fine-tuning; section 12 starts from random parameters.

# %% [markdown] id="prompt-text" tags=["A32"]
# ## 11 What MeZO needs: pre-training and a prompt
#
# The theory of MeZO assumes a model that nearly knows the task: pre-trained, and *prompted*, so that the answer is what the model would write anyway. Take these away, one after the
# other. Same task, same evaluations, the rates of section 8, 10 seeds: the median of the test loss (10 to 90 %), and of the share that is right:
#
# - label words that fit: `)` and `s`, as before;
# - label words that say nothing: `中` for code and `文` for prose, so that nothing in the model connects the question to the answer;
# - label words that fit, but **random parameters**, as after `initialize`.

# %% id="prompt" tags=["machine", "A32", "P01", "Q29"]
CASES = {
    "pre-trained, words fit": (START, LABELS),
    "pre-trained, words do not fit": (START, "中文"),
    "random parameters": (model.config.initialize(0), LABELS),
}
print(f"{'':29}{'before':>12}{'MeZO':>27}{'Adam':>27}")
for name, (start, labels) in CASES.items():
    cells = ["{:.2f}, {:.0f} %".format(*judge(start, labels))]
    for method, run in (("MeZO", by_mezo), ("backprop + Adam", by_adam)):
        if name == "pre-trained, words fit":
            ends = results[method][1]
        else:
            ends = ten_runs(partial(run, labels=labels), start, labels)[1]
        low, middle, high = np.quantile(ends[:, 0], (0.1, 0.5, 0.9))
        share = np.median(ends[:, 1])
        cells.append(f"{middle:.2f} ({low:.2f} to {high:.2f}), {share:.0f} %")
    print(f"{name:29}{cells[0]:>12}{cells[1]:>27}{cells[2]:>27}")
model.theta = START

# %% [markdown] id="prompt-after"
# Look at the loss first. From the pre-trained model with fitting words MeZO gets far; with words that say nothing it spends its evaluations on learning which characters to write at all; from random
# parameters it hardly leaves the start. Adam has a lower loss in every row. Now the percentage: it asks only which of the *two* label words is likelier, and by that measure random parameters do about as well here. This task is so easy
# that the characters of a piece nearly tell; no knowledge is needed. So the need for pre-training showed in the loss, and not in the share that is right. The authors' tasks do need knowledge, and they explain the success of MeZO by pre-training and prompts; their advice is to use a
# prompt always, and to train for longer.

# %% [markdown] id="tiny-text" tags=["A32", "Q29"]
# ## 12 Annealing a tiny model from random parameters
#
# One document describes just this for GPT-3: start from random parameters, and let simulated annealing find good ones. 175 billion parameters are out of reach. But does it work for a *tiny* model?
# One layer of width 8, which sees 8 characters: about 1,100 parameters. The objective is the loss on 16 windows of one line of text. All methods get 300 evaluations from the same 10 starts (in the genetic algorithm the start is one of the first population).
# The dashed line is a model that knows only how frequent each character is.

# %% id="tiny-model"
LINE = "the quick brown fox jumps over the lazy dog while the lazy dog sleeps in the sun. "
tiny_tokenizer = CharTokenizer.of(LINE)
tiny = Transformer(Config(len(tiny_tokenizer), 8, 8, 2, 1))
chars = tiny_tokenizer.encode(LINE)
cut = np.arange(0, 64, 4)[:, None] + np.arange(9)
tiny_x, tiny_y = chars[cut[:, :-1]].copy(), chars[cut[:, 1:]].copy()


def tiny_loss(x):
    return tiny.loss(x.astype(np.float32), tiny_x, tiny_y)


def tiny_gradient(x):
    return tiny.loss_and_gradient(x.astype(np.float32), tiny_x, tiny_y)[1].astype(float)


share = np.bincount(tiny_y.ravel()) / tiny_y.size
frequencies = -sum(p * np.log(p) for p in share if p)


# %% id="tiny" tags=["machine"]
TINY = {
    "backprop + Adam": ({"method": "adam", "grad": tiny_gradient, "lr": 0.03}, BLUE, "o"),
    "MeZO's slope + Adam": ({"method": "zo-adam", "lr": 0.01}, VERMILION, "s"),
    "ES": ({"method": "es", "sigma": 0.05, "lr": 1.0, "popsize": 10, "shrink": 0.3}, GREEN, "^"),
    "annealing": ({"method": "annealing", "sigma": 0.3}, PURPLE, "D"),
    "genetic algorithm": ({"method": "ga"}, ORANGE, "v"),
}
TINY_BUDGET, grid = 300, np.arange(1, 301)


def tiny_run(name, seed, budget=TINY_BUDGET):
    start, options = tiny.config.initialize(seed).astype(float), TINY[name][0]
    near = {"bounds": [(v - 0.3, v + 0.3) for v in start]} if options["method"] == "ga" else {}
    return minimize(tiny_loss, start, budget=budget, seed=seed, **options, **near)


figure, axes = panels(width=8, height=3.8)
found, middles = [], {}
for name, (_, color, marker) in TINY.items():
    runs = [tiny_run(name, seed).history for seed in range(10)]
    ways = [np.interp(grid, run["nfev"], run["fun"]) for run in runs]
    low, middle, high = np.quantile(ways, (0.1, 0.5, 0.9), axis=0)
    middles[name] = middle
    axes.plot(grid, middle, marker, linestyle="-", color=color, markevery=30, label=name)
    axes.fill_between(grid, low, high, color=color, alpha=0.2, linewidth=0)
    found.append(f"{name} {middle[-1]:.2f}")
axes.axhline(frequencies, color=BLACK, linestyle="--", linewidth=1, label="frequencies only")
axes.set(
    xlabel="evaluations (a gradient counts 3)", ylabel="best loss so far (nats)", ylim=(0, 3.6)
)
axes.legend(loc="lower left", fontsize=9)
show(
    figure,
    f"{tiny.config.size:,} parameters, frequencies only {frequencies:.2f}: {', '.join(found)}.",
)

# %% id="tiny-longer" tags=["machine"]
longer = [tiny_run("annealing", seed, 5 * TINY_BUDGET).fun for seed in range(10)]
low, middle, high = np.quantile(longer, (0.1, 0.5, 0.9))
same = grid[np.argmax(middles["backprop + Adam"] <= middle)]
print(
    f"annealing with {5 * TINY_BUDGET:,} evaluations: {middle:.2f} ({low:.2f} to {high:.2f}); "
    f"Adam had that after {same}"
)

# %% [markdown] id="tiny-after" tags=["A32", "P01", "P05", "P06", "P09", "Q29"]
# For the same evaluations, annealing, ES and the genetic algorithm do not get below the dashed line in any useful way, and knowing how frequent each character is takes no Transformer. The estimated slope is hardly better. Adam has
# learned the line by heart. With five times the evaluations annealing does learn something; Adam had that after the few evaluations printed above. So annealing is not *impossible*, it is slower by a large factor, for 1,088 parameters. Lesson [08](08_simulated_annealing.ipynb) had
# annealing win: on tours, where there is no slope. Here there is one, and the one who uses it wins.
#
# ## 13 The claim about GPT-3
#
# "Gradient-free methods train GPT-3." What can be said, and what was shown above:
#
# | claim | verdict |
# |---|---|
# | GPT-3 was, or can be, *trained* without gradients | no evidence. It was trained by Adam (Brown et al. 2020). Here, annealing, a GA and ES were far behind on 1,088 parameters |
# | annealed from random parameters | no report that we know of; section 12 shows the factor for a tiny model |
# | large models can be *fine-tuned* without gradients | yes: MeZO up to 66 billion parameters (OPT), from pre-trained models, with prompts |
# | widely used for translation, summaries and answers | MeZO was measured on classification, choice and *question answering*; nothing about "widely" |
# | improves generation and understanding | at most as good as fine-tuning by gradients on most tasks: within 1 % on 7 of 11 (OPT-13B) |
# | less memory | true for MeZO: up to 12 times in the paper. False for Adam, which the documents list as gradient-free |
# | less computation | false: more evaluations, here many times more. (The authors report up to 2 times fewer GPU hours: a large model needs fewer devices without backpropagation.) |
#
# The numbers about large models are the authors' (Malladi et al. 2023); a laptop cannot check them. The rest was measured on this page.

# %% [markdown] id="quick"
# ## 14 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-time" tags=["P09", "P31"]
# **Quick question.** "Computing a gradient is expensive. MeZO needs none, so it trains faster." What is right?
#
# - [ ] Yes: two forward passes are cheaper than forward and backward.
#   A step is cheaper by about a third. But Adam needed a small part of the steps.
# - [x] It trains in less memory, and needs many more steps.
#   That was the table of section 8. It pays where memory is what is missing.
# - [ ] Yes, as it needs no activations.
#   That saves memory. The time goes into the number of steps.

# %% [markdown] id="quick-memory" tags=["P09"]
# **Quick question.** Which of these holds the most memory while training the same model?
#
# - [ ] SGD
#   Parameters, gradient, activations. Something holds two more numbers for each parameter.
# - [x] Adam
#   Two means for each parameter on top of what SGD holds.
# - [ ] MeZO
#   The least: the parameters, and one layer's work at a time.

# %% [markdown] id="quick-bert" tags=["A37"]
# **Quick question.** "Key techniques of language models: the Transformer architecture, the BERT architecture." What is off?
#
# - [ ] Nothing: these are two architectures.
#   BERT is built of Transformer layers.
# - [x] BERT is a Transformer: its encoder, without the mask, trained to fill gaps.
#   GPT is the decoder, with the mask, trained to go on.
# - [ ] BERT came first, and the Transformer replaced it.
#   The Transformer is of 2017, BERT of 2018.

# %% [markdown] id="quick-mask"
# **Quick question.** Someone forgets the mask. The training loss becomes tiny. Why is the model useless?
#
# - [ ] It has over-fitted the training text.
#   Its loss on new text is tiny as well.
# - [x] Each place sees the token that it should guess, and copies it. When it writes, that token is not there.
#   This is a leak, as in lesson [13](13_text_with_matrices.ipynb).
# - [ ] Attention without a mask cannot be trained.
#   BERT is trained so, on another task.

# %% [markdown] id="quick-eps"
# **Quick question.** You run MeZO in float16 and make eps smaller and smaller. What happens?
#
# - [ ] The slope gets ever better.
#   Until rounding takes over: the U-curve of lesson [10](10_gradients_from_values.ipynb).
# - [ ] Nothing: eps cancels in the slope.
#   In exact numbers, nearly. In float16, a step smaller than the distance of two numbers changes nothing at all.
# - [x] First the slope improves, then rounding spoils it.
#   Rounding meets the parameters *and* the difference of two nearly equal losses.

# %% [markdown] id="quick-suits" tags=["P18", "Q16"]
# **Quick question.** For which model would you choose a method without gradients?
#
# - [ ] For any large one: that is what they are made for.
#   Size alone says nothing. What counts is the effective rank, and whether there is a gradient to be had.
# - [ ] For pre-training a language model on a small computer.
#   From random parameters even 1,088 of them took far more evaluations than with gradients.
# - [x] For a black box, for an objective without slope, or for fine-tuning where the memory is just enough to run the model.
#   Lessons [07](07_random_search.ipynb) to [09](09_genetic_algorithms.ipynb) and [11](11_evolution_strategies.ipynb) have the first two, this one the third.

# %% [markdown] id="quick-gpt" tags=["A32", "P01", "Q29"]
# **Quick question.** An interviewer asks: "Give an example of gradient-free optimization with GPT-3." The best answer?
#
# - [ ] Its parameters are started at random and annealed until the loss is low.
#   No report says that anybody did. For a model of 1,088 parameters it was slower than Adam by a large factor.
# - [ ] It was trained by Adam, which is gradient-free.
#   Trained by Adam, yes. Adam uses gradients.
# - [x] It was trained with gradients. Models of that kind have been fine-tuned without: MeZO, on OPT with up to 66 billion parameters.
#   And add the price: less memory, more steps, and only from a pre-trained model with a prompt.

# %% [markdown] id="summary"
# ## Summary
#
# 1. A Transformer is embeddings, attention that does not see the future, small networks and layer norms; its loss is the cross-entropy, and exp of it the perplexity.
# 2. MeZO takes a step by two losses and one seed, and moves the parameters themselves: the memory of a forward pass, several times less than Adam's, and less still with depth.
# 3. It pays in steps: at equal evaluations Adam is far ahead. MeZO saves memory, not time.
# 4. What its steps cost beside those of gradient descent grows with the effective rank, not with the number of parameters; it needs pre-training and a prompt; eps lies between curvature and rounding.
# 5. From random parameters annealing, a GA and ES lose by a large factor, at 1,088 parameters already. No evidence says that GPT-3 was trained, or can be, without gradients.
#
# ## Exercise
#
# Six questions: copy it with `start_exercise("15")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/15_language_models.ipynb](../exercises/15_language_models.ipynb). **Next:** [16 The state of the art](16_the_state_of_the_art.ipynb). What if the model is a service that returns nothing but values, or the aim has no slope?
# There no gradient competes.

# %% [markdown] id="sources"
# ## Sources
#
# - A. Vaswani et al., *Attention is all you need*, NIPS (2017), [arXiv:1706.03762](https://arxiv.org/abs/1706.03762).
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever, *Language models are unsupervised multitask learners*, OpenAI (2019): GPT-2.
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, *BERT*, NAACL (2019), [arXiv:1810.04805](https://arxiv.org/abs/1810.04805).
# - T. Brown et al., *Language models are few-shot learners*, NeurIPS (2020), [arXiv:2005.14165](https://arxiv.org/abs/2005.14165): GPT-3, trained by Adam.
# - S. Malladi, T. Gao, E. Nichani, A. Damian, J. D. Lee, D. Chen, S. Arora, *Fine-tuning language models with just forward passes*, NeurIPS (2023),
#   [arXiv:2305.17333](https://arxiv.org/abs/2305.17333): MeZO.
# - J. C. Spall, *Multivariate stochastic approximation using a simultaneous perturbation gradient approximation*, IEEE Transactions on Automatic Control 37 (1992),
#   [doi:10.1109/9.119632](https://doi.org/10.1109/9.119632).
# - M. F. Hutchinson, *A stochastic estimator of the trace of the influence matrix for Laplacian smoothing splines*, Communications in Statistics 18 (1989),
#   [doi:10.1080/03610918908812806](https://doi.org/10.1080/03610918908812806).
# - G. L. Steele, D. Lea, C. H. Flood, *Fast splittable pseudorandom number generators*, OOPSLA (2014),
#   [doi:10.1145/2660193.2660195](https://doi.org/10.1145/2660193.2660195): the counter-based noise.
