"""Money: exact amounts in their currencies, and the rates between these."""
