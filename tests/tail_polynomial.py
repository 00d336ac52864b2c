"""Compute the polynomial of easiness_core/_kernels/normal_tail.py, to be pasted there.

    python tests/tail_polynomial.py

`(u + 5) R(u)`, `R(u) = erfcx(u / sqrt 2) / 2`, in `t = (u - 5) / (u + 5)`: the interpolant at
Chebyshev's nodes, in 60 digits, then rounded. tests/core/test_normal_tail.py holds the constants
in the code to these and to the function itself.
"""

import mpmath


def scaled_tail(t):
    """(u + 5) R(u) at u = 5 (1 + t) / (1 - t); at t = 1 its limit, 1 / sqrt(2 pi)."""
    if t == 1:
        return 1 / mpmath.sqrt(2 * mpmath.pi)
    u = 5 * (1 + mpmath.mpf(t)) / (1 - mpmath.mpf(t))
    if u > 1e3:
        # The Mills ratio's asymptotic series: its 12th term is below 1e-60.
        terms = [(-1) ** k * mpmath.fac2(2 * k - 1) / u ** (2 * k) for k in range(12)]
        return (u + 5) / u * mpmath.fsum(terms) / mpmath.sqrt(2 * mpmath.pi)
    z = u / mpmath.sqrt(2)
    return (u + 5) * mpmath.erfc(z) * mpmath.exp(z * z) / 2


def coefficients(degree):
    """Coefficients of the interpolant, lowest power first."""
    with mpmath.workdps(60):
        n = degree + 1
        angles = [mpmath.pi * (2 * k + 1) / (2 * n) for k in range(n)]
        values = [scaled_tail(mpmath.cos(angle)) for angle in angles]
        chebyshev = [
            (1 if j == 0 else 2) / mpmath.mpf(n)
            * mpmath.fsum(v * mpmath.cos(j * a) for v, a in zip(values, angles, strict=True))
            for j in range(n)
        ]  # fmt: skip
        # From Chebyshev's polynomials to powers: T_j = 2 t T_(j-1) - T_(j-2).
        last, before = [mpmath.mpf(1)], [mpmath.mpf(0)]
        powers = [mpmath.mpf(0)] * n
        for j in range(n):
            for power, c in enumerate(last):
                powers[power] += chebyshev[j] * c
            following = [mpmath.mpf(0), *((1 if j == 0 else 2) * c for c in last)]
            for power, c in enumerate(before if j else []):
                following[power] -= c
            last, before = following, last
        return [float(c) for c in powers]


if __name__ == "__main__":
    for c in coefficients(20):
        print(f"    {c!r},")
