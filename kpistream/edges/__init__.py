"""Where kpistream meets the outside world: files, HTTP, metrics."""
