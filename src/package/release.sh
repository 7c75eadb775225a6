#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# ./dev release: checks that what is checked out can be released, and says what is left to do.
# With --checks, what takes seconds; else the tests and the packages as well.
set -euo pipefail

wrong=0
# check TEXT ADVICE COMMAND...: the command succeeds.
check() {
    local text=$1 advice=$2
    shift 2
    if "$@"; then
        echo "ok: $text"
    else
        echo "WRONG: $text: $advice"
        wrong=1
    fi
}

version=$(sed -n 's/^project(vperf VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
tag=v$version
today=$(date -u +%Y-%m-%d)

is_clean() { [ -z "$(git status --porcelain)" ]; }
is_on_main() { [ "$(git branch --show-current)" = main ]; }
is_version() { [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; }
is_in_one_place() {
    ! git grep -nE "vperf[ _/-]v?${version//./\\.}" -- . ':!CHANGELOG.md'
}
is_new() { ! git rev-parse -q --verify "refs/tags/$tag" >/dev/null; }
has_section() { grep -qxF "## [$version] - $today" CHANGELOG.md; }
# What is written of the version, up to the next section.
section() { sed -n "/^## \[${version//./\\.}\]/,/^## /{/^## /d;p}" CHANGELOG.md; }
has_text() { section | grep '[^[:space:]]' >/dev/null; }
is_sorted_away() { ! sed -n '/^## \[\?Unreleased/,/^## /p' CHANGELOG.md | grep '^- ' >/dev/null; }
has_packages() {
    compgen -G "build/package/vperf_$version-*.deb" >/dev/null &&
        compgen -G "build/package/vperf-$version-*.rpm" >/dev/null &&
        [ -e "build/package/vperf-$version.tar.gz" ]
}

check "version '$version'" "project() of CMakeLists.txt needs three numbers" is_version
check "the version is in CMakeLists.txt alone" "other files have it too" is_in_one_place
check "no tag $tag" "raise the version in CMakeLists.txt" is_new
check "CHANGELOG.md has '## [$version] - $today'" "rename the section Unreleased" has_section
check "the section says what is new" "it is empty" has_text
check "nothing is left below Unreleased" "move it to $version" is_sorted_away
check "the branch is main" "git switch main" is_on_main
check "the tree is clean" "commit, or git stash -u" is_clean
[ $wrong = 0 ] || exit 1
[ "${1:-}" = --checks ] && exit

check "tests" "see above" ./dev test
check "packages" "see above" ./dev package
check "packages of $version" "build/package has others" has_packages
check "the tree is clean after that" "git status" is_clean
[ $wrong = 0 ] || exit 1

cat <<END
What is left to do:
  ./dev xen && ./dev soak           (hours are well spent here, if that was not done since the last change)
  git tag -s -m 'vperf $version' $tag
  git push origin main $tag
  upload build/package/vperf_$version-*.deb, vperf-$version-*.rpm and vperf-$version.tar.gz
  with this text:
$(section)
Then begin a section '## [Unreleased]' in CHANGELOG.md, and raise the version in CMakeLists.txt.
END
