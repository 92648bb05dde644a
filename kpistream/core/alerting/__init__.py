"""Alerting: rules, the conditions in them, the life of alerts, and why they fire."""
