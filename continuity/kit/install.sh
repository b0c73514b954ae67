#!/bin/sh
# Installs Todoke from this disk into a new folder, without a network: sh install.sh FOLDER. PYTHON names another Python.
set -eu
target=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
[ -n "$target" ] || { echo "Where to? sh install.sh /srv/todoke-program 入れる場所を指定してください" >&2; exit 2; }
case $target in /*) ;; *) target=$PWD/$target ;; esac
if [ -e "$target" ]; then
    echo "$target: there is something already; give a new folder. 新しい場所を指定してください" >&2
    exit 1
fi
command -v "$python" >/dev/null 2>&1 || { echo "$python is not installed: Python $(cat "$here/python.txt") is needed. Python がありません" >&2; exit 1; }
kind=$("$python" -c 'import platform, sys; print("%d.%d %s %s" % (*sys.version_info[:2], platform.system(), platform.machine()))')
if [ "$kind" != "$(cat "$here/python.txt")" ]; then
    echo "This disk is for Python $(cat "$here/python.txt"), and this is $kind. PYTHON=/path/to/python names another. 対応する Python が必要です" >&2
    exit 1
fi
echo "Comparing the files of this disk. ファイルを確かめています"
(cd "$here/.." && sha256sum --check --quiet --strict SHA256SUMS) || { echo "This disk is damaged: take another copy. 壊れています" >&2; exit 1; }
trap 'rm -rf "$target"' EXIT
trap 'exit 1' HUP INT TERM
"$python" -m venv --without-pip "$target"
# pip runs from its own wheel, so that Debian's python3-venv is not needed.
"$target/bin/python" "$(echo "$here"/pip/pip-*.whl)/pip" install --quiet --disable-pip-version-check --no-cache-dir --no-input --no-index --no-deps --only-binary :all: \
    --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
trap - EXIT
echo "Installed. 入りました: $target/bin/todoke"
echo "Next 次に: $target/bin/todoke restore $(cd "$here/../snapshots" && pwd) --into /srv/todoke --identity key.txt"
echo "The units of systemd 常に動かすとき: ln -s $target /srv/todoke/.venv; sh $here/deploy/install.sh /etc/systemd/system /srv/todoke todoke"
