"""Dashboards of Grafana, generated from what is measured; needs the extra `grafana`."""
