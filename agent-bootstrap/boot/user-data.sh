#!/bin/sh
# First program of every machine: says which session it is for, brings the runner and starts it. The same text for every machine, with
# the stack's addresses put in at deploy. What goes wrong is shipped, so that the user sees why, and the machine powers off.
# Also called by the machine's own units once it runs:  sh /run/remote/boot.sh failed "why" SESSION ATTEMPT
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C.UTF-8

API='@API_URL@'
SOCKET='@SOCKET_URL@'
REGION='@REGION@'
METADATA='http://169.254.169.254/latest'
BOOT_SECONDS=240
GUARD_SECONDS=600
BAKE_SECONDS=1500
SHIPPED_BYTES=12000
RUN=/run/remote
OPT=/opt/remote
LOG=/var/log/remote-boot.log

now() { cut -d. -f1 /proc/uptime; }
say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*"; }
in_time() { [ "$(now)" -lt "$DEADLINE" ]; }
# Of an object without nested objects; our own answers escape nothing in these values.
field() { sed -n 's/.*"'"$1"'"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' | head -n 1; }

power_off() {
  sync
  systemctl poweroff --no-block 2>/dev/null || poweroff -f
  exit 1
}

imds() {
  if [ -z "${token:-}" ]; then
    token=$(curl -fsS --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600' "$METADATA/api/token") || return 1
  fi
  curl -fsS --max-time 2 -H "X-aws-ec2-metadata-token: $token" "$METADATA/$1"
}

# Waits for what must be there; the network may come late, tags too.
need() {
  while in_time; do
    if answer=$(imds "$1") && [ -n "$answer" ]; then
      printf '%s' "$answer"
      return 0
    fi
    sleep 1
  done 2>/dev/null
  return 1
}

has_tag() { printf '%s\n' "$tags" | grep -qxF "$1"; }

# One call as this machine: signed with the role's credentials, which are seen neither in arguments nor in files.
# Prints the answer, then the status on a line of its own.
signed() {
  role=$(imds meta-data/iam/security-credentials/ | head -n 1) && [ -n "$role" ] || return 1
  credentials=$(imds "meta-data/iam/security-credentials/$role") || return 1
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\n' \
    "$(printf '%s' "$credentials" | field AccessKeyId)" \
    "$(printf '%s' "$credentials" | field SecretAccessKey)" \
    "$(printf '%s' "$credentials" | field Token)" |
    curl --config - -sS --max-time 25 --aws-sigv4 "aws:amz:$REGION:execute-api" -w '\n%{http_code}\n' "$@"
}

# The end of what was said here, as a JSON string without what may grant anything.
told() {
  {
    printf '%s\n' "$1"
    tail -c 20000 "$LOG" 2>/dev/null
    journalctl -b --no-pager -o short-monotonic -n 120 2>/dev/null
  } | sed -E -e 's/(A[SK]IA)[A-Z0-9]{12,}/\1[redacted]/g' -e 's/([?&]X-Amz-[A-Za-z-]+=)[^&" ]*/\1[redacted]/g' \
    -e 's#[A-Za-z0-9/+=_-]{40,}#[redacted]#g' |
    iconv -c -f utf-8 -t utf-8 | tr -d '\000-\010\013-\037\177' | {
    IFS= read -r why
    printf '%s\n' "$why"
    tail -c "$SHIPPED_BYTES"
  } | iconv -c -f utf-8 -t utf-8 | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' | awk '{ printf "%s\\n", $0 }'
}

tell() {
  say "failed: $1"
  say "remote: $1" >/dev/console 2>/dev/null
  if [ -n "${session:-}" ] && [ -n "${attempt:-}" ]; then
    body=$(mktemp)
    printf '{"text":"%s"}' "$(told "$1")" >"$body"
    for _ in 1 2 3; do
      status=$(signed -X POST -H 'content-type: application/json' --data-binary "@$body" \
        "$API/v1/runner/$session/$attempt/boot-failed" | tail -n 1)
      case $status in 2* | 4*) break ;; esac
      sleep 2
    done
  fi
}

fail() {
  tell "$1"
  power_off
}

# Seconds from none to so many, by chance: machines that were launched together do not come back together.
part_of() {
  awk -v most="$1" -v seed="$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')" 'BEGIN { srand(seed); printf "%.2f\n", rand() * most }'
}

# Asks where the runner is: answers may be late (425: the launch is not recorded yet), and the network may fail.
ask_bundle() {
  pause=1
  while in_time; do
    said=$(signed "$API/v1/runner/$session/$attempt/bundle?arch=$arch")
    status=$(printf '%s' "$said" | tail -n 1)
    case $status in
    200)
      url=$(printf '%s' "$said" | field url)
      sha256=$(printf '%s' "$said" | field sha256)
      return 0
      ;;
    425 | 429 | 5* | 000 | '') say "the control plane answered ${status:-nothing}: again within $pause s" ;;
    *)
      # AWS refuses a signature whose time is five minutes off.
      theirs=$(curl -sSI --max-time 5 "$API/" 2>/dev/null | tr -d '\r' | sed -n 's/^[Dd]ate: //p')
      fail "the control plane refused the runner to this machine ($status): $(printf '%s' "$said" | head -c 500 | head -n 1) (the clock here: $(date -u +%H:%M:%S); there: ${theirs:-unknown})"
      ;;
    esac
    sleep "$(part_of "$pause")" || sleep 1
    [ "$pause" -ge 8 ] || pause=$((pause * 2))
  done
  fail "the control plane did not say where the runner is within $BOOT_SECONDS s (last answer: ${status:-none})"
}

# Whole or not at all, and named after what it is: a baked image brings it.
bring_bundle() {
  release="$OPT/$(printf '%s' "$sha256" | cut -c 1-16)"
  if [ ! -e "$release" ]; then
    mkdir -p "$OPT"
    part=$(mktemp -d "$OPT/.part-XXXXXX")
    printf 'url = "%s"\n' "$url" |
      curl --config - -fsS --max-time 180 --retry 5 --retry-connrefused --retry-max-time 170 -o "$part/runner.tar.gz" ||
      fail 'the runner could not be downloaded'
    have=$(sha256sum "$part/runner.tar.gz" | cut -d' ' -f1)
    [ "$have" = "$sha256" ] || fail "the runner that was downloaded is another: SHA-256 begins with $(printf '%s' "$have" | cut -c 1-16)"
    mkdir "$part/release"
    tar -xzf "$part/runner.tar.gz" -C "$part/release" --no-same-owner || fail 'the runner could not be unpacked'
    chmod 755 "$part/release"
    mv -T "$part/release" "$release" || fail 'the runner could not be put in its place'
    rm -rf "$part"
  fi
  ln -sfn "$release" "$OPT/current"
}

boot() {
  mkdir -p "$RUN"
  cp "$0" "$RUN/boot.sh"
  now >"$RUN/booted-at"
  DEADLINE=$(($(now) + BOOT_SECONDS))
  # Should this script hang, the machine goes all the same.
  systemd-run --quiet --unit=remote-boot-guard --on-active="$GUARD_SECONDS" systemctl poweroff --force || say 'no boot guard'

  instance=$(need meta-data/instance-id) || fail "the metadata service did not answer within $BOOT_SECONDS s"
  session=$(need meta-data/tags/instance/remote:session) || fail 'the instance has no tag remote:session that it may read'
  attempt=$(need meta-data/tags/instance/remote:attempt) || fail 'the instance has no tag remote:attempt that it may read'
  tags=$(need meta-data/tags/instance) || fail 'the instance has no tags that it may read'
  # What is not among them is not there; what is must be read, or work would be done beside the workspace and be lost.
  ttl= volume=
  if has_tag remote:ttl; then ttl=$(need meta-data/tags/instance/remote:ttl) || fail 'the tag remote:ttl cannot be read'; fi
  if has_tag remote:volume; then volume=$(need meta-data/tags/instance/remote:volume) || fail 'the tag remote:volume cannot be read'; fi
  case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) fail "there is no runner for $(uname -m)" ;;
  esac
  say "instance $instance is for session $session, attempt $attempt"
  cat >"$RUN/machine.env" <<ENV
REMOTE_FIRST_SESSION=$session
REMOTE_FIRST_ATTEMPT=$attempt
REMOTE_INSTANCE=$instance
REMOTE_API_URL=$API
REMOTE_SOCKET_URL=$SOCKET
REMOTE_REGION=$REGION
REMOTE_TTL_SECONDS=$ttl
REMOTE_VOLUME=$volume
ENV
  ask_bundle
  bring_bundle
  # A machine that becomes an image stops here.
  if imds meta-data/tags/instance/remote:bake >/dev/null 2>&1; then
    systemctl stop remote-boot-guard.timer
    systemd-run --quiet --unit=remote-bake-guard --on-active="$BAKE_SECONDS" systemctl poweroff --force || say 'no guard'
    if "$OPT/current/boot/bake.sh"; then
      rm -f "$LOG"
      power_off
    fi
    tail -c 3000 "$LOG" >>/dev/console 2>/dev/null
    fail "the image could not be prepared: $(tail -n 1 "$LOG" | head -c 300)"
  fi
  say "starting $(cat "$OPT/current/version" 2>/dev/null)"
  "$OPT/current/boot/start.sh" || fail 'the runner could not be started'
  systemctl stop remote-boot-guard.timer
  say 'started'
}

case ${1:-boot} in
failed)
  session=$3 attempt=$4
  tell "$2" >>"$LOG" 2>&1
  ;;
*) boot >>"$LOG" 2>&1 ;;
esac
