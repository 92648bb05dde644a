"""The live page for a terminal."""
