#!/bin/sh
# Nginx and PHP-FPM as they are configured, in a network that has nothing but this machine, until all was asked.
set -e
ip link set lo up
ip address add 192.0.2.1/32 dev lo
mkdir -p /run/php /var/log/nginx /var/lib/nginx
"php-fpm$1" --daemonize
nginx
for _ in $(seq 1200); do
    [ -S "/run/php/php$1-fpm.sock" ] && break
    sleep 0.05
done
status=0
python3 /ask.py || status=$?
nginx -s quit
pkill --pidfile "/run/php/php$1-fpm.pid"
exit "$status"
