"""Convert and check the arguments that users pass."""
