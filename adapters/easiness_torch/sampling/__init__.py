"""`EasinessSampler` and its parts."""
