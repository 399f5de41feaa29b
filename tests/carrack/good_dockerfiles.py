"""Ordinary Dockerfiles, and careful ones, of which nothing is said."""

from __future__ import annotations

GOOD = {
    "python": """\
# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
COPY requirements.txt ./
RUN --mount=type=cache,target=/var/cache/pip pip install --cache-dir=/var/cache/pip --require-hashes -r requirements.txt
COPY . .
FROM python:3.13-slim
COPY --from=build /usr/local/lib/python3.13/site-packages /usr/local/lib/python3.13/site-packages
COPY --chown=10001:10001 --from=build /app /app
USER 10001
HEALTHCHECK --interval=30s CMD curl -f http://localhost:8000/health || exit 1
ENTRYPOINT ["python", "-m", "app"]
""",
    "a private index": """\
ARG BASE_IMAGE=python:3.13-slim
FROM ${BASE_IMAGE}
ARG INDEX_URL
ENV NETRC=/run/secrets/netrc PIP_CONFIG_FILE=/dev/null INDEX_URL=${INDEX_URL}
RUN --mount=type=secret,id=netrc pip install --index-url "$INDEX_URL" --require-hashes -r requirements.lock
RUN --mount=type=secret,id=netrc,target=/home/app/.netrc uv sync --frozen --no-dev
RUN --mount=type=secret,id=pip,target=/etc/pip.conf pip install record-rules
RUN --mount=type=secret,id=token \\
    UV_INDEX_PRIVATE_USERNAME=aws UV_INDEX_PRIVATE_PASSWORD="$(cat /run/secrets/token)" uv sync --locked
RUN --mount=type=secret,id=token,env=POETRY_HTTP_BASIC_ACME_PASSWORD poetry install --only main
RUN --mount=type=secret,id=token \\
    export PIP_INDEX_URL="https://aws:$(cat /run/secrets/token)@index.example/simple/" && pip install record-rules
""",
    "other private things": """\
FROM node:22 AS web
RUN --mount=type=secret,id=npmrc,target=/home/app/.npmrc npm ci --omit=dev
RUN --mount=type=secret,id=NPM_TOKEN,env=NPM_TOKEN pnpm install --frozen-lockfile
FROM golang:1.24 AS api
RUN git config --global url."git@github.example:".insteadOf https://github.example/
RUN --mount=type=ssh mkdir -p -m 0700 ~/.ssh && ssh-keyscan github.example >> ~/.ssh/known_hosts && go mod download
RUN --mount=type=ssh git clone --branch v1.2.3 --depth 1 git@github.example:a/b.git /src
RUN --mount=type=secret,id=git git -c credential.helper='!cat /run/secrets/git #' clone https://github.example/a/b /b \\
 && git -C /b checkout --detach 0123456789abcdef0123456789abcdef01234567
FROM maven:3 AS jar
RUN --mount=type=secret,id=settings,target=/home/app/.m2/settings.xml mvn -q package
RUN --mount=type=secret,id=aws,target=/home/app/.aws/credentials aws s3 cp s3://bucket/model.bin /model.bin
RUN --mount=type=secret,id=netrc curl --netrc-file /run/secrets/netrc -fsSO https://x.example/file.tgz
RUN --mount=type=secret,id=header curl -fsS -H @/run/secrets/header https://x.example/ -o /x
RUN --mount=type=secret,id=aws,target=/home/app/.aws/credentials \\
    CODEARTIFACT_AUTH_TOKEN=$(aws codeartifact get-authorization-token --domain d --output text) mvn -q package
""",
    "gone again before the step ends": """\
FROM node:22
RUN --mount=type=secret,id=t echo "//npm.example/:_authToken=$(cat /run/secrets/t)" > .npmrc && npm ci && rm -f .npmrc
RUN --mount=type=secret,id=key set -e; mkdir -p ~/.ssh; cp /run/secrets/key ~/.ssh/id_rsa; \\
    trap 'rm -f ~/.ssh/id_rsa' EXIT; ./fetch
RUN --mount=type=secret,id=aws,target=/home/app/.aws/credentials \\
    aws codeartifact login --tool pip --domain d --repository r && pip install x && rm -f ~/.config/pip/pip.conf
RUN --mount=type=secret,id=t --mount=type=tmpfs,target=/scratch cp /run/secrets/t /scratch/t && ./use /scratch/t
""",
    "names that only look like it": """\
FROM x
ARG VERSION=1.0 CACHE_REFRESH PYTHON_VERSION TARGETARCH GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305
ENV TOKENIZERS_PARALLELISM=false MAX_TOKENS=4096 PAD_TOKEN="<pad>" GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568
ENV POSTGRES_PASSWORD_FILE=/run/secrets/db PASSWORD_MIN_LENGTH=12 TOKEN_TTL=3600 SECRET_NAME=acme/db
ENV NEXT_PUBLIC_API_KEY=pk_live GOOGLE_APPLICATION_CREDENTIALS=/run/secrets/gcp.json DISABLE_PASSWORD=1
ENV DB_PASSWORD="" AUTH_TOKEN_URL=https://auth.example/token DJANGO_SECRET_KEY=not-a-secret
ARG SECRET_KEY=dummy
RUN SECRET_KEY=build-only-placeholder python manage.py collectstatic --noinput
RUN curl -fsSL https://keys.example/key.asc | gpg --dearmor -o /usr/share/keyrings/x.gpg
RUN git clone https://${HOST}/a/b.git@v1 -b main && ssh git@github.example || true
RUN test -n "$TOKEN" || echo "TOKEN is ${TOKEN:+set}, of ${#TOKEN} characters"
RUN useradd --system --password '!' app && passwd -l app && echo 'app ALL=(ALL) NOPASSWD: ALL' >> /etc/sudoers
RUN PASSWORD="$(openssl rand -hex 16)" && htpasswd -b /etc/users admin "$PASSWORD" 2>/dev/null
""",
    "files that only look like it": """\
FROM x
COPY .env.example .env.sample pip.conf.md netrc.py /app/
COPY credentials/ /app/credentials/
COPY ssh_config /etc/ssh/ssh_config
COPY known_hosts /home/app/.ssh/
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
RUN --mount=type=secret,id=ca cp /run/secrets/ca /usr/local/share/ca-certificates/acme.crt && update-ca-certificates
RUN printf '[global]\\nindex-url = https://mirror.example/simple/\\n' > /etc/pip.conf
RUN pip config set global.index-url https://mirror.example/simple/
RUN echo "registry=https://npm.example/" > .npmrc
COPY <<EOF /etc/pip.conf
[global]
index-url = https://mirror.example/simple/
EOF
""",
    "debian": """\
FROM debian:bookworm-slim
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN set -eux; \\
	apt-get update; \\
	apt-get install -y --no-install-recommends ca-certificates curl gnupg; \\
	rm -rf /var/lib/apt/lists/*; \\
	arch="$(dpkg --print-architecture)"; \\
	case "$arch" in \\
		amd64) url='https://dl.example/x64.tgz'; sha256='0123' ;; \\
		arm64) url='https://dl.example/arm64.tgz'; sha256='4567' ;; \\
		*) echo >&2 "error: unsupported architecture '$arch'"; exit 1 ;; \\
	esac; \\
	curl -fL -o x.tgz "$url"; \\
	echo "$sha256 *x.tgz" | sha256sum -c -
RUN <<EOF
set -ex
groupadd --system app
cat > /etc/app.conf <<CONF
workers = $(nproc)
CONF
EOF
RUN python3 <<EOF
import os
print(os.environ.get("TOKEN"))
EOF
""",
    "guarded": """\
FROM x
RUN --mount=type=secret,id=t { set +x; export API_TOKEN=$(cat /run/secrets/t); set -x; } && ./install
RUN --mount=type=secret,id=t if [ -s /run/secrets/t ]; then ADMIN_PASS="$(cat /run/secrets/t)" ./setup; fi
RUN --mount=type=secret,id=t ./setup --password-file /run/secrets/t && ./check < /run/secrets/t
RUN --mount=type=secret,id=t cat /run/secrets/t | ./setup --password-stdin
""",
}
