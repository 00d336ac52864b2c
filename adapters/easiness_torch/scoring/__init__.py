"""Scores on the device: of a batch, a data set, and the choice within a batch."""
