#!/bin/sh
# Becomes Redis on the port and with the data that it was given; the password stands in a file that
# is its own, so that no process list shows it.
set -eu
umask 077
conf=$VOLUME_REDIS/redis.conf
printf '%s\n' "port $PORT" "dir $VOLUME_DATA" "bind 0.0.0.0 -::" "appendonly yes" > "$conf"
quoted=$(printf '%s' "$REDIS_PASSWORD" | sed 's/[\\"]/\\&/g')
[ -z "$quoted" ] || printf 'requirepass "%s"\n' "$quoted" >> "$conf"
exec /usr/bin/redis-server "$conf"
