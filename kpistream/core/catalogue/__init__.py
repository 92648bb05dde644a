"""The catalogue: what its files may say, and what they come to."""
