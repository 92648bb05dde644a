"""Events: what they are, how they are read, and what becomes of them."""
