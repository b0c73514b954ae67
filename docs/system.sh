#!/bin/sh
# Graphviz draws the diagrams, Chromium takes the pictures with Japanese fonts: no wheel carries them. Installed where that is possible; named where it is not.
set -eu
have_graphviz() { command -v dot >/dev/null 2>&1; }
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja family 2>/dev/null)" ]; }
missing=
have_graphviz || missing="$missing graphviz"
have_browser || missing="$missing chromium"
have_fonts || missing="$missing fonts-noto-cjk fontconfig"
[ -z "$missing" ] && exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing$missing ..."
    apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
{ have_graphviz && have_browser && have_fonts; } || { echo "The documentation needs$missing. Install them, for example: sudo apt-get install$missing" >&2; exit 1; }
