# The image of pipeline_app, from its lock. `carrack image build --app pipeline_app` builds it; by hand:
#
#   docker build --build-arg INDEX_URL=https://…/simple/ --secret id=netrc,src=FILE --tag pipeline_app .
#
# INDEX_URL is the private index, without credentials. FILE is what `carrack token --netrc FILE` wrote: it is mounted
# while a step runs, and stays in no layer of any stage. The base image brings Python and pip, and needs nothing else.
# Behind a proxy that has certificates of its own: --build-arg HTTPS_PROXY --secret id=certificates,src=BUNDLE.pem

ARG BASE_IMAGE=python:3.13-slim

# Everything that comes from the index, and not one byte else: the only stage that uses the token, so that a long build
# outlives none. pip reads neither a pip.conf of the base nor, --isolated, its PIP_* variables.
FROM ${BASE_IMAGE} AS downloads
ARG INDEX_URL
ENV INDEX_URL=${INDEX_URL} NETRC=/run/secrets/netrc CERTIFICATES=/run/secrets/certificates PIP_CONFIG_FILE=/dev/null
COPY build-constraints.txt /prepared/build-constraints.txt
# What Carrack adds to the context; check_lock.py is in the repository too, for builds by hand.
COPY pipeline_app/docke[r]/check_lock.py carrack-imag[e]/check_lock.py /prepared/
COPY pipeline_app/requirements.lock /prepared/requirements.lock
RUN --mount=type=secret,id=netrc --mount=type=secret,id=certificates \
    if [ -f "$CERTIFICATES" ]; then export REQUESTS_CA_BUNDLE="$CERTIFICATES" SSL_CERT_FILE="$CERTIFICATES"; fi \
 && mkdir -p /carrack/wheels /carrack/build-wheels \
 && python3 /prepared/check_lock.py /prepared/requirements.lock "$INDEX_URL" \
 && pip --isolated download --no-input --no-cache-dir --no-deps --index-url "$INDEX_URL" \
      --require-hashes --only-binary :all: --dest /carrack/wheels --requirement /prepared/requirements.lock \
 && pip --isolated download --no-input --no-cache-dir --no-deps --index-url "$INDEX_URL" \
      --require-hashes --only-binary :all: --dest /carrack/build-wheels --requirement /prepared/build-constraints.txt
# Carrack has the workspace's own packages in a lock apart: a new version of one leaves what is above in the cache. In a
# build by hand they are in requirements.lock with all others.
COPY build-constraints.txt carrack-imag[e] /prepared/
RUN --mount=type=secret,id=netrc --mount=type=secret,id=certificates \
    if [ -f "$CERTIFICATES" ]; then export REQUESTS_CA_BUNDLE="$CERTIFICATES" SSL_CERT_FILE="$CERTIFICATES"; fi \
 && mkdir -p /carrack/own && touch /prepared/own.lock && cp /prepared/own.lock /carrack/own/ \
 && python3 /prepared/check_lock.py /prepared/own.lock "$INDEX_URL" \
 && pip --isolated download --no-input --no-cache-dir --no-deps --index-url "$INDEX_URL" \
      --require-hashes --only-binary :all: --dest /carrack/own --requirement /prepared/own.lock
# podman 4 mounts a stage out of its cache as it was before the last step; so that is one which changes no file.
LABEL io.carrack.stage=downloads

# What the lock names, from there, again by hash; also what the base has in some version. Mounts are of what a step uses
# and no more, so that it stays in the cache while that is the same.
FROM ${BASE_IMAGE} AS dependencies
RUN --mount=type=bind,from=downloads,source=/prepared/requirements.lock,target=/prepared/requirements.lock \
    --mount=type=bind,from=downloads,source=/carrack/wheels,target=/carrack/wheels \
    python3 -m venv --without-pip /opt/venv \
 && PIP_CONFIG_FILE=/dev/null pip --isolated --python /opt/venv/bin/python install --no-cache-dir --no-deps \
      --ignore-installed --no-index --find-links /carrack/wheels --require-hashes --requirement /prepared/requirements.lock

# The app's own wheel, by the pinned build backend.
FROM ${BASE_IMAGE} AS app
ENV PIP_CONFIG_FILE=/dev/null
RUN --mount=type=bind,from=downloads,source=/prepared/build-constraints.txt,target=/prepared/build-constraints.txt \
    --mount=type=bind,from=downloads,source=/carrack/build-wheels,target=/carrack/build-wheels \
    python3 -m venv --without-pip /opt/build \
 && pip --isolated --python /opt/build/bin/python install --no-cache-dir --no-deps \
      --no-index --find-links /carrack/build-wheels --require-hashes --requirement /prepared/build-constraints.txt
COPY pipeline_app /carrack/app
RUN pip --isolated --python /opt/build/bin/python wheel --no-index --no-deps --no-build-isolation \
      --check-build-dependencies --no-cache-dir --wheel-dir /carrack/app-wheels /carrack/app
LABEL io.carrack.stage=app

FROM ${BASE_IMAGE} AS image
ENV PYTHONUNBUFFERED=1
COPY --from=dependencies /opt/venv /opt/venv
# A new version of the workspace's own packages changes this layer and the next ones, a line of the app the last alone.
# Without PYTHONDONTWRITEBYTECODE pip would leave itself compiled in the base's folders; what it installs is compiled.
RUN --mount=type=bind,from=downloads,source=/carrack/own,target=/mnt \
    PIP_CONFIG_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1 \
    pip --isolated --python /opt/venv/bin/python install --no-cache-dir --no-deps --ignore-installed --no-index \
      --require-hashes --find-links /mnt --requirement /mnt/own.lock
# With no index, what the app needs and the lock lacks is an error.
RUN --mount=type=bind,from=app,source=/carrack/app-wheels,target=/mnt \
    PIP_CONFIG_FILE=/dev/null PYTHONDONTWRITEBYTECODE=1 \
    pip --isolated --python /opt/venv/bin/python install --no-index --no-cache-dir /mnt/*.whl
# Writable also where the root file system is read-only.
VOLUME /tmp
USER 10001:10001
# Exec form: the app is process 1, so SIGTERM reaches it.
ENTRYPOINT ["/opt/venv/bin/pipeline-app"]
