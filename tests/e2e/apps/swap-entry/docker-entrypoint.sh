#!/bin/sh
# Waits for the backend, if there is one, and tells what runs already.
set -e

if [ -n "$BACKEND" ]; then
    until curl --silent --fail --output /dev/null "$BACKEND"; do
        echo "waiting for $BACKEND"
        sleep 1
    done
fi

echo "running before the gateway: $(ps -e -o comm= | grep -c -v -e ps -e grep -e entrypoint)"
exec "$@"
