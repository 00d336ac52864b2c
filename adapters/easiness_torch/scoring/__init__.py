"""Scores on the device, of a batch or a data set, and selection within a batch."""
