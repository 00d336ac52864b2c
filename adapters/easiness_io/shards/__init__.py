"""Find, check and score the files of one run."""
