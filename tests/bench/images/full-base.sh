#!/bin/bash
# full-base.sh OUT.tar SLIM.tar : a python:3.x-like root file system, for where no container registry can be reached:
# Debian with the packages that the official full Python images are made on (compilers, headers, git, hg, svn), from the
# mirror that apt is configured with, and the Python of SLIM.tar, an exported container. Needs root and mmdebstrap.
set -euo pipefail
out=$(realpath -m "$1") slim=$(realpath "$2")
type -P mmdebstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
read -r site suite < <(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | grep -v -- - | head -1)
packages="autoconf automake bzip2 ca-certificates curl default-libmysqlclient-dev dpkg-dev file g++ gcc git gnupg imagemagick
  libbz2-dev libc6-dev libcurl4-openssl-dev libdb-dev libevent-dev libffi-dev libgdbm-dev libglib2.0-dev libgmp-dev
  libjpeg-dev libkrb5-dev liblzma-dev libmagickcore-dev libmagickwand-dev libmaxminddb-dev libncurses5-dev libncursesw5-dev
  libpng-dev libpq-dev libreadline-dev libsqlite3-dev libssl-dev libtool libwebp-dev libxml2-dev libxslt-dev libyaml-dev
  make mercurial netbase openssh-client patch procps sq subversion tk-dev unzip uuid-dev wget xz-utils zlib1g-dev"
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' --include="$(echo $packages | tr ' ' ,)" \
  --customize-hook="tar -C \"\$1\" -xf '$slim' usr/local && chroot \"\$1\" ldconfig" "$suite" "$out" "$site"
