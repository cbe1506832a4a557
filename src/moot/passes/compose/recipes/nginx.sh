#!/bin/sh
# Writes a configuration for the port that it was given, and becomes nginx.
set -eu
cat > "$VOLUME_NGINX/nginx.conf" <<CONF
user www-data;
daemon off;
pid $VOLUME_NGINX/pid;
error_log stderr;
events {}
http {
    include /etc/nginx/mime.types;
    access_log /dev/stdout;
    server {
        listen $PORT default_server;
        root /var/www/html;
        index index.html index.nginx-debian.html;
        include /etc/nginx/moot.d/*.conf;
    }
}
CONF
exec /usr/sbin/nginx -e stderr -c "$VOLUME_NGINX/nginx.conf"
