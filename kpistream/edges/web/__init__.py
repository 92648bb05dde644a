"""A worker's web server: metrics, health, and its readings and alerts as JSON."""

from kpistream.edges.web.readiness import Readiness
from kpistream.edges.web.server import WebServer
from kpistream.edges.web.vocabulary import Vocabulary

__all__ = ["Readiness", "Vocabulary", "WebServer"]
