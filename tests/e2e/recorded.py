# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Serves answers that real servers gave, and says which rows they hold.

The recordings are no part of the project: they lie beside it, or where VPERF_RECORDED says.
"""

import datetime
import gzip
import http.server
import os
import pathlib
import re
import ssl
import threading
import types
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import harness

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("VPERF_RECORDED")
                      or REPOSITORY.parent / "shared" / "data" / "recorded")

VIM = "{urn:vim25}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
<{name}Response xmlns="urn:vim25">{content}</{name}Response>
</soapenv:Body>
</soapenv:Envelope>"""


def read(name):
    """The text of a recording."""
    return (FOLDER / name).read_text(encoding="utf-8")


def answer(name, content=""):
    """An answer in the form that the recorded ones have."""
    return ENVELOPE.format(name=name, content=content)


def returnval(content, attributes=""):
    """A returned value."""
    return f"<returnval{attributes}>{content}</returnval>"


class World:
    """What a server answers: recordings, and what they lack made up in their form."""

    def __init__(self, recording, catalogue, metrics, entities, now):
        self.catalogue, self.metrics, self.entities = catalogue, metrics, entities
        self.answers = {
            "RetrieveServiceContent": read(f"{recording}.RetrieveServiceContent.1.xml"),
            "Login": read(f"{recording}.Login.1.xml"),
            "Logout": answer("Logout"),
            "CreateContainerView": answer("CreateContainerView", returnval(
                "session[1]view-1", ' type="ContainerView"')),
            "CurrentTime": answer("CurrentTime", returnval(now)),
        }

    def find(self, operation, request):
        """The answer to a request, or None."""
        if operation == "RetrievePropertiesEx":
            return self.properties(request)
        if operation == "QueryAvailablePerfMetric":
            return self.available(re.search(r"<[\w:]*entity[^>]*>([^<]+)<", request).group(1))
        if operation == "QueryPerf":
            return self.query(re.findall(r"<[\w:]*entity[^>]*>([^<]+)<", request))
        return self.answers.get(operation)

    def properties(self, request):
        """The catalogue, the inventory, or the objects of both, as the request wants."""
        inventory = self.inventory(request)
        if "perfCounter" not in request:
            return inventory
        more = re.search(r"<objects>.*</objects>", inventory, re.DOTALL)
        if not more:
            return self.catalogue
        last = self.catalogue.rindex("</objects>") + len("</objects>")
        return self.catalogue[:last] + more[0] + self.catalogue[last:]

    def inventory(self, request):
        """The entities of the types that the request names."""
        objects = "".join(
            f'<objects><obj type="{kind}">{moref}</obj><propSet><name>name</name>'
            f'<val xsi:type="xsd:string">{escape(name)}</val></propSet><propSet>'
            '<name>runtime.powerState</name><val xsi:type="PowerState">poweredOn</val></propSet>'
            "</objects>"
            for kind, moref, name in self.entities if f">{kind}<" in request)
        return answer("RetrievePropertiesEx", returnval(objects) if objects else "")

    def available(self, moref):
        """What an entity has, by its metric."""
        ids = [(series.findtext(f"{VIM}id/{VIM}counterId"),
                series.findtext(f"{VIM}id/{VIM}instance") or "")
               for series in self.metric_of(moref).findall(f"{VIM}value")]
        return answer("QueryAvailablePerfMetric", "".join(returnval(
            f"<counterId>{counter}</counterId><instance>{escape(instance)}</instance>")
            for counter, instance in ids))

    def query(self, morefs):
        """The metrics of entities, as they were recorded or made."""
        start, end = self.metrics.index("<returnval"), self.metrics.rindex("</returnval>")
        metrics = (self.metrics[start:end] + "</returnval>").split("</returnval>")[:-1]
        kept = [metric for metric in metrics
                if any(f">{moref}</entity>" in metric for moref in morefs)]
        return answer("QueryPerf", "".join(metric + "</returnval>" for metric in kept))

    def metric_of(self, moref):
        """The parsed metric of an entity."""
        for metric in ET.fromstring(self.metrics.encode()).iter(f"{VIM}returnval"):
            if metric.findtext(f"{VIM}entity") == moref:
                return metric
        raise KeyError(moref)

    def names(self):
        """The counters' names by id."""
        infos = ET.fromstring(self.catalogue.encode()).iter(f"{VIM}PerfCounterInfo")
        return {info.findtext(f"{VIM}key"): ".".join((
            info.findtext(f"{VIM}groupInfo/{VIM}key"), info.findtext(f"{VIM}nameInfo/{VIM}key"),
            info.findtext(f"{VIM}rollupType"))) for info in infos}

    def units(self):
        """The counters' units by name."""
        infos = ET.fromstring(self.catalogue.encode()).iter(f"{VIM}PerfCounterInfo")
        names = self.names()
        return {names[info.findtext(f"{VIM}key")]: info.findtext(f"{VIM}unitInfo/{VIM}key")
                for info in infos}

    def rows(self):
        """All samples: {(moref, counter, instance, time, value)}, by ElementTree."""
        names, rows = self.names(), set()
        for metric in ET.fromstring(self.metrics.encode()).iter(f"{VIM}returnval"):
            moref = metric.findtext(f"{VIM}entity")
            times = metric.findtext(f"{VIM}sampleInfoCSV").split(",")[1::2]
            for series in metric.findall(f"{VIM}value"):
                counter = names[series.findtext(f"{VIM}id/{VIM}counterId")]
                instance = series.findtext(f"{VIM}id/{VIM}instance") or ""
                values = series.findtext(f"{VIM}value").split(",")
                assert len(values) == len(times)
                rows |= {(moref, counter, instance, time, value)
                         for time, value in zip(times, values) if value not in ("-1", "")}
        return rows


def vcenter9():
    """vCenter 9.0.1: catalogue and one guest, 180 samples."""
    metrics = read("vc9rt.QueryPerf.1.xml")
    return World("vc9rt", read("vc9rt.RetrievePropertiesEx.1.xml"), metrics,
                 [("VirtualMachine", "vm-1085", "caf\u00e9 & <co>")], "2026-05-05T19:40:50Z")


def all_counters(value):
    """vCenter 9.0.1, whose guest has one sample of each counter of the catalogue."""
    world = vcenter9()
    (kind, moref, _), = world.entities
    time = "2026-05-05T19:40:40Z"
    series = "".join(f"<value><id><counterId>{key}</counterId><instance></instance></id>"
                     f"<value>{value}</value></value>" for key in world.names())
    world.metrics = answer("QueryPerf", returnval(
        f'<entity type="{kind}">{moref}</entity><sampleInfoCSV>20,{time}</sampleInfoCSV>{series}',
        ' xsi:type="PerfEntityMetricCSV"'))
    return world


def table(path):
    """The rows of a table with tabs."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


def catalogue_of(name):
    """A catalogue as an answer, from the table that it was put into."""
    infos = []
    for row in table(FOLDER.parent / name):
        group, counter, rollup = re.fullmatch(r"(\w+)\.(.+)\.(\w+)", row["name"]).groups()
        infos.append(
            f"<PerfCounterInfo><key>{row['key']}</key><nameInfo><label>{escape(row['label'])}"
            f"</label><summary>{escape(row['summary'])}</summary><key>{counter}</key></nameInfo>"
            f"<groupInfo><label/><summary/><key>{group}</key></groupInfo><unitInfo><label/>"
            f"<summary/><key>{row['unit']}</key></unitInfo><rollupType>{rollup}</rollupType>"
            f"<statsType>{row['stats']}</statsType><level>{row['level']}</level>"
            f"<perDeviceLevel>{row['per_device_level']}</perDeviceLevel></PerfCounterInfo>")
    return answer("RetrievePropertiesEx", returnval(
        '<objects><obj type="PerformanceManager">PerfMgr</obj><propSet><name>perfCounter</name>'
        f'<val xsi:type="ArrayOfPerfCounterInfo">{"".join(infos)}</val></propSet></objects>'))


def from_values(recording, catalogue):
    """A server whose values were recorded, but not the answers that held them."""
    first = datetime.datetime(2026, 5, 5, 18, 0)
    entities, metrics = [], []
    rows = table(FOLDER / f"{recording}.values.tsv")
    for kind, moref in (("HostSystem", "host-1"), ("VirtualMachine", "vm-1")):
        mine = [row for row in rows if row["entity_type"] == kind]
        samples = max(len(row["values"].split(",")) for row in mine)
        times = [f"{first + datetime.timedelta(seconds=20 * i):%Y-%m-%dT%H:%M:%SZ}"
                 for i in range(samples)]
        series = "".join(
            f"<value><id><counterId>{row['counter_id']}</counterId><instance></instance></id>"
            f"<value>{row['values']}</value></value>" for row in mine)
        entities.append((kind, moref, moref))
        metrics.append(f'<entity type="{kind}">{moref}</entity><sampleInfoCSV>'
                       + ",".join(f"20,{time}" for time in times) + f"</sampleInfoCSV>{series}")
    content = "".join(returnval(metric, ' xsi:type="PerfEntityMetricCSV"') for metric in metrics)
    return World("vc60", catalogue_of(catalogue), answer("QueryPerf", content), entities,
                 times[-1])


# How a mutation has to be sent: none of it changes what is said.
PLAIN = types.SimpleNamespace(chunk=0, gzip=False, charset="utf-8")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one call after the other."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Nobody reads it."""

    def do_POST(self):
        """An operation of the vSphere API."""
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        operation = re.search(r"<[\w-]*:?Body>\s*<(?:\w+:)?(\w+)", request).group(1)
        text = self.server.world.find(operation, request)
        self.server.operations.append(operation)
        if text is None:
            self.send(500, FAULT.encode(), PLAIN)
            return
        status = 500 if "<soapenv:Fault>" in text else 200
        self.send(status, self.server.mutate(text), self.server.delivery)

    def send(self, status, body, delivery):
        """Send a body as the delivery says."""
        if delivery.gzip:
            body = gzip.compress(body, 1)
        self.send_response(status)
        self.send_header("Content-Type", f"text/xml; charset={delivery.charset}")
        if delivery.gzip:
            self.send_header("Content-Encoding", "gzip")
        if delivery.chunk:
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [body[i:i + delivery.chunk] for i in range(0, len(body), delivery.chunk)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
            body += b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


FAULT = ENVELOPE.format(name="x", content="").split("<x")[0] + (
    "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>none</faultstring><detail>"
    '<NotSupportedFault xmlns="urn:vim25" xsi:type="NotSupported"/></detail></soapenv:Fault>'
    "</soapenv:Body></soapenv:Envelope>")


class Server(http.server.ThreadingHTTPServer):
    """A world behind TLS, as a Peer takes it."""

    daemon_threads = True

    def __init__(self, world, certificate):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.operations = world, []
        self.mutate, self.delivery = str.encode, PLAIN
        self.port = self.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate["cert"], certificate["key"])
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A client that leaves is none."""

    def stop(self):
        """End it."""
        self.shutdown()
        self.server_close()


def start(world, certificates):
    """Serve a world; the caller ends it with peer.server.stop()."""
    return harness.Peer(Server(world, certificates["good"]), certificates["ca"]["cert"])
