# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Answers of real servers: the rows are those that ElementTree finds, in whatever form of XML and
HTTP the answers come."""

import re
import shutil
import types
import warnings
import xml.etree.ElementTree as ET

import harness
import openmetrics
import pytest
import recorded

MISSING = f"no recorded answers in {recorded.FOLDER}: VPERF_RECORDED may name another folder"

pytestmark = pytest.mark.skipif(not recorded.FOLDER.is_dir(), reason=MISSING)
if not recorded.FOLDER.is_dir():
    warnings.warn(f"tests are skipped: {MISSING}")  # a quiet run shows warnings, but no reasons

WORLDS = {
    "vCenter 9.0.1": recorded.vcenter9,
    "vCenter 6.5": lambda: recorded.from_values("vc65", "vpx_counters.tsv"),
    "ESXi 6.5": lambda: recorded.from_values("esx65", "esx_counters.tsv"),
}


@pytest.fixture(scope="module")
def serve(certs):
    """Serve worlds, each started once."""
    peers = {}

    def served(name):
        if name not in peers:
            peers[name] = recorded.start(WORLDS[name](), certs)
        peer = peers[name]
        peer.server.mutate, peer.server.delivery = str.encode, recorded.PLAIN
        return peer
    yield served
    for peer in peers.values():
        peer.server.stop()


def collect(vperf, peer, *options):
    """All samples that the server has."""
    return vperf.run("collect", "--raw", "--samples", 180, *options, *peer.arguments)


def rows_of(done):
    """The rows as World.rows() has them."""
    return {(row["id"], row["counter"], row["instance"], row["timestamp"], row["value"])
            for row in done.rows}


@pytest.mark.parametrize("name", WORLDS)
def test_rows_are_those_of_an_independent_parser(vperf, serve, name):
    peer = serve(name)
    done = collect(vperf, peer)
    expected = peer.server.world.rows()
    assert done.status == 0, done
    assert len(expected) > 3000
    assert rows_of(done) == expected
    assert len(done.rows) == len(expected)
    assert {row["interval"] for row in done.rows} == {"20"}


@pytest.mark.parametrize("name", WORLDS)
def test_catalogue_is_that_of_an_independent_parser(vperf, serve, name):
    peer = serve(name)
    done = vperf.run("counters", "-f", "csv", *peer.arguments)
    assert done.status == 0, done
    found = sorted(row["counter"] for row in done.rows)
    assert found == sorted(peer.server.world.names().values())
    metrics = [row["metric"] for row in done.rows]
    assert len(set(metrics)) == len(metrics)
    if shutil.which("promtool"):
        assert openmetrics.lint("".join(
            f"# HELP {name} x\n# TYPE {name} "
            f"{'counter' if name.endswith('_total') else 'gauge'}\n{name} 1\n"
            for name in metrics)) == ""


def test_bytes_that_are_declared_terabytes(vperf, serve):
    """558345748480 TB of working set: real servers of 6.5 send bytes."""
    peer = serve("vCenter 6.5")
    options = ["--counter", "mem.vmfs.pbc.workingSet*.latest", *peer.arguments]
    done = vperf.run("collect", *options)
    assert done.status == 0 and done.rows, done
    assert {row["unit"] for row in done.rows if len(row["value"]) > 9} == {"bytes"}, done
    raw = vperf.run("collect", "--raw", *options)
    assert {row["unit"] for row in raw.rows} == {"teraBytes"}, raw
    assert [row["value"] for row in raw.rows] == [row["value"] for row in done.rows]


def test_units_of_vcenter_9_in_every_list(vperf, certs, tmp_path):
    """Each of 16 units, nanoseconds and terabytes among them, comes out as the catalogue
    declares it, and so do the values: only percent has hundredths."""
    peer = recorded.start(recorded.all_counters(1234), certs)
    try:
        units = peer.server.world.units()
        assert {"nanosecond", "gigaBytes", "teraBytes", "megaBytesPerSecond"} < set(units.values())
        shown = {name: (unit, "12.34" if unit == "percent" else "1234")
                 for name, unit in units.items()}
        coverage = tmp_path / "coverage.csv"
        done = vperf.run("collect", "--coverage", coverage, *peer.arguments)
        assert done.status == 0, done
        assert {row["counter"]: (row["unit"], row["value"]) for row in done.rows} == shown
        listed = vperf.run("counters", "-f", "csv", *peer.arguments).rows
        assert {row["counter"]: row["unit"] for row in listed} == units
        covered = [row for row in harness.read_csv(coverage.read_text()) if row["type"] == "vm"]
        assert {row["counter"]: row["unit"] for row in covered} == units
        (row,) = vperf.run("compare", "--units", "--counter", "*", "-f", "csv",
                           *peer.arguments).rows
        compared = {cell.split(" [")[0]: (cell.split(" [")[1][:-1], value)
                    for cell, value in row.items() if cell.endswith("]")}
        assert {name: compared.get(name) for name in shown} == shown
    finally:
        peer.server.stop()


def test_vcenter_9_defines_810_counters(vperf, serve):
    assert len(serve("vCenter 9.0.1").server.world.names()) == 810


FAULTS = {
    "vc55bad.Login.1.xml": ("Login", "login as 'collector' refused: wrong user name or password"),
    "vc60bad.Login.1.xml": ("Login", "login as 'collector' refused: wrong user name or password"),
    "vc55unk.QueryAssignedLicenses.1.xml": ("CreateContainerView", "UnknownLicenseProblemFault"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_recorded_faults_are_told(vperf, certs, name):
    operation, expected = FAULTS[name]
    world = recorded.vcenter9()
    world.answers[operation] = recorded.read(name)
    peer = recorded.start(world, certs)
    done = collect(vperf, peer)
    peer.server.stop()
    assert done.status in (1, 2) and expected in done.err, done
    assert len(done.messages) == 1, done


def leaves(change):
    """A mutation of the text of each element that holds nothing else."""
    def mutate(text):
        return re.sub(r"(<(?!soapenv)[^<>/!?]+>)([^<]+)(?=</)",
                      lambda found: found[1] + change(found[2]), text)
    return mutate


def unescape(text):
    """The characters that XML text stands for."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"') \
        .replace("&apos;", "'").replace("&amp;", "&")


def halves(text, between):
    """Text with something in its middle, but not in a reference."""
    middle = 0 if "&" in text else len(text) // 2
    return text[:middle] + between + text[middle:]


def references(text):
    """Every character as a reference, decimal and hexadecimal by turns."""
    return "".join(f"&#{ord(c)};" if i % 2 else f"&#x{ord(c):x};"
                   for i, c in enumerate(unescape(text)))


def prefixed(text):
    """All elements and types of vim25 under a prefix."""
    ET.register_namespace("v", "urn:vim25")
    root = ET.fromstring(text.encode())
    for element in root.iter():
        kind = element.get(recorded.XSI_TYPE)
        if kind and ":" not in kind:
            element.set(recorded.XSI_TYPE, f"v:{kind}")
    out = ET.tostring(root, encoding="unicode")
    return out.replace("<v:", "<v:", 1) if "xmlns:xsd" in out else out.replace(
        " xmlns:v=", ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:v=', 1)


def indented(text):
    """Each element on a line of its own."""
    root = ET.fromstring(text.encode())
    ET.indent(root)
    out = ET.tostring(root, encoding="unicode")
    return out.replace("<ns0:Envelope ", '<ns0:Envelope xmlns:xsd="http://www.w3.org/2001/'
                       'XMLSchema" ', 1) if "xmlns:xsd" not in out else out


FUTURE = ('<future a="&gt;" type="x"><value>8</value><id><counterId>9</counterId></id>'
          "<key>9</key><name>x</name><futureLeaf/></future>")


def with_unknown_elements(text):
    """Elements that nobody knows, before and behind those that are known."""
    for name in ("returnval", "id", "nameInfo", "groupInfo", "PerfCounterInfo", "about"):
        text = re.sub(rf"(<{name}(?: [^<>]*)?(?<!/)>)(?=<)", rf"\1{FUTURE}", text)
        text = re.sub(rf"(?<=>)</{name}>", f"{FUTURE}</{name}>", text)
    return text


def with_unknown_types(text):
    """Subclasses of a later version."""
    for name in ("PerfEntityMetricCSV", "PerfCounterInfo", "PowerState", "xsd:string"):
        text = text.replace(f'xsi:type="{name}"', f'xsi:type="Future{name.split(":")[-1]}"')
    return text.replace("<PerfCounterInfo>", '<PerfCounterInfo xsi:type="FutureCounterInfo">')


def with_unknown_attributes(text):
    """An attribute on each element."""
    return re.sub(r"<(\w[\w:]*)(?=[ >/])", r"""<\1 xmlns:f="urn:f" f:type="x&gt;" future='>'""",
                  text)


def text_of(change):
    """A mutation of text as one of bytes."""
    return lambda text: change(text).encode()


def latin(text):
    """ISO-8859-1."""
    return text.replace('encoding="UTF-8"', "encoding='iso-8859-1'").encode("iso-8859-1", "xmlcharrefreplace")


def delivery(chunk=0, zipped=False, charset="utf-8"):
    """How an answer is sent."""
    return types.SimpleNamespace(chunk=chunk, gzip=zipped, charset=charset)


# What must not change anything: what is done to each answer, and how it is sent.
MUTATIONS = {
    "prefixes": (text_of(prefixed), delivery()),
    "indentation": (text_of(indented), delivery()),
    "unknown elements": (text_of(with_unknown_elements), delivery()),
    "unknown types": (text_of(with_unknown_types), delivery()),
    "unknown attributes": (text_of(with_unknown_attributes), delivery()),
    "comments in text": (text_of(leaves(lambda text: halves(text, "<!-- <b>5</b>, -->"))),
                         delivery()),
    "comments behind text": (text_of(leaves(lambda text: text + "<!---> ,7 -->")), delivery()),
    "comments between elements": (
        text_of(lambda text: re.sub(r"><(?=/?[a-zA-Z])", "><!-- <value>5</value> -->"
                                    "<", text)), delivery()),
    "processing instructions": (text_of(leaves(lambda text: halves(text, "<?p 5 > 6 ?>"))),
                                delivery()),
    "CDATA": (text_of(leaves(lambda text: f"<![CDATA[{unescape(text)}]]>")), delivery()),
    "CDATA in pieces": (
        text_of(leaves(lambda text: "".join(f"<![CDATA[{c}]]>" if c not in "&;" else c
                                            for c in text) if "&" not in text else text)),
        delivery()),
    "character references": (text_of(leaves(references)), delivery()),
    "single quotes": (text_of(lambda text: re.sub(r'="([^"<>]*)"', r"='\1'", text)), delivery()),
    "blanks in tags": (text_of(lambda text: re.sub(r"(</?[a-zA-Z:]+)(?=>)", "\\1\n ", text)),
                       delivery()),
    "carriage returns": (text_of(lambda text: text.replace("\n", "\r\n")), delivery()),
    "byte order mark": (lambda text: b"\xef\xbb\xbf" + text.encode(), delivery()),
    "ISO-8859-1": (latin, delivery(charset="iso-8859-1")),
    "a property 150000 times": (text_of(lambda text: text.replace(
        "poweredOn</val></propSet>", "poweredOn</val></propSet>" + 150000 * (
            '<propSet><name>config.version</name><val xsi:type="xsd:string">vmx-19</val>'
            "</propSet>"), 1)), delivery()),
    "chunks of 1": (str.encode, delivery(chunk=1)),
    "chunks of 7": (str.encode, delivery(chunk=7)),
    "chunks of 1000": (str.encode, delivery(chunk=1000)),
    "gzip": (str.encode, delivery(zipped=True)),
    "gzip in chunks": (str.encode, delivery(chunk=97, zipped=True)),
    "CDATA in chunks": (text_of(leaves(lambda text: f"<![CDATA[{unescape(text)}]]>")),
                        delivery(chunk=3)),
    "references in chunks": (text_of(leaves(references)), delivery(chunk=5)),
}


def without_own_times(done):
    """The lines; those of counters of our own, whose time is that of their reading, without it."""
    return [line.partition(",")[2] if any(f",{group}." in line for group in harness.OWN_GROUPS)
            else line for line in done.out.splitlines()]


@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_said_counts_and_not_how(vperf, serve, name):
    peer = serve("vCenter 9.0.1")
    plain = collect(vperf, peer)
    peer.server.mutate, peer.server.delivery = MUTATIONS[name]
    done = collect(vperf, peer)
    assert plain.status == 0 and len(plain.rows) > 3000, plain
    assert done.status == 0, done
    assert without_own_times(done) == without_own_times(plain), \
        harness.Done(done.status, b"", done.err.encode(), 0)
