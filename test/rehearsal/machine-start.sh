#!/bin/sh
# Runs in the enclosure and becomes the machine's first process: network, cgroup, namespaces, root, init.
set -eu

if [ "$1" = outside ]; then
  shift
  layers=$1 at=$2 cgroup=$3 name=$4 address=$5 address6=$6 mac=$7 host=$8 ports=$9
  ip netns add "$name"
  ip link add "$name" type veth peer name eth0 address "$mac" netns "$name"
  ip link set "$name" master region up
  ip -n "$name" link set lo up
  ip -n "$name" address add "$address/16" dev eth0
  ip -n "$name" address add "$address6/64" dev eth0 nodad
  ip -n "$name" link set eth0 up
  ip -n "$name" route add default via 10.0.0.1
  ip -n "$name" route add 169.254.169.254 dev eth0
  ip -n "$name" route add fd00:ec2::254 dev eth0
  mkdir -p "$cgroup" "$at/upper" "$at/work" "$at/root"
  cp -a "$at/files/." "$at/upper/"
  mount -t overlay overlay -o "lowerdir=$layers,upperdir=$at/upper,workdir=$at/work" "$at/root"
  mkdir -p "$at/dev"
  mount -t tmpfs -o mode=755,nosuid,strictatime dev "$at/dev"
  for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "$at/dev/${node%:*}" c 1 "${node#*:}"
  done
  mknod -m 666 "$at/dev/tty" c 5 0
  mkdir -p "$at/dev/pts" "$at/dev/shm" "$at/dev/disk/by-id"
  ln -s pts/ptmx "$at/dev/ptmx"
  for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    ln -s "${link#*:}" "$at/dev/${link%%:*}"
  done
  : >"$at/dev/console"
  echo $$ >"$cgroup/cgroup.procs"
  echo started
  exec nsenter --net="/run/netns/$name" unshare --fork --kill-child --pid --mount --uts --ipc --cgroup \
    sh "$0" inside "$at/root" "$host" "$ports"
fi

shift
root=$1 host=$2 ports=$3
hostname "$host"
# What is the stack's own address on our loopback is beyond the gateway for a machine.
if [ -n "$ports" ]; then
  sysctl -qw net.ipv4.conf.all.route_localnet=1
  chroot "$root" nft -f - <<NFT
table ip rehearsal {
  chain output { type nat hook output priority -100; ip daddr 127.0.0.1 tcp dport { $ports } dnat to 10.0.0.1; }
  chain postrouting { type nat hook postrouting priority 100; ip saddr 127.0.0.1 oifname eth0 masquerade; }
}
NFT
fi
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# The kernel is everybody's: only what belongs to the machine's own network may be set.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
if [ -e "$root/proc/sysrq-trigger" ]; then mount --bind /dev/null "$root/proc/sysrq-trigger"; fi
# By its UUID cloud-init knows EC2; the kernel has no place for it here, so the places there are are put beside it.
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/mnt"
mount -t tmpfs -o mode=755,nosuid,nodev,noexec sys "$root/sys"
for place in "$root"/mnt/*; do
  mkdir "$root/sys/${place##*/}"
  mount --bind "$place" "$root/sys/${place##*/}"
done
umount "$root/mnt"
mkdir -p "$root/sys/hypervisor"
printf 'ec2%s\n' "$(cut -c 4- /proc/sys/kernel/random/uuid)" >"$root/sys/hypervisor/uuid"
mount -o remount,ro "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
mount --bind "$root/../dev" "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
mount --bind "$root/../console" "$root/dev/console"
mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
mount -t tmpfs -o mode=1777,nosuid,nodev tmp "$root/tmp"
cd "$root"
mkdir -p .old
pivot_root . .old
exec chroot . /usr/bin/env -i container=rehearsal PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c '
  umount -l /.old && rmdir /.old
  exec setpriv --bounding-set -sys_module,-sys_time,-sys_rawio,-sys_boot --inh-caps -all /sbin/init --show-status=false' <dev/null >dev/console 2>&1
