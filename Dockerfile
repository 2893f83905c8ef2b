# The service as a container: a virtual environment with what requirements-service.lock names, no compiler, no root.
#
#   docker build -t calciphylaxis-cds .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:5000:5000 -v cds-data:/data -e CDS_… calciphylaxis-cds
#
# Settings are environment variables (see README.md). Only /data (feedback, card log) and /dev/shm are written to.

FROM python:3.12.8-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/calciphylaxis-cds
WORKDIR /src
# What the service needs and nothing that only developers need, each file checked by its hash.
COPY requirements-service.lock ./
RUN /opt/calciphylaxis-cds/bin/pip install --require-hashes --requirement requirements-service.lock
COPY pyproject.toml README.md LICENSE ./
COPY hooks hooks
COPY fhir_mappings fhir_mappings
COPY cds_service cds_service
RUN /opt/calciphylaxis-cds/bin/pip install --no-deps .

FROM python:3.12.8-slim-bookworm
RUN groupadd --gid 10001 cds \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin cds \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/calciphylaxis-cds /opt/calciphylaxis-cds
# gunicorn keeps its heartbeat files and control socket in TMPDIR and XDG_RUNTIME_DIR: memory, also on a read-only system.
ENV PATH=/opt/calciphylaxis-cds/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/dev/shm \
    XDG_RUNTIME_DIR=/dev/shm \
    MALLOC_ARENA_MAX=2 \
    CDS_DATABASE_URL=sqlite:////data/calciphylaxis-cds.sqlite3
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 5000
# http.client and not urllib: it knows no proxy. Any answer but 200, or none, is a failure. Of the process alone: what is
# unhealthy may be replaced, and cards come without the database as well. /health/ready tells whether it can be written.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 5000, timeout=4); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
CMD ["calciphylaxis-cds", "serve", "--host", "0.0.0.0", "--port", "5000"]
