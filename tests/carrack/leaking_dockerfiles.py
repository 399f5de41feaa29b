"""Dockerfiles that leak, each in one way; `# <- RULE` ends a line on which that rule speaks, and no other line has one.

The mark is taken away before a Dockerfile is read. Two rules on one line are `# <- RULE, RULE`.
"""

from __future__ import annotations

ADDRESS = "https://aws:$TOKEN@acme-111122223333.d.codeartifact.eu-west-1.amazonaws.com/pypi/prod/simple/"

LEAKING = {
    "an argument of every kind": """\
ARG CODEARTIFACT_AUTH_TOKEN # <- arg
FROM python:3.13-slim AS build
ARG CODEARTIFACT_AUTH_TOKEN # <- arg
ARG NPM_TOKEN="" VERSION=1 # <- arg
arg githubToken # <- arg
FROM build
ARG PIP_INDEX_URL=https://aws:hunter22@index.example/simple/ # <- arg
""",
    "the environment": """\
FROM x
ARG T
ENV DB_PASSWORD=hunter22 LANG=C.UTF-8 # <- env
ENV PIP_INDEX_URL https://aws:$T@index.example/simple/ # <- env
ENV A=1 \\
    AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY}" # <- env
ENV PIP_EXTRA_INDEX_URL=${PIP_INDEX_URL} # <- env
LABEL built.with=$DB_PASSWORD # <- label
""",
    "a comment that tells people to": """\
# docker build --build-arg NPM_TOKEN=$NPM_TOKEN --build-arg VERSION=1 . # <- comment
#   --build-arg URL=https://aws:$(aws codeartifact get-authorization-token --domain d)@index.example/ # <- comment
FROM x
""",
    "files for credentials": """\
FROM x
COPY pip.conf .netrc /etc/ # <- copy
copy --chown=1:1 ["./.aws", "/home/app/.aws"] # <- copy
COPY config/npmrc /home/app/.npmrc # <- copy
COPY keys/deploy /home/app/.ssh/id_ed25519 # <- copy
COPY --from=builder /home/app/.git-credentials /home/app/ # <- copy
ADD .env \\# <- copy
    uv.toml /app/ # <- copy
ADD https://aws:$TOKEN@index.example/file.tgz / # <- copy
COPY .env /app/ # <- copy
""",
    "the shell expands first": f"""\
FROM x
RUN --mount=type=secret,id=aws,target=/home/app/.aws/credentials \\
    TOKEN=$(aws codeartifact get-authorization-token --domain d --query authorizationToken --output text) \\
    pip install --index-url {ADDRESS} record-rules # <- prefix
""",
    "command lines": f"""\
FROM x
RUN pip install --index-url {ADDRESS} record-rules # <- argv
RUN python3 -m pip download -i "{ADDRESS}" record-rules # <- argv
RUN apt-get update && \\
    # with the token
    curl -fsSL -H "Authorization: Bearer $GITHUB_TOKEN" https://api.example/x -o /x && \\# <- argv
    echo done
RUN ["/bin/sh", "-c", "wget --password=$PASSWORD https://x.example/"] # <- argv
RUN sh -ec 'uv pip install --index-url {ADDRESS} record-rules' # <- argv
RUN fetch() {{ curl -u "aws:$1" https://x.example/; }} && fetch "$TOKEN" # <- argv
RUN if true; then URL="https://aws:$(cat /run/secrets/t)@x.example/"; fi; uv sync --index $URL # <- argv
RUN --mount=type=secret,id=t,env=PLAIN ./install --key=$PLAIN # <- argv
RUN for host in a b; do curl -u "aws:`cat /run/secrets/t`" https://$host.example/; done # <- argv
RUN git config --global url."https://$GH@git.example/".insteadOf git: && make && rm ~/.gitconfig # <- argv
RUN ./gradlew -PauthToken=$CODEARTIFACT_AUTH_TOKEN build # <- argv
""",
    "credentials of AWS from nowhere": """\
FROM x
RUN aws codeartifact get-authorization-token --domain d --query authorizationToken >/dev/null # <- aws
RUN export PASSWORD="$(aws secretsmanager get-secret-value --secret-id x)" && ./configure # <- aws
""",
    "files that tools write": f"""\
FROM x
RUN --mount=type=secret,id=aws aws codeartifact login --tool pip --domain d --repository r && pip install x # <- file
RUN --mount=type=secret,id=aws aws --region eu-west-1 codeartifact login --domain d --tool twine # <- file
RUN pip config set global.index-url {ADDRESS} # <- file
RUN pip3 config --user set global.index-url "https://aws:$(cat /run/secrets/t)@x.example/" # <- file
RUN git config --global url."https://x:${{GH_TOKEN}}@github.example/".insteadOf https://github.example/ # <- file
RUN git -c a=b clone https://$GH@github.example/a/b.git /src && git -C /src checkout 0123456789abcdef # <- file
RUN npm config set //npm.example/:_authToken=$NPM_TOKEN # <- file
RUN bash -c "poetry config http-basic.r aws $CODEARTIFACT_AUTH_TOKEN" # <- argv, file
RUN aws configure set aws_secret_access_key $AWS_SECRET_ACCESS_KEY # <- file
RUN --mount=type=secret,id=p docker login -u aws --password-stdin registry.example < /run/secrets/p # <- file
RUN --mount=type=secret,id=p cat /run/secrets/p | docker login -u aws --password-stdin registry.example # <- file
""",
    "files that the shell writes": """\
FROM x
RUN echo "machine index.example login aws password $TOKEN" > ~/.netrc # <- file
RUN printf '//npm.example/:_authToken=%s' "${NPM_TOKEN}" | tee -a .npmrc >/dev/null # <- file
RUN { echo [global]; echo "index-url=https://aws:$TOKEN@x.example/"; } >/etc/pip.conf && pip install x # <- file
RUN sed -i "s|@TOKEN@|$TOKEN|" /etc/pip.conf # <- file
RUN --mount=type=secret,id=netrc,target=/home/app/.netrc cp /home/app/.netrc /etc/netrc # <- file
RUN --mount=type=secret,id=key install -m 600 "/run/secrets/key" /home/app/.ssh/id_rsa # <- file
RUN --mount=type=secret,id=t T=$(cat /run/secrets/t) && export U=$T && echo "$U" >> /opt/t # <- file
RUN --mount=type=secret,id=t echo $(tr -d '\\n' < /run/secrets/t | base64) > /opt/basic # <- file
RUN --mount=type=secret,id=t read T < /run/secrets/t; echo "$T" >/t # <- file
RUN (cd /tmp && echo $TOKEN) &>/tmp/log; true # <- file
RUN cat <<EOF > /etc/pip.conf # <- file
[global]
index-url = https://aws:$TOKEN@x.example/simple/
EOF
RUN --mount=type=cache,target=/c rm /etc/pip.conf; echo $TOKEN > /etc/other.conf # <- file
""",
    "environment of a secret's own": """\
FROM x
ENV NETRC=/run/secrets/netrc
RUN --mount=type=secret,id=netrc cp $NETRC /etc/netrc # <- file
""",
    "heredocs": """\
FROM x
RUN <<EOF
set -e
TOKEN=$(cat /run/secrets/t)
pip install -i https://aws:$TOKEN@x.example/ record-rules # <- argv
EOF
RUN <<-'EOF'
\t#!/usr/bin/env bash
\tcat > ~/.netrc <<INNER # <- file
\tpassword $TOKEN
\tINNER
\tEOF
RUN bash -e <<EOF
curl -H "Authorization: $TOKEN" https://x.example/ # <- argv
EOF
ARG TOKEN # <- arg
COPY <<EOF /home/app/.netrc
machine x.example password $TOKEN # <- file
EOF
COPY --chmod=600 <<'EOF' /home/app/.netrc
machine x.example password ghp_0123456789abcdefghijABCDEFGHIJ012345 # <- literal
EOF
""",
    "the log of the build": """\
FROM x
RUN echo "token: $TOKEN" # <- log
RUN --mount=type=secret,id=t cat /run/secrets/t # <- log
RUN echo "$TOKEN" >&2 # <- log
RUN set -eux; export TOKEN="$(cat /run/secrets/t)"; ./install # <- log
""",
    "written out": """\
FROM x
RUN AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE aws s3 cp s3://b/k / # <- literal
RUN curl -fsS https://user:hunter22@x.example/file -o /file # <- literal
RUN export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzzzz && ./fetch # <- literal
CMD ["serve", "--token", "glpat-abcdefghijklmnopqrst"] # <- literal
""",
    "in other people's builds": """\
FROM x
ONBUILD ARG NPM_TOKEN # <- arg
ONBUILD RUN echo "//npm.example/:_authToken=${NPM_TOKEN}" > .npmrc # <- file
ONBUILD COPY .npmrc /home/app/ # <- copy
""",
    "with another escape": """\
# escape=`
FROM x
RUN pip install `
    --index-url https://aws:$TOKEN@x.example/simple/ ` # <- argv
    record-rules
""",
    "a moving branch": """\
FROM x
RUN git clone https://github.example/a/b # <- clone
RUN apk add git && \\
    git clone --depth=1 https://github.example/a/b /src && make -C /src # <- clone
""",
}
