"""One module per command: its name, its options and its run. Imports nothing heavy."""
