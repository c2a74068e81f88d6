#!/usr/bin/env bash
# bare_root.sh [--user] COMMAND…: makes a bare Debian 12 (debootstrap, minbase), puts a fresh clone of this tree's HEAD into it and runs the command
# there as the very first thing, as root or, with --user, as a user who has sudo. Its exit status is the command's. Needs root and 3 GB.
#
#   tests/house/bare_root.sh ./dev demo
#   tests/house/bare_root.sh ./dev test
set -euo pipefail

as_user=no
[ "${1:-}" != --user ] || { as_user=yes && shift; }
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" && exit 2; }
[ "$(id -u)" = 0 ] || { echo 'bare_root: needs root' >&2 && exit 2; }
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

# Mounts are made in a mount namespace of their own and end with it.
if [ "${BARE_ROOT_UNSHARED:-}" != yes ]; then
  BARE_ROOT_UNSHARED=yes exec unshare --mount --propagation private -- "$0" "$([ $as_user = yes ] && echo --user || echo --)" "$@"
fi
[ "$1" != -- ] || shift

command -v debootstrap >/dev/null || apt-get -qq install -y --no-install-recommends debootstrap debian-archive-keyring >/dev/null
parent=$(mktemp -d "${TMPDIR:-/var/tmp}/bare.XXXXXX")
root=$parent/root
# Never across a mount: /dev below the root is the machine's own.
trap 'umount --recursive --lazy "$root/proc" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$parent"' EXIT

echo "== bare_root: a bare Debian 12 in $root" >&2
debootstrap --variant=minbase bookworm "$root" >"$parent/debootstrap.log" 2>&1 || { tail -n 20 "$parent/debootstrap.log" >&2 && exit 1; }

# The machine's own way to its packages: sources (when it is a Debian 12 itself), proxies, certificates of a proxy, name service.
if grep -qs '^VERSION_CODENAME=bookworm$' /etc/os-release; then
  rm -f "$root/etc/apt/sources.list"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    [ ! -e "$file" ] || install -D -m 644 "$file" "$root$file"
  done
fi
for file in $(grep -lsi '^ *Acquire::' /etc/apt/apt.conf.d/* /etc/apt/apt.conf || true); do
  grep -i '^ *Acquire::[A-Za-z:-]* .*;$' "$file" >"$root$file" || true
done
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
  mkdir -p "$root/usr/local/share/ca-certificates"
  cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
fi
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/hosts "$root/etc/hosts"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

git -c safe.directory='*' clone -q --no-hardlinks "$tree" "$root/refgate"
environment=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
  ${CI:+CI=$CI} ${REFGATE_JOBS:+REFGATE_JOBS=$REFGATE_JOBS})
if [ $as_user = yes ]; then
  chroot "$root" "${environment[@]}" bash -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends sudo &&
    useradd --create-home person && echo "person ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/person && chown -R person: /refgate' >/dev/null 2>&1
  environment=(chroot --userspec=person:person "$root" "${environment[@]}" HOME=/home/person)
else
  environment=(chroot "$root" "${environment[@]}" HOME=/root)
fi
echo "== bare_root: $* (as $([ $as_user = yes ] && echo 'a user with sudo' || echo root))" >&2
status=0
# shellcheck disable=SC2016
"${environment[@]}" bash -c 'cd /refgate && exec "$@"' bash "$@" </dev/null || status=$?
echo "== bare_root: exit status $status after $SECONDS s" >&2
exit "$status"
