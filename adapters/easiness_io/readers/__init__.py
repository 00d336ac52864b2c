"""One class a format, behind one protocol."""
