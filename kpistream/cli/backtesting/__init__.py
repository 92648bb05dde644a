"""Past events in the order in which they arrived, and what rules made of them."""
