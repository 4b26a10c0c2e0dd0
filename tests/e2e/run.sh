#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The end-to-end tests on one build. They mostly wait, so that several files run at once, each in
# namespaces of its own.
#
# They have browsers, cameras and a kernel in them that are not ours. So a file that failed runs once
# more, alone, if there are few and nothing crashed; what passes only then is UNSTEADY, with its
# first log above.
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

second_tries=2 # more failures than that are no chance
crash='Sanitizer: |runtime error: |: Assertion .* failed|exit code -'

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
    [ $rc -eq 0 ] || echo "$1" >>"$logs/failed"
}
export -f run_file

printf '%s\n' tests/e2e/test_*.py |
    xargs -P $(($(nproc) + 1)) -I FILE bash -c 'run_file "$@"' bash FILE "$@"

[ -f "$logs/failed" ] || exit 0
mapfile -t failed <"$logs/failed"
[ ${#failed[@]} -le $second_tries ] || exit 1
for file in "${failed[@]}"; do
    ! grep -qE "$crash" "$logs/$(basename "$file" .py).log" || exit 1
done
rm "$logs/failed"
for file in "${failed[@]}"; do
    run_file "$file" "$@"
done
[ ! -f "$logs/failed" ] || exit 1
printf 'UNSTEADY %s: failed, and passed alone; a fault, of the test or of rtcfan\n' "${failed[@]}"
