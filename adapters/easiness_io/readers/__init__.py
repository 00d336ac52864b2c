"""One class per format, behind one protocol."""
