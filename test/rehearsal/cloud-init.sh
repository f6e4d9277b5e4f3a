#!/bin/sh
# Our model of cloud-init: user data is read through the metadata service and, when it is a script, run once per instance as root.
set -eu
metadata=http://169.254.169.254/latest
token=$(curl -fsS --retry 5 --retry-connrefused -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$metadata/api/token")
get() { curl -fsS -H "X-aws-ec2-metadata-token: $token" "$metadata/$1"; }

dir=/var/lib/cloud/instances/$(get meta-data/instance-id)
[ -e "$dir/sem/scripts-user" ] && exit 0
mkdir -p "$dir/scripts" "$dir/sem"
chmod 700 "$dir/scripts"
: >"$dir/sem/scripts-user"
get user-data >"$dir/scripts/part-001" || exit 0
chmod 700 "$dir/scripts/part-001"
case $(head -c 2 "$dir/scripts/part-001") in
'#!') "$dir/scripts/part-001" >>/var/log/cloud-init-output.log 2>&1 ;;
*) echo 'user data is not a script: ignored' >&2 ;;
esac
