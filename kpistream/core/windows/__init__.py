"""Windows: panes, the windows that they make up, and the days of a time zone."""
