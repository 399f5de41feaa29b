# The image of pipeline_app, from its lock:
#
#   docker build --build-arg INDEX_URL=https://…/simple/ --secret id=netrc,src=FILE --tag pipeline-app .
#
# INDEX_URL is the private index, without credentials. FILE is what `carrack token --netrc FILE` wrote: it is mounted
# while a step runs, and stays in no layer of any stage. The base image brings Python and pip, and needs nothing else.
# Behind a proxy that has certificates of its own: --build-arg HTTPS_PROXY --secret id=certificates,src=BUNDLE.pem

ARG BASE_IMAGE=python:3.13-slim

# One index and nothing but it, whatever pip.conf the base has; pip's --isolated does the same for PIP_* variables.
FROM ${BASE_IMAGE} AS index
ARG INDEX_URL
ENV INDEX_URL=${INDEX_URL} NETRC=/run/secrets/netrc CERTIFICATES=/run/secrets/certificates PIP_CONFIG_FILE=/dev/null
COPY pipeline_app/docker/check_lock.py /

# What the lock names, and not one byte else.
FROM index AS dependencies
COPY pipeline_app/requirements.lock /
RUN --mount=type=secret,id=netrc --mount=type=secret,id=certificates \
    if [ -f "$CERTIFICATES" ]; then export REQUESTS_CA_BUNDLE="$CERTIFICATES" SSL_CERT_FILE="$CERTIFICATES"; fi \
 && python3 /check_lock.py /requirements.lock "$INDEX_URL" \
 && python3 -m venv --without-pip /opt/venv \
 && pip --isolated --python /opt/venv/bin/python install --no-input --no-cache-dir \
      --index-url "$INDEX_URL" --require-hashes --only-binary :all: -r /requirements.lock

# The app's own wheel, by the pinned build backend.
FROM index AS app
COPY build-constraints.txt /
RUN --mount=type=secret,id=netrc --mount=type=secret,id=certificates \
    if [ -f "$CERTIFICATES" ]; then export REQUESTS_CA_BUNDLE="$CERTIFICATES" SSL_CERT_FILE="$CERTIFICATES"; fi \
 && python3 /check_lock.py /build-constraints.txt "$INDEX_URL" \
 && python3 -m venv --without-pip /opt/build \
 && pip --isolated --python /opt/build/bin/python install --no-input --no-cache-dir \
      --index-url "$INDEX_URL" --require-hashes --only-binary :all: -r /build-constraints.txt
COPY pipeline_app /pipeline_app
RUN pip --isolated --python /opt/build/bin/python wheel --no-index --no-deps --no-build-isolation \
      --check-build-dependencies --no-cache-dir --wheel-dir /wheels /pipeline_app

FROM ${BASE_IMAGE}
ENV PYTHONUNBUFFERED=1
COPY --from=dependencies /opt/venv /opt/venv
# A line changed in the app changes this layer only. With no index, what the app needs and the lock lacks is an error.
# Without PYTHONDONTWRITEBYTECODE pip would leave itself compiled in the base's folders; what it installs is compiled.
RUN --mount=type=bind,from=app,source=/wheels,target=/mnt \
    PIP_CONFIG_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1 \
    pip --isolated --python /opt/venv/bin/python install --no-index --no-cache-dir /mnt/*.whl
# Writable also where the root file system is read-only.
VOLUME /tmp
USER 10001:10001
# Exec form: the app is process 1, so SIGTERM reaches it.
ENTRYPOINT ["/opt/venv/bin/pipeline-app"]
