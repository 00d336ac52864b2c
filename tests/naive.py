"""The paper's definitions, literally: loops over NumPy arrays, sharing nothing with the library."""

import math

import numpy as np


def phi(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def log_phi(x):
    """Good for x > -37, where erfc still has all its digits."""
    if x > 0:
        return math.log1p(-0.5 * math.erfc(x / math.sqrt(2.0)))
    return math.log(phi(x)) if phi(x) > 0 else -math.inf


def closed_form(probs, labels, sigma):
    easiness, log_easiness = [], []
    for h, i in zip(probs, labels, strict=True):
        e, log_e = 1.0, 0.0
        for j in range(len(h)):
            if j != i:
                x = (float(h[i]) - float(h[j])) / (sigma * math.sqrt(2.0))
                e *= phi(x)
                log_e += log_phi(x)
        easiness.append(e)
        log_easiness.append(log_e)
    return np.array(easiness), np.array(log_easiness)


def monte_carlo(probs, labels, a, b):
    """Count, for each pair of classes, the noises under which the label's class wins.

    Log easiness is the logarithm of the product, or of its factors where the product underflows.
    """
    n = len(a)
    easiness, log_easiness = [], []
    for h, i in zip(probs, labels, strict=True):
        e, log_e = 1.0, 0.0
        for j in range(len(h)):
            if j != i:
                d = float(h[i]) - float(h[j])
                count = sum(1 for k in range(n) if d > b[k] - a[k])
                e *= count / n
                with np.errstate(divide="ignore"):
                    log_e += np.log(np.float64(count) / n)
        easiness.append(e)
        log_easiness.append(math.log(e) if e >= np.finfo(float).smallest_normal else log_e)
    return np.array(easiness), np.array(log_easiness)


def counts_as_printed(h, i, j, a, b):
    """The paper's own inequality, with its own rounding."""
    return sum(1 for k in range(len(a)) if float(h[i]) + a[k] > float(h[j]) + b[k])


def kl_loss(probs, labels, sigma):
    """L_SE = KL(eps_hat || eps) of Bernoulli entries, eps_hat 1 but 0.5 at the label (Eq. 2)."""
    losses = []
    for h, i in zip(probs, labels, strict=True):
        loss = 0.0
        for j in range(len(h)):
            p = 0.5 if j == i else 1.0
            q = 0.5 if j == i else phi((float(h[i]) - float(h[j])) / (sigma * math.sqrt(2.0)))
            loss += p * math.log(p / q)
            if p < 1.0:
                loss += (1.0 - p) * math.log((1.0 - p) / (1.0 - q))
        losses.append(loss)
    return np.array(losses)


def log_phi_with_tangent(x, tail):
    """log Phi, continued below -tail by its tangent."""
    if x >= -tail:
        return log_phi(x)
    slope = math.exp(-tail * tail / 2) / math.sqrt(2 * math.pi) / phi(-tail)
    return log_phi(-tail) + slope * (x + tail)


def sample_easiness_loss(logits, labels, lambda_, sigma, tail):
    """Cross-entropy + lambda L_SE of each row (Eq. 3), its tail bounded."""
    losses = []
    for z, i in zip(logits, labels, strict=True):
        weights = [math.exp(float(v) - float(max(z))) for v in z]
        h = [w / sum(weights) for w in weights]
        se = -sum(
            log_phi_with_tangent((h[i] - h[j]) / (sigma * math.sqrt(2.0)), tail)
            for j in range(len(h))
            if j != i
        )
        losses.append(-math.log(h[i]) + lambda_ * se)
    return np.array(losses)


def loss(probs, labels):
    return np.array(
        [
            math.inf if h[i] <= 0 else max(0.0, -math.log(float(h[i])))
            for h, i in zip(probs, labels, strict=True)
        ]
    )


def predicted(probs):
    best = []
    for h in probs:
        top = 0
        for j in range(1, len(h)):
            if h[j] > h[top]:
                top = j
        best.append(top)
    return np.array(best, dtype=np.int64)


def level(easiness, resolution):
    return np.array(
        [1 if e <= resolution else 4 if e >= 1 - resolution else 2 for e in easiness],
        dtype=np.uint8,
    )


def ese(easiness, correct, edges):
    """Eq. 4; a value on an edge belongs to the upper bin, 1 to the last."""
    n_bins, n, total = len(edges) - 1, len(easiness), 0.0
    for b in range(n_bins):
        members = [
            k
            for k in range(n)
            if edges[b] <= easiness[k] and (easiness[k] < edges[b + 1] or b == n_bins - 1)
        ]
        if members:
            accuracy = sum(bool(correct[k]) for k in members) / len(members)
            mean = sum(float(easiness[k]) for k in members) / len(members)
            total += len(members) / n * abs(accuracy - mean)
    return total


def loss_rank(loss, n_hard, n_medium):
    order = sorted(range(len(loss)), key=lambda k: (-loss[k], k))
    return np.array(sorted(order[n_hard : n_hard + n_medium]), dtype=np.int64)


def auroc(probs, labels):
    """Share of pairs in the right order, ties half, averaged over classes."""
    areas = []
    for c in range(probs.shape[1]):
        own = [float(h[c]) for h, i in zip(probs, labels, strict=True) if i == c]
        other = [float(h[c]) for h, i in zip(probs, labels, strict=True) if i != c]
        if own and other:
            wins = sum((p > q) + 0.5 * (p == q) for p in own for q in other)
            areas.append(wins / (len(own) * len(other)))
    return sum(areas) / len(areas) if areas else math.nan


def log_odds(logits):
    """z_k - log sum exp z_j over j != k, each class by itself."""
    odds = np.empty(np.shape(logits))
    for n, z in enumerate(np.asarray(logits, dtype=np.float64)):
        for k in range(len(z)):
            others = [float(value) for j, value in enumerate(z) if j != k]
            top = max(others)
            rest = top
            if top > -math.inf:
                rest += math.log(math.fsum(math.exp(value - top) for value in others))
            odds[n, k] = -math.inf if z[k] == -math.inf else float(z[k]) - rest
    return odds


def easiest(log_easiness, loss, lot, share):
    """The share of highest log easiness, at least one; among equal ones lower loss, then lot."""
    size = max(1, round(share * len(log_easiness)))
    order = sorted(range(len(log_easiness)), key=lambda k: (-log_easiness[k], loss[k], lot[k]))
    return np.array(sorted(order[:size]), dtype=np.int64)


def margin(z, i):
    """The label's logit minus the largest other: (margin, class of the other)."""
    other = None
    for k in range(len(z)):
        if k != i and (other is None or z[k] > z[other]):
            other = k
    return z[i] - z[other], other


def noise_model(probs, labels):
    """Posterior of each sample's true class: noise matrix from anchors, sharpness, class weights.

    Returns (posterior, log odds that the label is wrong), one row per sample.
    """
    n, m = len(probs), len(probs[0])
    p = [[(float(v) + 1e-9) / (sum(map(float, h)) + m * 1e-9) for v in h] for h in probs]
    overall = sum(p[k][labels[k]] for k in range(n)) / n
    t = []
    for j in range(m):
        own = [p[k][j] for k in range(n) if labels[k] == j]
        t.append(max((sum(own) + 20 * overall) / (len(own) + 20), 1e-3))
    ratio = [[h[j] / math.sqrt(t[j]) for j in range(m)] for h in p]
    g = [[value / sum(row) for value in row] for row in ratio]
    winner = [row.index(max(row)) for row in g]

    counts = [[0] * m for _ in range(m)]
    for j in range(m):
        tops = sorted(g[k][j] for k in range(n) if winner[k] == j)
        for k in range(n):
            if winner[k] == j and g[k][j] >= np.median(tops):
                counts[j][labels[k]] += 1
    base = [sum(1 for y in labels if y == c) / n for c in range(m)]
    pseudo = math.sqrt(n) / 2
    T = [
        [(counts[j][c] + pseudo * base[c]) / (sum(counts[j]) + pseudo) for c in range(m)]
        for j in range(m)
    ]

    order = sorted(range(n), key=lambda k: (p[k][labels[k]], max(g[k])))
    size = min(n, 4000)
    chosen = [order[(i * (n - 1)) // max(size - 1, 1)] for i in range(size)]
    best = None
    for step in range(32):
        beta = 2.0 ** (-1.5 + step / 2)
        fit = 0.0
        for k in chosen:
            powers = [(value / max(g[k])) ** beta for value in g[k]]
            chance = sum(powers[j] * T[j][labels[k]] for j in range(m)) / sum(powers)
            fit += math.log(chance)
        if best is None or fit > best[0]:
            best = fit, beta
    beta = best[1]
    sharp = []
    for row in g:
        powers = [(value / max(row)) ** beta for value in row]
        sharp.append([value / sum(powers) for value in powers])

    w = [1.0] * m
    for _ in range(10):
        with_label, without = [20.0] * m, [20.0] * m
        for row, y in zip(sharp, labels, strict=True):
            a = [w[j] * row[j] for j in range(m)]
            q = [a[j] * T[j][y] for j in range(m)]
            for j in range(m):
                without[j] += a[j] / sum(a)
                with_label[j] += q[j] / sum(q)
        w = [w[j] * with_label[j] / without[j] for j in range(m)]
        w = [value * m / sum(w) for value in w]

    posterior, log_odds = [], []
    for row, y in zip(g, labels, strict=True):
        logs = [beta * math.log(row[j]) + math.log(w[j] * T[j][y]) for j in range(m)]
        powers = [math.exp(value - max(logs)) for value in logs]
        posterior.append([value / sum(powers) for value in powers])
        rest = [value for j, value in enumerate(logs) if j != y]
        top = max(rest)
        log_odds.append(top + math.log(sum(math.exp(v - top) for v in rest)) - logs[y])
    return np.array(posterior), np.array(log_odds)
