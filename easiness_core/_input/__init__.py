"""Conversion and checks of what the user passes."""
