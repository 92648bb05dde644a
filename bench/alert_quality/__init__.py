"""The quality of alerts, by seeded simulation: how often they are false, and how soon they come."""
