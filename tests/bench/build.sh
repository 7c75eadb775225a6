#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
#
# Builds what bench.py runs: build.sh BUILD_DIR leaves there the programs responder (Go), measure,
# deserialize, history and month (C; links vperf's library, built again for it).
set -eu

if [ $# -ne 1 ]; then
    echo "usage: build.sh BUILD_DIR" >&2
    exit 2
fi
mkdir -p "$1"
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
../gobuild.sh responder "$build"

log=$build/build.log
{ cmake -S . -B "$build/programs" &&
    cmake --build "$build/programs" -j "$(nproc)" --target measure deserialize history month; } >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
cp "$build/programs/measure" "$build/programs/deserialize" "$build/programs/history" \
    "$build/programs/month" "$build"
