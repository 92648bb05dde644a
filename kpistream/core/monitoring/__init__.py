"""Monitoring: from the panes of slices to readings."""
