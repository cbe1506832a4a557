#!/bin/sh
# Install the Debian packages that are missing, and say so first.
#
#   packages.sh [--optional] PACKAGE[=COMMAND]...
#
# A package counts as present when its command is on the PATH, or without a command when dpkg has
# it.  With --optional what cannot be installed is named and the exit code stays 0: the tests that
# need it then skip with that reason.  Services of installed packages are not started: a newcomer
# who runs the tests has not asked for a database on port 5432.
set -eu
PATH="$PATH:/usr/sbin:/sbin"
optional=
[ "${1-}" = --optional ] && { optional=yes; shift; }

present() {
  case $1 in
    *=*) command -v "${1#*=}" >/dev/null 2>&1 ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$' ;;
  esac
}

missing=
for item in "$@"; do
  present "$item" || missing="$missing ${item%%=*}"
done
[ -n "$missing" ] || exit 0

give_up() {
  echo "Please install:$missing ($1)" >&2
  [ -n "$optional" ] && exit 0
  exit 1
}

command -v apt-get >/dev/null 2>&1 || give_up "there is no apt-get on this machine"
as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 || give_up "neither root nor sudo: apt-get install$missing"
  as_root=sudo
fi

echo "Installing Debian packages:$missing" >&2
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' | $as_root tee /usr/sbin/policy-rc.d >/dev/null
  $as_root chmod +x /usr/sbin/policy-rc.d
  trap '$as_root rm -f /usr/sbin/policy-rc.d' EXIT
  trap 'exit 130' INT TERM
fi

log=$(mktemp)
install() {
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@" </dev/null >>"$log" 2>&1
}
# shellcheck disable=SC2086  # $missing is a list of names
if ! install $missing; then
  $as_root apt-get update -q </dev/null >>"$log" 2>&1 || true
  if ! install $missing; then
    asked=$missing missing=
    for name in $asked; do install "$name" || missing="$missing $name"; done
  else
    missing=
  fi
  [ -z "$missing" ] || { tail -n 20 "$log" >&2; give_up "apt-get could not"; }
fi
rm -f "$log"
