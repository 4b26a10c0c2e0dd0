#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks the directions of includes between folders, and that each library has one door. Prints
# file:line of each breach; exit 1 if there is one.
#
#     tests/check_includes.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

breaches=0

# report RULE: the lines on stdin are breaches of it.
report() {
    local line
    while IFS= read -r line; do
        echo "$line    <- $1"
        breaches=$((breaches + 1))
    done
}

# include_lines FOLDER...: file:line:#include ... of all sources.
include_lines() {
    grep -rnE --include='*.c' --include='*.h' '^[[:space:]]*#[[:space:]]*include' "$@" || true
}

# folder FOLDER ALLOWED: it may include only project headers that match (extended regex).
folder() {
    report "$1/ may include $2 only" < <(include_lines "$1" |
        grep -E 'include[[:space:]]*("|<(engine|rtsp|webrtc|control|bench|tests)/)' |
        grep -vE "include[[:space:]]*\"($2)\"" || true)
}

# door LIBRARY_HEADER FILES: only files that match may include it. Tests may: it is their oracle.
door() {
    report "$1 has one door: $2" < <(include_lines engine rtsp webrtc control bench |
        grep -E "include[[:space:]]*[<\"]($1)[>\"]" | grep -vE "^($2):" || true)
}

folder engine 'engine/[a-z0-9_]+\.h'
folder rtsp 'rtsp/[a-z0-9_]+\.h|engine/publish\.h'
folder webrtc 'webrtc/[a-z0-9_]+\.h|engine/types\.h'

door 'liburing\.h' 'engine/[a-z_]*uring[a-z_]*\.[ch]'
door 'srtp2/.*|srtp\.h' 'engine/srtp_compat\.c'
door 'libconfig\.h' 'control/config\.c|control/config_value\.h'
door 'jansson\.h' 'control/json\.h|bench/viewers_json\.c'
door 'argon2\.h' 'control/password\.c'
door 'pcre2\.h' 'control/pattern\.c'
door 'intel-ipsec-mb\.h' 'engine/gcm_ipsec_mb\.c'
door 'libav.*/.*|libsw.*/.*|opus.*\.h' 'rtsp/transcode_aac\.c'

if [ "$breaches" -gt 0 ]; then
    echo "$breaches forbidden includes"
    exit 1
fi
