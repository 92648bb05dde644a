"""Marketing KPIs from event streams, exact to the cent, seconds after they happen."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kpistream")
except PackageNotFoundError:  # a checkout that was never installed
    __version__ = "0+unknown"
