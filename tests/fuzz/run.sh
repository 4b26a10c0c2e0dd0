#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes: builds the targets (preset fuzz) and gives each some time, as many at once as there are
# cores. Exit 1 if one of them found something: the input that shows it lies in build/fuzz/findings,
# and the end of the target's log is shown. New inputs that reach new code stay in
# build/fuzz/inputs/<target>, and the next run begins with them.
#
#     tests/fuzz/run.sh [SECONDS [TARGET|FOLDER...]]
#     tests/fuzz/run.sh 600 rtsp_client webrtc    # a folder: all targets of it
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-60}
names=("${@:2}")
[ "${#names[@]}" -gt 0 ] || names=(control engine rtsp webrtc)
targets=()
for name in "${names[@]}"; do
    files=("tests/fuzz/fuzz_$name.c")
    [ -f "${files[0]}" ] || files=("tests/fuzz/fuzz_${name}_"*.c)
    if ! [[ $seconds =~ ^[1-9][0-9]*$ ]] || [ ! -f "${files[0]}" ]; then
        echo "usage: tests/fuzz/run.sh [SECONDS [TARGET|FOLDER...]]; there is no '$seconds $name'" >&2
        exit 2
    fi
    files=("${files[@]#tests/fuzz/fuzz_}")
    targets+=("${files[@]%.c}")
done

cmake --preset fuzz
cmake --build --preset fuzz -j "$(nproc)" --target "${targets[@]/#/fuzz_}"

# fuzz SECONDS TARGET: one line on success.
fuzz() {
    local program=build/fuzz/fuzz/fuzz_$2 inputs=build/fuzz/inputs/$2 log=build/fuzz/logs/$2.log
    local dictionary=tests/fuzz/${2%%_*}.dict options=()
    [ ! -f "$dictionary" ] || options+=("-dict=$dictionary")
    mkdir -p "$inputs"
    if "$program" -max_total_time="$1" -max_len=20000 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$2-" "${options[@]}" \
        "$inputs" "tests/fuzz/corpus/$2" >"$log" 2>&1; then
        printf '%-20s %10d inputs run, %5d kept\n' "$2" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
            "$(find "$inputs" -type f | wc -l)"
    else
        tail -n 60 "$log"
        echo "$2 FAILED; it does so again with: $program" \
            "$(sed -n 's/.*Test unit written to //p' "$log")"
        return 1
    fi
}
export -f fuzz

mkdir -p build/fuzz/findings build/fuzz/logs
printf '%s\n' "${targets[@]}" |
    xargs -P "$(nproc)" -I{} bash -c 'fuzz "$@"' fuzz "$seconds" {} || exit 1
