"""Choose sigma on held-out predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from easiness_core._estimators import ClosedForm
from easiness_core._frames import Table
from easiness_core._input.numbers import check_vector
from easiness_core._input.probs import check_probs
from easiness_core._input.samples import check_samples
from easiness_core._scoring import score
from easiness_core.errors import InputValueError

if TYPE_CHECKING:
    from easiness_core.displays import SigmaDisplay

#: Default grid of `fit_sigma`: 19 values from 1e-3 to 1, six per decade, including 0.01 and 0.1.
SIGMA_GRID: Final[tuple[float, ...]] = tuple(
    float(f"{10.0 ** (k / 6.0):.4g}") for k in range(-18, 1)
)


@dataclass(frozen=True, eq=False, repr=False)
class SigmaFit(Table):
    """ESE and MSR over a grid of sigmas, and the sigma of lowest ESE.

    Attributes
    ----------
    sigma, ese : float
        Sigma of lowest ESE (the smallest such sigma), and that ESE.
    grid, ese_curve, msr_curve : ndarray of shape (n_sigmas,), float64
        Sigmas in ascending order, and ESE and MSR at each.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import easiness_core as ec
    >>> fit = ec.fit_sigma([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], [0, 1, 1])
    >>> fit
    SigmaFit(sigma=0.001, ese=0.0000, 19 sigmas, at the edge of its grid)
    >>> fit.at_edge, fit.grid.size == len(ec.SIGMA_GRID)
    (True, True)
    >>> fit.plot()
    SigmaDisplay(19 sigmas, lowest ESE 0.0000 at sigma 0.001)
    """

    sigma: float
    ese: float
    grid: NDArray[np.float64]
    ese_curve: NDArray[np.float64]
    msr_curve: NDArray[np.float64]

    def _columns(self) -> dict[str, Any]:
        return {"sigma": self.grid, "ese": self.ese_curve, "msr": self.msr_curve}

    def __repr__(self) -> str:
        edge = ", at the edge of its grid" if self.at_edge else ""
        return f"SigmaFit(sigma={self.sigma:g}, ese={self.ese:.4f}, {self.grid.size} sigmas{edge})"

    @property
    def at_edge(self) -> bool:
        """Whether the lowest ESE is at an end of the grid, and so is not a minimum."""
        return self.sigma in (self.grid[0], self.grid[-1])

    def _repr_html_(self) -> str:
        from easiness_core._html import sigma_html

        return sigma_html(self)

    def plot(self, ax: Any = None, *, name: str | None = None, **kwargs: Any) -> SigmaDisplay:
        """Draw ESE and MSR over sigma; needs matplotlib.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default, new ones.
        name : str, optional
            Name for the title.
        **kwargs
            Further options of `easiness_core.displays.SigmaDisplay.plot`.

        Returns
        -------
        SigmaDisplay
            With the axes as `ax_` and the figure as `figure_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from easiness_core.displays import SigmaDisplay

        return SigmaDisplay(fit=self, name=name).plot(ax, **kwargs)


def fit_sigma(
    probs: ArrayLike,
    labels: ArrayLike,
    *,
    grid: Sequence[float] | NDArray[np.float64] = SIGMA_GRID,
    resolution: float = 1e-3,
    n_bins: int = 5,
    classes: Sequence[Any] | None = None,
    normalize: bool = False,
    n_threads: int | None = None,
) -> SigmaFit:
    """Find the sigma of lowest ESE on held-out predictions, and return the whole curve.

    Parameters
    ----------
    probs : array of shape (n_samples, n_classes)
        Predicted probabilities of samples that the classifier was not trained on.
    labels : array of shape (n_samples,)
        Given class of each sample, 0 to n_classes - 1; any values with `classes`.
    grid : sequence of float, default SIGMA_GRID
        Sigmas to try, positive.
    resolution : float in [0, 0.5), default 1e-3
        Threshold between levels for the MSR, as in `ClosedForm`.
    n_bins : int, default 5
        Number of uniform bins for the ESE.
    classes : sequence of length n_classes, optional
        Label values in the order of the columns of `probs`.
    normalize : bool, default False
        Divide each row of probabilities by its sum first.
    n_threads : int, optional
        Number of threads, as in `score`.

    Returns
    -------
    SigmaFit
        The whole curve; do not read its lowest point alone.

    Raises
    ------
    TypeError, ValueError
        As for `score`; or if the grid is empty or contains a value that is not positive, or there
        are no samples.

    Notes
    -----
    As sigma falls, easiness turns into the indicator of a correct prediction, and the ESE falls to
    0 with it. So if the lowest ESE is at the lower end of the grid (`at_edge`), that is no reason
    to use that sigma. docs/numerics.md shows the curves of real classifiers.

    Examples
    --------
    >>> import easiness_core as ec
    >>> probs, labels = [[0.9, 0.1], [0.49, 0.51], [0.2, 0.8]], [0, 0, 1]
    >>> ec.fit_sigma(probs, labels, grid=[0.01, 0.1]).msr_curve
    array([0.33333333, 0.33333333])
    """
    sigmas = np.unique(check_vector(grid, "grid"))
    if sigmas.size == 0:
        raise InputValueError("expected at least one sigma, got none", argument="grid")
    # Once for all sigmas: convert data frames, and match labels with names.
    rows = check_probs(probs, normalize=normalize)
    given = check_samples(rows, probs, labels, classes=classes)[0]
    summaries = [
        score(
            rows.array, given, estimator=ClosedForm(sigma=float(sigma), resolution=resolution),
            n_bins=n_bins, normalize=normalize, n_threads=n_threads,
        ).summary
        for sigma in sigmas
    ]  # fmt: skip
    if summaries[0].n_samples == 0:
        raise InputValueError("expected at least one sample, got none", argument="probs")
    ese = np.array([summary.ese for summary in summaries])
    best = int(np.argmin(ese))
    return SigmaFit(
        sigma=float(sigmas[best]),
        ese=float(ese[best]),
        grid=sigmas,
        ese_curve=ese,
        msr_curve=np.array([summary.msr for summary in summaries]),
    )
