"""One module a command: what it is called, its options, and its run. Imports nothing heavy."""
