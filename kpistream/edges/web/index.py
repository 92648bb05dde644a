"""The page at the root: where to find what."""

from typing import Final

INDEX: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>kpistream</title></head>
<body>
<h1>kpistream</h1>
<ul>
<li><a href="/api/v1/readings?slice=total">readings</a> of the KPIs, as JSON</li>
<li><a href="/api/v1/alerts">alerts</a>, as JSON</li>
<li><a href="/api/v1/objectives">objectives</a> and how far they are, as JSON</li>
<li><a href="/api/v1/receivers">receivers</a> of alerts, as JSON</li>
<li><a href="/metrics">metrics</a> for Prometheus</li>
<li><a href="/readyz">ready?</a> <a href="/healthz">alive?</a></li>
</ul>
</body>
</html>
"""
