"""Write tables of scores to files that appear complete or not at all."""
