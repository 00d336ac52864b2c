"""Compiled loops over rows. They take checked arrays, and report bad rows by a count."""
