"""From settings to parts, and parts to a worker."""
