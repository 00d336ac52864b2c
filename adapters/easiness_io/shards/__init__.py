"""Many files of one run: found, checked, scored once each, and accounted for."""
