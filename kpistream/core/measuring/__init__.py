"""Measuring: from the records of one source partition to partials."""
