"""What ``kpistream check`` looks at, and what it finds."""
