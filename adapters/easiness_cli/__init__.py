"""The `easiness` command: files in, files and a terminal summary out."""
