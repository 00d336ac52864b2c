"""Numeric policy: every threshold and compiler option of the library, in one place."""

from __future__ import annotations

from typing import Final

# How far the sum of a row may be from 1, plus a little, so that 0.999 passes in any order of
# addition. Real float16 softmax outputs had sums of 0.9956 to 1.0003.
ROW_SUM_TOLERANCE: Final = 1e-3 + 1e-9
ROW_SUM_TOLERANCE_HALF: Final = 2e-2 + 1e-9

# How far below 0 a probability may lie and still count as rounding (1 - sum of the others).
NEGATIVE_TOLERANCE: Final = 1e-6
NEGATIVE_TOLERANCE_HALF: Final = 1e-3

# From here on Phi is 1, and exp(-x^2 / 2) is 0: a little further, Q would be denormal, which makes
# processors a hundred times slower. log E keeps its digits down to -1e-300
# (tests/core/test_accuracy.py).
PHI_IS_ONE_FROM: Final = 37.5
EXP_IS_ZERO_FROM: Final = PHI_IS_ONE_FROM**2 / 2
# Above this, log R(u) is smaller than the rounding error of u^2 / 2. Below it, a product of 32
# values of R is still a normal number.
TAIL_LEVELS_OFF_FROM: Final = 1e9
# The closed form scores this many rows together, and up to this many classes at once: 2,048
# elements stay in the first-level cache, and up to 32 classes share a logarithm. The last row is
# repeated up to a multiple of the vector width, so that no rows are left to score one by one.
ROWS_TOGETHER: Final = 64
CLASSES_TOGETHER: Final = 32
VECTOR_ROWS: Final = 16
# Above this, a product is computed from its complement.
PRODUCT_NEAR_ONE_FROM: Final = 0.75

# Below this number of classes, the two largest are kept, without a branch per class; from there on,
# a loop finds the largest of the others.
MANY_CLASSES_FROM: Final = 32

# Monte Carlo compares with this many noise differences at once: with 8, or with half the buckets, a
# lookup takes 50 % longer.
COMPARED_AT_ONCE: Final = 4

# Sums, losses and levels are computed for this many rows at once: with 256, rows of 10 classes take
# 10 % longer. At most 1,024: their sum in units of 2^-52 must fit 63 bits.
ROWS_AT_ONCE: Final = 512

# Sums of easiness and of losses are integers in these units, so that merging is exact.
EASINESS_FRACTION_BITS: Final = 52
LOSS_FRACTION_BITS: Final = 42

# Rows are handed to threads in blocks of about this many elements: a block takes 0.2 ms or more,
# and handing it over about 20 microseconds.
BLOCK_ELEMENTS: Final = 1 << 19
# A block that must be converted is a copy: it stays in cache.
CONVERTED_BLOCK_ELEMENTS: Final = 1 << 16
# Inputs up to this many elements stay on the calling thread.
SERIAL_ELEMENTS: Final = 1 << 21

# `error_model="numpy"`: Numba's default puts a zero check before every division, which blocks SIMD.
# No `fastmath`: it would assume that there is no NaN or infinity, but they must be found.
JIT_OPTIONS: Final = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# A product and a sum may be one instruction, rounded once, which saves a third of the time.
JIT_FMA_OPTIONS: Final = {**JIT_OPTIONS, "fastmath": {"contract"}}
# Only a sum may be reordered; its order still depends only on the number of classes.
JIT_SUM_OPTIONS: Final = {**JIT_OPTIONS, "fastmath": {"reassoc", "nsz"}}

# Label errors: the noise model (easiness_core/_noise_model.py). docs/label_errors_measured.md
# measures it, and alternatives, on sets with known wrong labels.

# Added to each probability, because forests and naive Bayes give exact zeros. Results are equal
# from 1e-12 to 1e-6; 1e-4 loses the top of the list at 100 classes.
LEAST_PROBABILITY: Final = 1e-9
# If the samples of a class get less than this, the classifier does not recognize it at all.
LEAST_SELF_CONFIDENCE: Final = 1e-3
# Samples of mean self-confidence added to each class, so that a few cannot set its balance.
BALANCE_SAMPLES: Final = 20
# Times sqrt(n_samples): anchors added to each class, with the label frequencies of all samples.
# With 2 n_classes instead, F1 of the flags is .014 lower.
ANCHOR_SMOOTHING: Final = 0.5
# Up to 2^14: AdaBoost of 26 classes needs 2^11.5, and ranks at random with 2^7.
SHARPNESS_STEPS: Final = tuple(2.0 ** (step / 2) for step in range(-3, 29))
# Sharpness is fitted on at most this many samples; using all changes no mean metric by .001.
SHARPNESS_ROWS: Final = 4000
WEIGHT_STEPS: Final = 10
# Up to this many sharpened probabilities are kept as float32 (512 MiB); more are computed again in
# each step.
STORED_ELEMENTS: Final = 1 << 27
# A sample counts in the low end of the estimated rate if the posterior of its label is below this.
SURELY_WRONG_BELOW: Final = 0.02
