#!/bin/sh
# Fails when a file of somebody else's lies in the repository: libraries come as packages, also for the browser.
set -u

foreign=$(
    git ls-files --cached --others --exclude-standard -- '*.min.js' '*.min.css' '*.woff' '*.woff2' '*.ttf' '*.otf'
    git grep --untracked -IlE 'Copyright \(c\)|SPDX-License-Identifier|@license|Licensed under the' -- \
        ':!LICENSE' ':!NOTICE' ':!*.md' ':!deploy/local/own_files.sh'
) 2>/dev/null
[ -z "$foreign" ] && exit 0
echo "check: these files look like somebody else's:" $foreign >&2
exit 1
