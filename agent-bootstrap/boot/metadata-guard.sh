#!/bin/sh
# No person's user must reach the metadata service: whoever can is this machine. A hop limit of 1 does not stop it. By range, so that it
# holds for the user of a session that comes later, before there is one.
set -eu
users=1000-4294967294
# Debian's image brings iptables, Ubuntu's both, another perhaps none.
command -v nft >/dev/null || command -v iptables >/dev/null || "$(dirname "$(readlink -f "$0")")/toolchain.sh" nftables
if command -v nft >/dev/null; then
  nft -f - <<NFT
table inet remote
delete table inet remote
table inet remote {
  chain output {
    type filter hook output priority raw; policy accept;
    meta skuid $users ip daddr 169.254.169.254 reject
    meta skuid $users ip6 daddr fd00:ec2::254 reject
  }
}
NFT
else
  for rule in "iptables 169.254.169.254" "ip6tables fd00:ec2::254"; do
    program=${rule% *} address=${rule#* }
    "$program" -C OUTPUT -d "$address" -m owner --uid-owner "$users" -j REJECT 2>/dev/null ||
      "$program" -I OUTPUT -d "$address" -m owner --uid-owner "$users" -j REJECT
  done
fi
