# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The text of Prometheus, read after its specification, and what promtool says of it."""

import re
import subprocess

SAMPLE = re.compile(r'([a-z_0-9]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)(?: (\S+))?')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SUFFIXES = {"counter": "_total", "info": "_info", "gauge": ""}


def lint(text):
    """What promtool finds wrong with the old text format; it exits with a status of its own."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


def unescape(text):
    """A label's value without escapes."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def read(text):
    """{family: {type, unit, help, samples: [(labels, value, time)]}} of an exposition of
    OpenMetrics: families and their series do not mix, times ascend, and it has an end."""
    families, family = {}, None
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    for line in lines[:-2]:
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            if what == "HELP":
                assert name not in families, line
                family = families[name] = {"name": name, "samples": [], "unit": ""}
            assert family and family["name"] == name and not family["samples"], line
            family[what.lower()] = rest
            continue
        name, labels, value, time = SAMPLE.fullmatch(line).groups()
        assert name == family["name"] + SUFFIXES[family["type"]], line
        pairs = LABEL.findall(labels)
        assert len(dict(pairs)) == len(pairs), line
        family["samples"].append(({label: unescape(text) for label, text in pairs}, float(value),
                                  None if time is None else float(time)))
    for family in families.values():
        assert family["name"].endswith(family["unit"])
        check_order(family["samples"])
    return families


def check_order(samples):
    """The samples of a series follow each other, with times that ascend."""
    seen, before = set(), (None, None)
    for labels, _, time in samples:
        key = tuple(sorted(labels.items()))
        assert key == before[0] or key not in seen, labels
        assert key != before[0] or time > before[1], labels
        seen.add(key)
        before = key, time
