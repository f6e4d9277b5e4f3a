#!/bin/sh
# workspace.sh VOLUME DIRECTORY: mounts a volume, found by its serial (the name it was attached under means nothing on NVMe).
# A file system is made once, on a volume that has nothing on it at all, and grows with its volume.
set -eu
volume=$1 directory=$2
link=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(printf '%s' "$volume" | tr -d -)
WAIT_SECONDS=180

mountpoint -q "$directory" && exit 0
deadline=$(($(cut -d. -f1 /proc/uptime) + WAIT_SECONDS))
# It is attached once the machine runs.
until [ -b "$(readlink -f "$link")" ]; do
  if [ "$(cut -d. -f1 /proc/uptime)" -ge "$deadline" ]; then
    echo "volume $volume did not appear within $WAIT_SECONDS s" >&2
    exit 1
  fi
  sleep 1
done
device=$(readlink -f "$link")

status=0
kind=$(blkid -p -o value -s TYPE "$device") || status=$?
if [ "$status" -eq 2 ] && [ -z "$kind" ]; then
  # "Nothing found" must mean nothing: what cannot be read is never overwritten.
  [ -z "$(head -c 4194304 "$device" | tr -d '\000' | head -c 1 | od -An -tx1)" ] || {
    echo "volume $volume has something on it that is no file system: it is left alone" >&2
    exit 1
  }
  mkfs.ext4 -q -L remote -m 0 "$device"
  kind=ext4
elif [ "$status" -ne 0 ]; then
  echo "volume $volume cannot be read ($status)" >&2
  exit 1
fi

ext4_bytes() {
  dumpe2fs -h "$device" 2>/dev/null | awk -F: '$1 == "Block count" { n = $2 } $1 == "Block size" { printf "%.0f\n", n * $2 }'
}

mkdir -p "$directory"
case $kind in
ext4)
  e2fsck -p "$device" >&2 || [ $? -le 1 ] || exit 1
  # The volume has grown: before it is mounted, which needs no privilege of its own.
  if [ "$(ext4_bytes)" -lt "$(blockdev --getsize64 "$device")" ]; then
    e2fsck -f -p "$device" >&2 || [ $? -le 1 ] || exit 1
    resize2fs "$device" >&2
  fi
  mount -o noatime,nodev,nosuid "$device" "$directory"
  ;;
xfs)
  mount -o noatime,nodev,nosuid "$device" "$directory"
  xfs_growfs "$directory" >/dev/null
  ;;
*)
  echo "volume $volume has a file system that is not known here: $kind" >&2
  exit 1
  ;;
esac
chmod 711 "$directory"
