#!/bin/sh
# toolchain.sh [PACKAGE…]: installs what is missing of the documented base toolchain. A baked image has all of it.
set -u
export DEBIAN_FRONTEND=noninteractive
[ $# -gt 0 ] || set -- git openssh-server rsync build-essential python3 python3-venv podman podman-docker uidmap slirp4netns fuse-overlayfs
# `docker` is quiet about being podman.
mkdir -p /etc/containers && : >/etc/containers/nodocker
missing=
for package in "$@"; do
  dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
# Whoever else looks for packages while the machine starts has the lists, for which apt does not wait (its timeout is for dpkg's lock), and a
# mirror may be away for a moment.
deadline=$(($(cut -d. -f1 /proc/uptime) + ${REMOTE_APT_SECONDS:-120}))
# The list of packages is words.
# shellcheck disable=SC2086
until apt-get -qq -o DPkg::Lock::Timeout=120 update &&
  apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing </dev/null; do
  [ "$(cut -d. -f1 /proc/uptime)" -lt "$deadline" ] || exit 1
  sleep 2
done
