#!/bin/sh
# PostgreSQL with its data in the volume `data`; the first start makes the database $DB_NAME and
# its owner of the same name.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
data=$VOLUME_DATA/postgresql
as=

# PostgreSQL refuses to run as root: there it runs as Debian's user `postgres`, which may still
# enter the folders of root that lead to the volume and to the password.
if [ "$(id -u)" = 0 ]; then
    may='+dac_read_search'
    as="setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=$may --ambient-caps=$may"
    chown postgres: "$VOLUME_DATA"
fi

# The new cluster gets its name when it is complete, so that a start cut short is begun again.
if [ ! -e "$data" ]; then
    rm -rf "$data.new"
    $as "$bin/initdb" -D "$data.new" -U "$DB_NAME" --pwfile="$DB_PASSWORD_FILE" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    echo "CREATE DATABASE $DB_NAME" | $as "$bin/postgres" --single -j -D "$data.new" postgres
    mv "$data.new" "$data"
fi

exec $as "$bin/postgres" -D "$data" -p "$PORT" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c timezone=UTC
