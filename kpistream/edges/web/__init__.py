"""A worker's web server: its readings and alerts as JSON, metrics, health, and a live page."""

from kpistream.edges.web.guard import Guard, Unguarded
from kpistream.edges.web.readiness import Readiness
from kpistream.edges.web.server import WebServer
from kpistream.edges.web.vocabulary import Vocabulary

__all__ = ["Guard", "Readiness", "Unguarded", "Vocabulary", "WebServer"]
