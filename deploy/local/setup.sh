#!/bin/sh
# Brings uv into ./.tools when it is not on PATH, and installs the locked dependencies into ./.venv.
set -eu

UV_VERSION=0.13.9
export UV_PYTHON_DOWNLOADS=never

stop() {
    echo "setup: $1" >&2
    exit 1
}

recent_python() {
    for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

bring_uv() {
    "$python" -m venv .tools/uv && .tools/uv/bin/python -m pip install --quiet "uv==$UV_VERSION" && return
    rm -rf .tools/uv
    "$python" -m pip install --quiet --target .tools/uv "uv==$UV_VERSION"
}

[ -w . ] || stop "this folder cannot be written to: clone the repository where you may write"
python=$(recent_python)
[ -n "$python" ] || stop "no Python 3.11 or later: apt-get install python3, or name one with make PYTHON=..."

uv=$(command -v uv || echo .tools/uv/bin/uv)
if ! [ -x "$uv" ]; then
    echo "setup: bringing uv $UV_VERSION into .tools" >&2
    mkdir -p .tools
    bring_uv >.tools/uv.log 2>&1 ||
        stop "uv cannot be brought, .tools/uv.log says why; apt-get install python3-venv may be the mend"
fi
[ -d .venv ] || echo "setup: installing the locked dependencies into .venv, once" >&2
"$uv" sync --frozen --quiet --python "$python" || stop "the dependencies cannot be installed"
