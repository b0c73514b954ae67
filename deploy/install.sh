#!/bin/sh
# Writes the units beside this file into a folder of systemd: install.sh FOLDER HOME USER [DRY_RUN]. What runs is not touched.
set -eu
folder=$1 home=${2%/} user=$3 dry_run=${4:-}
case $home in
/*) ;;
*) echo "TODOKE_HOME must be a whole path: $home. 場所は / から書いてください" >&2; exit 2 ;;
esac
case "$home$user" in
*[!A-Za-z0-9_./-]*) echo "TODOKE_HOME and TODOKE_USER: only letters, digits and _ . / - here. 使えない文字があります" >&2; exit 2 ;;
esac
here=$(dirname "$0")
[ -n "$dry_run" ] || mkdir -p "$folder"
for unit in "$here"/*.service "$here"/*.timer; do
    target=$folder/$(basename "$unit")
    text=$(sed -e "s|/srv/todoke|$home|g" -e "s|^User=todoke$|User=$user|" "$unit")
    if [ -f "$target" ] && [ "$text" = "$(cat "$target")" ]; then
        state=unchanged
    elif [ -f "$target" ]; then
        state=replaced
    else
        state=new
    fi
    echo "$target: $state"
    if [ -z "$dry_run" ] && [ "$state" != unchanged ]; then
        printf '%s\n' "$text" >"$target.part"
        chmod 644 "$target.part"
        mv "$target.part" "$target"
    fi
done
if [ -n "$dry_run" ]; then
    echo "Nothing was written: this was a dry run. 試しです。何も書いていません"
else
    echo "Next: systemctl daemon-reload; systemctl enable --now todoke-publish.service todoke-renew.timer todoke-work.service todoke-serve.service todoke-expire.timer todoke-digests.timer"
fi
