"""What columns are usually called."""

PROBS_NAMES = ("probs", "pred_probs", "probabilities", "predictions")
LOGITS_NAMES = ("logits", "logit")
LABEL_NAMES = ("label", "labels", "y", "y_true", "true_label", "given_label", "target", "class")
ID_NAMES = ("id", "sample_id", "index")
