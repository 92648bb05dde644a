"""What kpistream computes: pure functions over events, given the time."""
