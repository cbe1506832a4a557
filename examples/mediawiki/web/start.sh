#!/bin/sh
# Apache in the foreground.
set -eu
. /etc/apache2/envvars
mkdir -p "$APACHE_RUN_DIR"
exec apache2 -D FOREGROUND
