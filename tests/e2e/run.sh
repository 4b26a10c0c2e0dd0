#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The end-to-end tests on one build. They mostly wait, so that several files run at once, each in
# namespaces of its own.
#
#     tests/e2e/run.sh BUILD [ARGUMENT OF PYTEST...]
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ $# -eq 0 ]; then
    echo "usage: $0 BUILD [ARGUMENT OF PYTEST...]" >&2
    exit 2
fi
export RTCFAN_BUILD=build/$1
shift
export logs=build/check/e2e-${RTCFAN_BUILD##*/}
rm -rf "$logs"
mkdir -p "$logs"

# run_file FILE ARGUMENT...: shows what there is to say; the rest is in its log.
run_file() {
    local log name rc=0
    name=$(basename "$1" .py)
    log=$logs/$name.log
    /usr/bin/python3 -m pytest "$@" >"$log" 2>&1 || rc=$?
    [ $rc -ne 5 ] || return 0 # none of its tests was asked for
    {
        [ $rc -eq 0 ] || cat "$log"
        grep -E '^SKIPPED' "$log" || true
        printf '%-28s %s\n' "$name" "$(tail -n 1 "$log" | tr -d =)"
    } >"$log.end"
    cat "$log.end"
    return $rc
}
export -f run_file

printf '%s\n' tests/e2e/test_*.py |
    xargs -P $(($(nproc) + 1)) -I FILE bash -c 'run_file "$@"' bash FILE "$@"
