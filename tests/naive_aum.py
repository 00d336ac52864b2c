"""What `AreaUnderMargin` keeps, one measurement at a time."""

import naive
import numpy as np


def averages(stream, sigma):
    """{id: (label, count, AUM, mean easiness, mean easiness of a predicted other class)}."""
    seen = {}
    for ids, logits, labels in stream:
        for sample, z, i in zip(ids, logits, labels, strict=True):
            margin, _ = naive.margin(z, i)
            wide = np.asarray(z, dtype=np.float64)
            h = np.exp(wide - wide.max())
            h = h / h.sum()
            top = int(np.argmax(h))
            easiness = naive.closed_form([h], [i], sigma)[0][0]
            rival = naive.closed_form([h], [top], sigma)[0][0] if top != i else 0.0
            seen.setdefault(sample, (i, []))[1].append((float(margin), easiness, rival))
    return {
        sample: (
            label,
            len(rows),
            *(total(column) / len(rows) for column in zip(*rows, strict=True)),
        )
        for sample, (label, rows) in seen.items()
    }


def total(values):
    """Sum one by one; from Python 3.12 on, `sum` makes up for rounding."""
    result = 0.0
    for value in values:
        result += value
    return result
