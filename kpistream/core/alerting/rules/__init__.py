"""Rules and the conditions in them, as data and as people write them."""
