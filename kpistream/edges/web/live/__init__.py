"""The live view: what pages and terminals show, and the feeds that keep it up to date."""
