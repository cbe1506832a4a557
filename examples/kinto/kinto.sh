#!/bin/sh
# kinto.sh start --port N | migrate: runs the Kinto of the volume `software` on the database and
# the cache that moot names in DB_* and CACHE_*.
set -eu
verb=$1
shift
export KINTO_STORAGE_URL="postgresql://kinto:$(cat "$DB_PASSWORD_FILE")@$DB_HOST:$DB_PORT/kinto"
export KINTO_PERMISSION_URL="$KINTO_STORAGE_URL"
export KINTO_CACHE_URL="redis://$CACHE_HOST:$CACHE_PORT/0"
exec "$VOLUME_SOFTWARE/bin/kinto" "$verb" --ini "$KINTO_INI_FILE" "$@"
