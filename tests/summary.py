#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Adds up JUnit result files; the last line says `N passed, N failed`."""
import xml.etree.ElementTree as ElementTree


def count(path):
    """Passed, failed, skipped of one file; a file that is missing counts as a failure."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as problem:
        print(f"{path}: no results: {problem}")
        return 0, 1, 0
    failed = sum(any(case.find(tag) is not None for tag in ("failure", "error")) for case in cases)
    skipped = [case for case in cases if case.find("skipped") is not None]
    for case in skipped:
        print(f"skipped: {case.get('classname')}.{case.get('name')}: "
              f"{case.find('skipped').get('message')}")
    if not cases:
        print(f"{path}: no test was run")
        failed = 1
    return max(len(cases) - failed - len(skipped), 0), failed, len(skipped)


def show(paths, others):
    """Shows the sum; others are the names of failures that have no file. Returns an exit status."""
    passed, failed, skipped = (sum(column) for column in zip(*(count(path) for path in paths)))
    for name in others:
        print(f"{name} failed")
    failed += len(others)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0
