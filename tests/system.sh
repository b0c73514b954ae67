#!/bin/sh
# Chromium, Japanese fonts and PostgreSQL's server come from the system's packages. Install them where that is possible; say what is missing where it is not.
set -eu
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja family 2>/dev/null)" ]; }
have_postgres() { command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
if have_browser && have_fonts && have_postgres; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing chromium, fonts-noto-cjk and postgresql ..."
    apt-get update -qq
    # The tests start a cluster of their own in a temporary folder; Debian's own cluster is neither made nor started.
    [ -d /etc/postgresql-common ] || { mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; }
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold chromium fonts-noto-cjk fontconfig postgresql >/dev/null
fi
have_browser || { echo "The tests need Chromium. Install it, for example: sudo apt-get install chromium" >&2; exit 1; }
have_fonts || { echo "The tests need Japanese fonts. Install them, for example: sudo apt-get install fonts-noto-cjk fontconfig" >&2; exit 1; }
have_postgres || { echo "The tests need PostgreSQL's server. Install it, for example: sudo apt-get install postgresql" >&2; exit 1; }
