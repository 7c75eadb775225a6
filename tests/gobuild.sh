#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
#
# gobuild.sh [--check] SOURCE_DIR BUILD_DIR builds a Go program: BUILD_DIR has it then, under the
# name of its sources' folder, and Go's cache. --check runs gofmt and go vet instead. Both take
# Debian's Go and Debian's govmomi whatever else is in PATH, and no network.
set -eu

check=
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
if [ $# -ne 2 ]; then
    echo "usage: gobuild.sh [--check] SOURCE_DIR BUILD_DIR" >&2
    exit 2
fi
mkdir -p "$2"
build=$(cd "$2" && pwd)
cd "$1"

go=
for candidate in /usr/lib/go-1.19/bin/go /usr/lib/go/bin/go; do
    [ -x "$candidate" ] && go=$candidate && break
done
if [ -z "$go" ] || [ ! -d /usr/share/gocode/src/github.com/vmware/govmomi ]; then
    echo "gobuild.sh: apt-get install golang-go golang-github-vmware-govmomi-dev" >&2
    exit 1
fi

export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$build/go-cache"
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
exec "$go" build -o "$build/$(basename "$PWD")" .
