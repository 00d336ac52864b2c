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

# From here on Phi is 1, and exp(-x^2 / 2) is 0: a little further on Q would be denormal, at which
# processors take a hundred times as long. log E keeps its digits down to -1e-300
# (tests/core/test_accuracy.py).
PHI_IS_ONE_FROM: Final = 37.5
EXP_IS_ZERO_FROM: Final = PHI_IS_ONE_FROM**2 / 2
# Beyond, log R(u) is below any rounding of u^2 / 2; a product of 32 such R is a normal number.
TAIL_LEVELS_OFF_FROM: Final = 1e9
# Rows of the closed form are taken so many together, up to so many classes at once: 2,048 elements
# stay in the first-level cache, and 20 classes take one logarithm. The last row is repeated up to a
# multiple of what vector instructions take, lest rows left over be taken one by one.
ROWS_TOGETHER: Final = 64
CLASSES_TOGETHER: Final = 32
VECTOR_ROWS: Final = 16
# From here on the digits of a product are those of its complement.
PRODUCT_NEAR_ONE_FROM: Final = 0.75

# Below so many classes the largest two are kept, without a branch a class; from there on the
# largest of the others is looked for.
MANY_CLASSES_FROM: Final = 32

# Monte Carlo compares with so many differences of noise at once: with 8, or in half as many
# buckets, a look-up takes half as long again.
COMPARED_AT_ONCE: Final = 4

# So many rows at once are summed, and get their losses and levels: with 256, rows of 10 classes
# take a tenth longer. At most 1,024: their sum in units of 2^-52 must fit 63 bits.
ROWS_AT_ONCE: Final = 512

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
JIT_OPTIONS: Final = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# A product and a sum may be one instruction, rounded once: a third less time.
JIT_FMA_OPTIONS: Final = {**JIT_OPTIONS, "fastmath": {"contract"}}
# A sum alone may be reordered: the order stays a function of the number of classes only.
JIT_SUM_OPTIONS: Final = {**JIT_OPTIONS, "fastmath": {"reassoc", "nsz"}}

# Label errors: the noise model (easiness_core/_noise_model.py). Measured on sets with known wrong
# labels, in docs/label_errors_measured.md, with what else was tried.
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
