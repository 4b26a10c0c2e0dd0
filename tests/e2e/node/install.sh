#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the modules that package-lock.json names into build/node. Silent, and without network,
# when they are there.
#
#     tests/e2e/node/install.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."

source=tests/e2e/node
target=build/node

! cmp -s "$source/package-lock.json" "$target/installed.json" || exit 0

mkdir -p "$target"
cp "$source/package.json" "$source/package-lock.json" "$target"
if ! npm --prefix "$target" ci --no-audit --no-fund --loglevel=error; then
    echo "install.sh: npm must reach a registry, once. 'npm config set registry URL' names" \
        "another, 'npm config set proxy URL' a way to it" >&2
    exit 1
fi
cp "$source/package-lock.json" "$target/installed.json"
