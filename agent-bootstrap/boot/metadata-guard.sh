#!/bin/sh
# The agent's user must not reach the metadata service: whoever can is this machine. A hop limit of 1 does not stop it.
set -eu
user=$(id -u agent)
if command -v nft >/dev/null; then
  nft -f - <<NFT
table inet remote
delete table inet remote
table inet remote {
  chain output {
    type filter hook output priority raw; policy accept;
    meta skuid $user ip daddr 169.254.169.254 reject
    meta skuid $user ip6 daddr fd00:ec2::254 reject
  }
}
NFT
else
  for rule in "iptables 169.254.169.254" "ip6tables fd00:ec2::254"; do
    program=${rule% *} address=${rule#* }
    "$program" -C OUTPUT -d "$address" -m owner --uid-owner "$user" -j REJECT 2>/dev/null ||
      "$program" -I OUTPUT -d "$address" -m owner --uid-owner "$user" -j REJECT
  done
fi
