#!/bin/sh
# Chromium, Firefox, w3m, lynx, Japanese fonts, PostgreSQL's server, Postfix, Dovecot, mutt, nginx, Caddy, OpenSSH's server, minisign, age, systemd's tools, Perl's Mail::DKIM, Node.js and Git come from the system's packages. Install them where that is possible; say what is missing where it is not.
# With the word "audit": also what only `make audit` needs, WebKitGTK's driver and Xvfb.
set -eu
audit="${1:-}"
have_browser() { command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
have_firefox() { command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1; }
have_webkit() { [ "$audit" != audit ] || { command -v WebKitWebDriver >/dev/null 2>&1 && command -v Xvfb >/dev/null 2>&1; }; }
have_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja family 2>/dev/null)" ]; }
have_node() { command -v npm >/dev/null 2>&1; }
have_postgres() { command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
have_proxies() { PATH="$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1 && command -v caddy >/dev/null 2>&1; }
have_mirrors() { PATH="$PATH:/usr/sbin" command -v sshd >/dev/null 2>&1 && command -v ssh-keygen >/dev/null 2>&1 && command -v minisign >/dev/null 2>&1; }
have_age() { command -v age >/dev/null 2>&1 && command -v age-keygen >/dev/null 2>&1; }
have_postfix() { PATH="$PATH:/usr/sbin" command -v postfix >/dev/null 2>&1; }
have_imap() { PATH="$PATH:/usr/sbin" command -v dovecot >/dev/null 2>&1 && [ -e /usr/lib/dovecot/imap ] && command -v mutt >/dev/null 2>&1; }
have_text_browsers() { command -v w3m >/dev/null 2>&1 && command -v lynx >/dev/null 2>&1; }
have_systemd() { command -v systemd-analyze >/dev/null 2>&1; }
have_network() { PATH="$PATH:/usr/sbin:/sbin" command -v ip >/dev/null 2>&1 && PATH="$PATH:/usr/sbin:/sbin" command -v tc >/dev/null 2>&1 && command -v unshare >/dev/null 2>&1; }
have_perl_dkim() { perl -MMail::DKIM -e 1 2>/dev/null; }
have_all() { have_browser && have_firefox && have_webkit && have_postfix && have_imap && have_fonts && have_node && have_postgres && have_proxies && have_mirrors && have_age && have_network && have_systemd && have_text_browsers && have_perl_dkim && command -v git >/dev/null 2>&1; }
if ! have_all && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    # Only what is missing: a Node.js from elsewhere brings its own npm and will not have Debian's beside it.
    wanted=
    have_browser || wanted="$wanted chromium"
    have_firefox || wanted="$wanted firefox-esr"
    have_webkit || wanted="$wanted webkit2gtk-driver xvfb"
    have_fonts || wanted="$wanted fonts-noto-cjk fontconfig"
    have_node || wanted="$wanted nodejs npm"
    have_postgres || wanted="$wanted postgresql"
    have_postfix || wanted="$wanted postfix"
    have_imap || wanted="$wanted dovecot-imapd mutt"
    have_proxies || wanted="$wanted nginx caddy"
    have_mirrors || wanted="$wanted openssh-server openssh-client minisign"
    have_age || wanted="$wanted age"
    have_systemd || wanted="$wanted systemd"
    have_text_browsers || wanted="$wanted w3m lynx"
    have_perl_dkim || wanted="$wanted libmail-dkim-perl"
    have_network || wanted="$wanted iproute2 util-linux"
    command -v git >/dev/null 2>&1 || wanted="$wanted git"
    echo "Installing$wanted ..."
    apt-get update -qq
    # The tests start a cluster of their own in a temporary folder; Debian's own cluster is neither made nor started.
    [ -d /etc/postgresql-common ] || { mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; }
    # Packages of servers start them. The tests start their own: nothing is to listen on this machine because of them (policy-rc.d of Debian's invoke-rc.d).
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && trap 'rm -f /usr/sbin/policy-rc.d' EXIT; }
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold $wanted >/dev/null
fi
have_browser || { echo "The tests need Chromium. Install it, for example: sudo apt-get install chromium" >&2; exit 1; }
have_firefox || { echo "The tests need Firefox: it prints the pages too. Install it, for example: sudo apt-get install firefox-esr" >&2; exit 1; }
have_webkit || { echo "make audit needs WebKitGTK's driver and an X server without a screen. Install them, for example: sudo apt-get install webkit2gtk-driver xvfb" >&2; exit 1; }
have_fonts || { echo "The tests need Japanese fonts. Install them, for example: sudo apt-get install fonts-noto-cjk fontconfig" >&2; exit 1; }
have_postgres || { echo "The tests need PostgreSQL's server. Install it, for example: sudo apt-get install postgresql" >&2; exit 1; }
have_postfix || { echo "The tests need Postfix: it hands mail to the LMTP server. Install it, for example: sudo apt-get install postfix" >&2; exit 1; }
have_imap || { echo "The tests need Dovecot and mutt: sample mails are read over IMAP. Install them, for example: sudo apt-get install dovecot-imapd mutt" >&2; exit 1; }
have_proxies || { echo "The tests need nginx and Caddy: the sample configurations of docs/samples/proxy are run. Install them, for example: sudo apt-get install nginx caddy" >&2; exit 1; }
have_mirrors || { echo "The tests need OpenSSH's server and minisign: mirrors and signatures. Install them, for example: sudo apt-get install openssh-server minisign" >&2; exit 1; }
have_age || { echo "The tests need age: another program that opens snapshots. Install it, for example: sudo apt-get install age" >&2; exit 1; }
have_systemd || { echo "The tests need systemd-analyze: it checks the units of deploy/. Install it, for example: sudo apt-get install systemd" >&2; exit 1; }
have_text_browsers || { echo "The tests need w3m and lynx: they read the light page of a notice. Install them, for example: sudo apt-get install w3m lynx" >&2; exit 1; }
have_network || { echo "The tests need ip, tc and unshare: mirrors on hosts of their own. Install them, for example: sudo apt-get install iproute2 util-linux" >&2; exit 1; }
have_perl_dkim || { echo "The tests need Perl's Mail::DKIM: a second judge of our signatures. Install it, for example: sudo apt-get install libmail-dkim-perl" >&2; exit 1; }
have_node || { echo "The tests need Node.js with npm: other programs that read our mail and hold our files (tests/node). Install it, for example: sudo apt-get install nodejs npm" >&2; exit 1; }
test -d tests/node/node_modules/s3rver || npm ci --prefix tests/node --no-audit --no-fund --silent
