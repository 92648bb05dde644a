# syntax=docker/dockerfile:1

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/kpistream
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY alerts alerts
COPY kpistream kpistream
RUN /opt/kpistream/bin/pip install --quiet --constraint constraints.txt .

FROM python:3.11-slim
# A worker that listens to more than its own machine wants KPISTREAM_READ_TOKENS, too.
ENV PATH=/opt/kpistream/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KPISTREAM_WEB_HOST=0.0.0.0 \
    KPISTREAM_WEB_PORT=6066
# A fixed number, so that a cluster can check that it is not root's; it owns one folder to run in.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin kpistream \
    && install --directory --owner=10001 --group=10001 /var/lib/kpistream
COPY --from=build /opt/kpistream /opt/kpistream
USER 10001:10001
WORKDIR /var/lib/kpistream
EXPOSE 6066
# A worker flushes, commits and leaves its group on this signal.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['KPISTREAM_WEB_PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["kpistream"]
CMD ["worker"]
