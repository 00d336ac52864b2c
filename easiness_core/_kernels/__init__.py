"""Compiled loops over rows. They take checked arrays and count bad rows."""
