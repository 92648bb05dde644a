"""Merging: from the partials of all sources to the panes of slices."""
