#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
#
# Builds what bench.py runs: build.sh BUILD_DIR leaves there the programs responder (Debian's Go,
# no network), measure and deserialize (C; links vperf's library, built again for it).
# build.sh --check BUILD_DIR runs gofmt and go vet on the responder instead.
set -eu

check=
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
if [ $# -ne 1 ]; then
    echo "usage: build.sh [--check] BUILD_DIR" >&2
    exit 2
fi
mkdir -p "$1"
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/responder"

go=
for candidate in /usr/lib/go-1.19/bin/go /usr/lib/go/bin/go; do
    [ -x "$candidate" ] && go=$candidate && break
done
if [ -z "$go" ]; then
    echo "build.sh: apt-get install golang-go" >&2
    exit 1
fi

export GO111MODULE=off GOPATH="$build/go" GOCACHE="$build/go-cache"
export GOENV=off GOFLAGS= GOPROXY=off CGO_ENABLED=0
unset GOROOT
if [ -n "$check" ]; then
    unformatted=$("$(dirname "$go")/gofmt" -l .)
    if [ -n "$unformatted" ]; then
        echo "gofmt: $unformatted" >&2
        exit 1
    fi
    exec "$go" vet .
fi
"$go" build -o "$build/responder" .

log=$build/build.log
{ cmake -S .. -B "$build/programs" &&
    cmake --build "$build/programs" -j "$(nproc)" --target measure deserialize; } >"$log" 2>&1 ||
    { cat "$log" >&2; exit 1; }
cp "$build/programs/measure" "$build/programs/deserialize" "$build"
