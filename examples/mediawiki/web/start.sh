#!/bin/sh
# Apache in the foreground, with the settings Debian keeps for it.
set -e
. /etc/apache2/envvars
mkdir -p "$APACHE_RUN_DIR"
exec apache2 -D FOREGROUND
