#!/bin/sh
# Brings what some tests use from the distribution where it may, and says what those tests go without.
set -u

pango() {
    ldconfig -p | grep -F "$1" || find /usr/lib /lib -name "$1" | grep .
}

has() {
    case $1 in
        chromium) chromium --version || chromium-browser --version || google-chrome --version ;;
        fonts-noto-cjk) fc-list :lang=zh | grep . || find /usr/share/fonts -iname '*CJK*' | grep . ;;
        libpango-1.0-0) pango libpango-1.0.so.0 ;;
        libpangoft2-1.0-0) pango libpangoft2-1.0.so.0 ;;
        mosquitto-clients) command -v mosquitto_sub ;;
    esac >/dev/null 2>&1
}

missing=
for package in chromium fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 mosquitto-clients; do
    has "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "test: bringing$missing with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update >/dev/null 2>&1
    # shellcheck disable=SC2086 # a list of packages
    apt-get install --yes --no-install-recommends $missing >/dev/null 2>&1
fi
for package in $missing; do
    has "$package" || echo "test: skipped: some tests need $package: sudo apt-get install $package" >&2
done
