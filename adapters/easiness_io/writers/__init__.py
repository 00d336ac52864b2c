"""Output files that appear whole or not at all, and tables of scores in them."""
