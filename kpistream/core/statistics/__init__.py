"""Statistics: what could be chance, and what could hardly be; pure functions of numbers."""
