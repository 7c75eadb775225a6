# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""InfluxDB's line protocol, read after its documentation, character by character."""

ESCAPED = ",= "


def split(text, separator):
    """The parts between separators that are not escaped; no text in quotes holds one here."""
    parts, at = [""], 0
    while at < len(text):
        size = 1 + (text[at] == "\\")
        if text[at] == separator:
            parts.append("")
        else:
            parts[-1] += text[at:at + size]
        at += size
    return parts


def unescape(text):
    """A name or tag without its escapes; a backslash before anything else is itself."""
    out, at = "", 0
    while at < len(text):
        at += text[at] == "\\" and at + 1 < len(text) and text[at + 1] in ESCAPED
        out += text[at]
        at += 1
    return out


def pairs(parts):
    """{name: value}; none comes twice, none is empty."""
    found = {}
    for part in parts:
        name, value = split(part, "=")
        assert name and value and unescape(name) not in found, parts
        found[unescape(name)] = value
    return found


def number_or_text(value):
    """A field's value: a float, or a text in quotes."""
    return value[1:-1] if value.startswith('"') and value.endswith('"') else float(value)


def read(text):
    """All lines: (measurement, {tag: text}, {field: value}, nanoseconds)."""
    assert not text or text.endswith("\n")
    points = []
    for line in text.split("\n")[:-1]:
        head, fields, time = split(line, " ")
        measurement, *tags = split(head, ",")
        points.append((unescape(measurement),
                       {name: unescape(value) for name, value in pairs(tags).items()},
                       {name: number_or_text(value)
                        for name, value in pairs(split(fields, ",")).items()},
                       int(time)))
    return points
