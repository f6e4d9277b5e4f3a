#!/bin/sh
# Makes the machine what the runner needs and starts it. Everything here may be done again.
set -eu
here=$(dirname "$(readlink -f "$0")")
. /run/remote/machine.env

id -u agent >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --user-group agent
install -d -m 711 /var/lib/remote /var/lib/remote/sessions
install -d -m 755 /var/lib/remote/data /var/cache/remote

install -m 644 "$here"/*.service "$here"/*.socket "$here"/*.timer /etc/systemd/system/
systemctl daemon-reload
systemctl enable --quiet remote-rebooted.service
# Before any agent runs: it must not be able to become this machine.
systemctl start remote-metadata-guard.service
# Git brings the repository in; what else a task may need comes while it runs.
command -v git >/dev/null || "$here/toolchain.sh" git
if [ -n "$REMOTE_VOLUME" ]; then
  "$here/workspace.sh" "$REMOTE_VOLUME" /workspace
  # What a workspace's checkout borrows its objects from, and what [setup] made, stay with it; under the paths they have on every machine.
  keep_on_volume() {
    mkdir -p "/workspace/.remote/$1" "$2"
    mountpoint -q "$2" || mount --bind "/workspace/.remote/$1" "$2"
  }
  install -d -m 711 /workspace/.remote
  keep_on_volume repositories /var/cache/remote/repositories
  keep_on_volume setup /var/lib/remote/data/setup
fi
# Where people find the checkout.
work=/var/lib/remote/sessions/$REMOTE_FIRST_SESSION/work
[ -z "$REMOTE_VOLUME" ] || work=/workspace/work
ln -sfn "$work" /home/agent/work
"$here/ssh.sh"
cut -d. -f1 /proc/uptime >/run/remote/runner-seen
systemctl start remote-dead-man.timer
systemctl start --no-block remote-toolchain.service
"$here/session.sh" start "$REMOTE_FIRST_SESSION" "$REMOTE_FIRST_ATTEMPT" "$REMOTE_TTL_SECONDS" agent
