#!/bin/sh
# Serves one component: GET / says who it is, POST /cgi-bin/order?ID writes ID down exactly as often
# as it is executed, and GET /cgi-bin/chain asks the next component.
busybox=${BUSYBOX:-/bin/busybox}
root=${ROOT:-/srv}/$NAME.$$
$busybox mkdir -p "$root/cgi-bin"
echo "$NAME $GREETING" > "$root/index.html"
$busybox cat > "$root/cgi-bin/order" <<EOF
#!$busybox sh
echo "\$QUERY_STRING" >> "${ORDERS:-/orders}"
printf 'Content-Type: text/plain\r\n\r\nordered\n'
EOF
$busybox cat > "$root/cgi-bin/chain" <<EOF
#!$busybox sh
printf 'Content-Type: text/plain\r\n\r\n$NAME '
[ -z "$NEXT" ] || $busybox wget -qO- "http://$NEXT/cgi-bin/chain"
EOF
hello="$NAME $GREETING"
# Head and body in one write: of an answer that has begun, no other replica can give the rest.
$busybox cat > "$root/cgi-bin/hello" <<EOF
#!$busybox sh
printf 'Content-Type: text/plain\r\nContent-Length: ${#hello}\r\n\r\n$hello'
EOF
$busybox chmod +x "$root/cgi-bin/hello" "$root/cgi-bin/order" "$root/cgi-bin/chain"
cd "$root" && exec $busybox httpd -f -p "$PORT" -h "$root"
