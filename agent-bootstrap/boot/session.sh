#!/bin/sh
# session.sh start SESSION ATTEMPT TTL [USER]   a runner for it, beside those that are there, with a user and places of its own
# session.sh end SESSION ATTEMPT                 comes back when nothing of it runs, and never will
# Both may be asked for again and again. Who is on this machine is written down below /run/remote/sessions: `.env` once it has been
# asked for, `.here` as long as the machine must be there for it, `.ended` when it must not run.
set -eu
what=$1 session=$2 attempt=$3 ttl=${4:-} user=${5:-agent-${2#s-}}
BOOT_SECONDS=600
# It was asked to end, and had its time to do so.
GRACE_SECONDS=20
name=$session-$attempt
all=/run/remote/sessions
cache=/var/cache/remote

# Against the power-off after the last one: whoever comes first decides.
exec 9>/run/remote/lock
flock 9
install -d -m 700 "$all"

if [ "$what" = end ]; then
  : >"$all/$name.ended" # should it still be about to be started
  flock -u 9
  timeout "$GRACE_SECONDS" systemctl stop "remote-runner@$name.service" ||
    systemctl kill --signal=KILL "remote-runner@$name.service"
  systemctl stop "remote-runner@$name.service"
  rm -f "$all/$name.here"
  exit 0
fi

[ ! -e "$all/$name.env" ] && [ ! -e "$all/$name.ended" ] || exit 0
if [ -e /run/remote/going ]; then
  echo "this machine is being powered off" >&2
  exit 1
fi
id -u "$user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --user-group --password '*' "$user"
home=$(getent passwd "$user" | cut -d: -f6)
chmod 700 "$home"
# What the first session's checkout borrows its objects from may be its workspace's, and is under the path it has on every machine.
if [ "$user" != agent ]; then
  cache=/var/cache/remote-shared/$session
  # Where people who come by ssh find the checkout.
  ln -sfn "/var/lib/remote/sessions/$session/work" "$home/work"
fi
ends_at=
[ -z "$ttl" ] || ends_at=$(($(cut -d. -f1 /proc/uptime) + BOOT_SECONDS + ttl))
cat >"$all/$name.part" <<ENV
REMOTE_SESSION=$session
REMOTE_ATTEMPT=$attempt
REMOTE_AGENT_USER=$user
REMOTE_CACHE=$cache
REMOTE_ENDS_AT=$ends_at
ENV
# Nobody's but its own user's: other sessions' agents are users of this machine as well.
install -d -m 711 /var/cache/remote-shared
for place in "$cache" "/var/lib/remote/sessions/$session"; do install -d -m 710 -g "$user" "$place"; done
mv "$all/$name.part" "$all/$name.env"
: >"$all/$name.here"
flock -u 9
systemctl start "remote-containers@$user.socket"
systemctl start "remote-runner@$name.service"
