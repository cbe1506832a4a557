#!/bin/sh
# PostgreSQL with its data in /data; the first start makes the database and the user $DB_NAME.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
cluster=/data/cluster

# The new cluster gets its name when it is complete, so that a start cut short is begun again.
if [ ! -e "$cluster" ]; then
    rm -rf "$cluster.new"
    "$bin/initdb" -D "$cluster.new" -U "$DB_NAME" --pwfile=/run/secrets/db_password \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
    echo 'host all all all scram-sha-256' >> "$cluster.new/pg_hba.conf"
    echo "CREATE DATABASE $DB_NAME" | "$bin/postgres" --single -j -D "$cluster.new" postgres
    mv "$cluster.new" "$cluster"
fi

exec "$bin/postgres" -D "$cluster" -c listen_addresses='*' -c unix_socket_directories=/tmp
