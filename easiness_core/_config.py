"""Numeric policy: every threshold and compiler option of the library, in one place."""

from __future__ import annotations

import math
from typing import Final

# How far a row's sum may lie from 1; a hair more, so that 0.999 passes however it is added up.
# Real float16 softmax outputs were seen at 0.9956-1.0003.
ROW_SUM_TOLERANCE: Final = 1e-3 + 1e-9
ROW_SUM_TOLERANCE_HALF: Final = 2e-2 + 1e-9

# How far below 0 a probability may lie and still count as rounding (1 - sum of the others).
NEGATIVE_TOLERANCE: Final = 1e-6
NEGATIVE_TOLERANCE_HALF: Final = 1e-3

# log Phi is read from a table of polynomials on [TABLE_LOW, TABLE_HIGH), within 1e-16 absolute
# where it is near 0. Below TABLE_LOW, where erfc underflows, an asymptotic series takes over
# (tests/core/test_log_phi.py holds every range to mpmath).
TABLE_LOW: Final = -38
TABLE_HIGH: Final = 9
TABLE_PIECES_PER_UNIT: Final = 8
TABLE_DEGREE: Final = 7

# From here on a row's largest rival leaves log E so near 0 that it needs relative accuracy.
EASY_ROW_FROM: Final = 3.0
# Terms exp(-x^2 / 2) beside exp(-x_rival^2 / 2): e^-40 is below any rounding.
NEGLIGIBLE_SQUARE: Final = 80.0
# From here on erfc underflows and log Phi is 0.
PHI_IS_ONE_FROM: Final = 38.6
# In an easy row so many terms that count, or more, are taken by vector instructions, 8 at once
# (8 terms take 70 ns in place of 200); fewer, one by one.
VECTOR_TERMS_FROM: Final = 3
VECTOR_WIDTH: Final = 8
TAIL_DEGREE: Final = 15
EXP_DEGREE: Final = 12

# Below so many classes the largest two are kept, without a branch a class; from there on the
# largest of the others is looked for.
MANY_CLASSES_FROM: Final = 32
# log Phi is read from its table for so many elements at once.
ELEMENTS_AT_ONCE: Final = 256

# Monte Carlo compares with so many differences of noise at once: with 8, or in half as many
# buckets, a look-up takes half as long again.
COMPARED_AT_ONCE: Final = 4

# So many rows at once are settled, and get their losses and levels: what is known of them stays
# in the first-level cache. At most 1,024: their sum in units of 2^-52 must fit 63 bits.
ROWS_AT_ONCE: Final = 256

# Sums of easiness and of losses are integers in these units, so that merging is exact.
EASINESS_FRACTION_BITS: Final = 52
LOSS_FRACTION_BITS: Final = 42

# Rows are handed to threads in blocks of about this many elements: a block takes 0.2 ms or more,
# against some 20 microseconds for handing it over.
BLOCK_ELEMENTS: Final = 1 << 19
# A block that must be converted is a copy: it stays in cache.
CONVERTED_BLOCK_ELEMENTS: Final = 1 << 16
# Inputs up to this many elements stay on the calling thread.
SERIAL_ELEMENTS: Final = 1 << 21

# `error_model="numpy"`: Numba's default puts a zero check before every division, which blocks
# SIMD. No `fastmath`: it would assume NaN and infinity away, and they must be found.
JIT_OPTIONS: Final = {"nogil": True, "error_model": "numpy"}
# A sum alone may be reordered: the order stays a function of the number of classes only.
JIT_SUM_OPTIONS: Final = {**JIT_OPTIONS, "fastmath": {"reassoc", "nsz"}}

# Confusion between classes is counted at this sigma. On four data sets with wrong labels ranking
# was best with sigma 0.03 to 0.1 and damping 0.5 to 0.75, within 0.0005 in AUROC of one another;
# others confirmed it (docs/mislabels.md).
CONFUSION_SIGMA: Final = 0.1
# As if each class had been seen once under each label.
CONFUSION_SMOOTHING: Final = 1.0
# A class whose own samples get less than this is not told apart by the classifier at all.
LEAST_SELF_CONFIDENCE: Final = 1e-3
# Samples of mean self-confidence added to each class, so that a few cannot set its balance.
BALANCE_SAMPLES: Final = 20
# Classes of less easiness than 2^-64 are not counted: 64 bits below one sample.
LOG_NEGLIGIBLE: Final = -64 * math.log(2.0)
# Probabilities that sum to 1 but for rounding: a class is left out only beyond this.
CONTENTION_MARGIN: Final = 1e-9
# Bounds that depend on a row's largest probability are kept for so many steps of it.
CONTENTION_STEPS: Final = 256
