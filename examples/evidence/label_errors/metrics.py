"""How well a list of suspicions and flags finds wrong labels."""

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

METRICS = ("auroc", "ap", "p_at_n", "p_at_1pct", "f1")


def ranking_metrics(suspicion, wrong):
    """AUROC, average precision, precision at the number of wrong labels, and at 1 %."""
    return {
        "auroc": roc_auc_score(wrong, suspicion),
        "ap": average_precision_score(wrong, suspicion),
        "p_at_n": precision_at(suspicion, wrong, int(wrong.sum())),
        "p_at_1pct": precision_at(suspicion, wrong, max(1, len(wrong) // 100)),
    }


def flag_metrics(flags, wrong):
    """F1 of flags, and the shares of wrong and of right labels that they name."""
    return {
        "f1": f1_score(wrong, flags, zero_division=0.0),
        "flagged": flags.mean(),
        "tpr": flags[wrong].mean(),
        "fpr": flags[~wrong].mean(),
    }


def precision_at(suspicion, wrong, k):
    """Precision among the k most suspicious; those that tie at the end count in shares."""
    cut = np.sort(suspicion)[-k]
    above, tied = suspicion > cut, suspicion == cut
    return (wrong[above].sum() + wrong[tied].mean() * (k - above.sum())) / k
