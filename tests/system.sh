#!/bin/sh
# Chromium and Japanese fonts come from the system's packages. Install them where that is possible; say what is missing where it is not.
set -eu
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja family 2>/dev/null)" ]; }
if have_browser && have_fonts; then exit 0; fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing chromium and fonts-noto-cjk ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
fi
have_browser || { echo "The tests need Chromium. Install it, for example: sudo apt-get install chromium" >&2; exit 1; }
have_fonts || { echo "The tests need Japanese fonts. Install them, for example: sudo apt-get install fonts-noto-cjk fontconfig" >&2; exit 1; }
