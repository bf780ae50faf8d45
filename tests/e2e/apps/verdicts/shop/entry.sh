#!/bin/bash
set -e
envsubst < shop.conf.in > /tmp/shop.conf
if [[ -s /tmp/shop.conf ]]; then
    cat /tmp/shop.conf
fi
exec "$@"
