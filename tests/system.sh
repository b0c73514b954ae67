#!/bin/sh
# Chromium, Japanese fonts, Node.js and Git come from the system's packages. Install them where that is possible; say what is missing where it is not.
set -eu
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja family 2>/dev/null)" ]; }
have_node() { command -v npm >/dev/null 2>&1; }
have_all() { have_browser && have_fonts && have_node && command -v git >/dev/null 2>&1; }
if ! have_all && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    # Only what is missing: a Node.js from elsewhere brings its own npm and will not have Debian's beside it.
    wanted=
    have_browser || wanted="$wanted chromium"
    have_fonts || wanted="$wanted fonts-noto-cjk fontconfig"
    have_node || wanted="$wanted nodejs npm"
    command -v git >/dev/null 2>&1 || wanted="$wanted git"
    echo "Installing$wanted ..."
    apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
fi
have_browser || { echo "The tests need Chromium. Install it, for example: sudo apt-get install chromium" >&2; exit 1; }
have_fonts || { echo "The tests need Japanese fonts. Install them, for example: sudo apt-get install fonts-noto-cjk fontconfig" >&2; exit 1; }
have_node || { echo "The tests need Node.js with npm: another program that reads our mail (tests/node). Install it, for example: sudo apt-get install nodejs npm" >&2; exit 1; }
test -d tests/node/node_modules/mailparser || npm ci --prefix tests/node --no-audit --no-fund --silent
