#!/bin/sh
# Makes the image moot-example/debian, which the Dockerfiles here start from, out of Debian's
# packages: no image registry is needed.  Needs mmdebstrap and a Docker Engine; takes a minute or
# two, and no time where the image is there already.
set -eu
image=moot-example/debian:bookworm
if docker image inspect "$image" > /dev/null 2>&1; then
    exit 0
fi
# Debian's PostgreSQL makes a database when it is installed; here only a volume is to hold one.
mmdebstrap --quiet --variant=minbase \
    --include=postgresql,redis-server,mediawiki,libapache2-mod-php,php-pgsql,php-redis,curl \
    --essential-hook='mkdir -p "$1/etc/postgresql-common"' \
    --essential-hook='echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"' \
    bookworm - | docker import --change 'CMD ["/bin/sh"]' - "$image"
