FROM python:3.11-slim AS build
RUN python -m venv /opt/sales-agent && pip install --no-cache-dir uv
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN uv pip install --no-cache --python /opt/sales-agent/bin/python -c constraints.txt .

FROM python:3.11-slim
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin app
COPY --from=build /opt/sales-agent /opt/sales-agent
# Everything that is ever written goes to VAR_DIR, so the root file system may be read-only.
ENV PATH=/opt/sales-agent/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    API_HOST=0.0.0.0 API_PORT=8000 VAR_DIR=/data LOG_FORMAT=json
WORKDIR /data
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"API_PORT\"]}/health/liveness', timeout=2)"]
# Exec form: signals reach the program itself, which finishes or hands back what it has.
ENTRYPOINT ["sales-agent"]
CMD ["api"]
