"""Numeric policy: every threshold and compiler option of the library, in one place."""

from __future__ import annotations

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

# Label errors: the noise model (easiness_core/_noise_model.py). Measured on sets with known wrong
# labels, in docs/label_errors.md, with what else was tried.
# Added to each probability: forests and naive Bayes give exact zeros. Equal results from 1e-12
# to 1e-6; 1e-4 loses the top of the list at 100 classes.
LEAST_PROBABILITY: Final = 1e-9
# A class whose own samples get less than this is not told apart by the classifier at all.
LEAST_SELF_CONFIDENCE: Final = 1e-3
# Samples of mean self-confidence added to each class, so that a few cannot set its balance.
BALANCE_SAMPLES: Final = 20
# Times sqrt(n_samples): the anchors added to each class, labeled as all samples are. With 2
# n_classes in place of it, F1 of the flags is .014 lower.
ANCHOR_SMOOTHING: Final = 0.5
# Up to 2^14: AdaBoost of 26 classes needs 2^11.5, and ranks at random with 2^7.
SHARPNESS_STEPS: Final = tuple(2.0 ** (step / 2) for step in range(-3, 29))
# Sharpness is fitted on at most so many samples; all of them change no mean metric by .001.
SHARPNESS_ROWS: Final = 4000
WEIGHT_STEPS: Final = 10
# Up to so many sharpened probabilities are kept as float32 (512 MiB), beyond they are computed
# again in each step.
STORED_ELEMENTS: Final = 1 << 27
# Posterior of its label below which a sample counts at the low end of the estimated rate.
SURELY_WRONG_BELOW: Final = 0.02
