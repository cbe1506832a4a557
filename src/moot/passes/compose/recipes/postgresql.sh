#!/bin/bash
# Makes a cluster in the volume where there is none, and becomes its server.
set -euo pipefail
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
data=$VOLUME_DATA/cluster
if [ ! -e "$data/PG_VERSION" ]; then
    rm -rf "$data.new"
    initdb=("$bin/initdb" --pgdata="$data.new" --username="$POSTGRES_USER" --auth-local=peer
        --encoding=UTF8 --locale=C.UTF-8)
    if [ -n "$POSTGRES_PASSWORD" ]; then
        "${initdb[@]}" --auth-host=scram-sha-256 --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD")
        echo 'host all all all scram-sha-256' >> "$data.new/pg_hba.conf"
    else
        "${initdb[@]}" --auth-host=reject
    fi
    if [ "$POSTGRES_DB" != postgres ]; then
        echo "CREATE DATABASE \"$POSTGRES_DB\"" |
            "$bin/postgres" --single -D "$data.new" postgres > /dev/null
    fi
    mv "$data.new" "$data"
fi
exec "$bin/postgres" -D "$data" -p "$PORT" -h '*' -k "$VOLUME_POSTGRESQL"
