# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Real mode's answers have, to the byte, the form of those that real servers gave: the form that
vperf's fastest readers are made for. Plain mode's have that of stock vcsim."""

import re
import urllib.error
import urllib.request

import pytest

import launch
import recorded

QUERY = ('<QueryPerf xmlns="urn:vim25"><_this type="PerformanceManager">{manager}</_this><querySpec>'
         '<entity type="VirtualMachine">{guest}</entity><maxSample>3</maxSample>'
         '<intervalId>20</intervalId><format>csv</format></querySpec></QueryPerf>')
PROPERTIES = ('<RetrievePropertiesEx xmlns="urn:vim25">'
              '<_this type="PropertyCollector">{collector}</_this><specSet><propSet>'
              '<type>{kind}</type>{paths}</propSet><objectSet><obj type="{kind}">{object}</obj>'
              '</objectSet></specSet><options/></RetrievePropertiesEx>')


class Client:
    """Requests as they are written, and answers as they come."""

    def __init__(self, server):
        self.url, self.cookie = server.url, ""
        content = self.call('<RetrieveServiceContent xmlns="urn:vim25"><_this type='
                            '"ServiceInstance">ServiceInstance</_this></RetrieveServiceContent>')
        self.names = {name: re.search(f"<{name} [^>]*>([^<]*)", content).group(1)
                      for name in ("propertyCollector", "perfManager", "sessionManager")}
        self.call(f'<Login xmlns="urn:vim25"><_this type="SessionManager">'
                  f'{self.names["sessionManager"]}</_this><userName>user</userName>'
                  '<password>pass</password></Login>')

    def call(self, request):
        """The answer, that of a fault as well."""
        headers = {"SOAPAction": "urn:vim25/6.5", "Cookie": self.cookie}
        body = recorded.ENVELOPE.replace("<{name}Response xmlns=\"urn:vim25\">{content}"
                                         "</{name}Response>", request)
        try:
            answer = urllib.request.urlopen(
                urllib.request.Request(self.url, body.encode(), headers), timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            self.cookie = answer.headers.get("Set-Cookie", self.cookie).split(";")[0]
            return answer.read().decode()

    def properties(self, kind, identifier, *paths):
        return self.call(PROPERTIES.format(
            collector=self.names["propertyCollector"], kind=kind, object=identifier,
            paths="".join(f"<pathSet>{path}</pathSet>" for path in paths)))

    def guest(self):
        """The id of a guest of the only host."""
        return re.search('type="VirtualMachine"[^>]*>([^<]*)',
                         self.properties("HostSystem", "ha-host", "vm")).group(1)


@pytest.fixture(scope="module")
def client(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-http") as server:
        yield Client(server)


def content_of(answer):
    """What stands in the envelope, which is that of real servers."""
    begin, end = recorded.ENVELOPE.split("<{name}Response xmlns=\"urn:vim25\">{content}"
                                         "</{name}Response>")
    assert answer.startswith(begin) and answer.endswith(end)
    return answer[len(begin):-len(end)]


def forms(pattern, answer):
    """The tags of all that matches, without what stands between them."""
    found = re.findall(pattern, answer)
    assert found
    return {re.sub(">[^<]*<", "><", one) for one in found}


def recording(name):
    if not recorded.FOLDER.is_dir():
        pytest.skip(f"no recorded answers in {recorded.FOLDER}")
    return recorded.read(name)


def test_values_of_an_object(client):
    answer = content_of(client.properties("VirtualMachine", client.guest(), "name",
                                          "config.hardware.numCPU", "runtime.host", "datastore"))
    values = dict(re.findall("<propSet><name>([^<]*)</name>(<val.*?)</propSet>", answer))
    assert values["name"].startswith('<val xsi:type="xsd:string">')
    assert values["config.hardware.numCPU"].startswith('<val xsi:type="xsd:int">')
    assert values["runtime.host"] == (
        '<val type="HostSystem" xsi:type="ManagedObjectReference">ha-host</val>')
    assert re.fullmatch('<val xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference '
                        'type="Datastore" xsi:type="ManagedObjectReference">[^<]*'
                        '</ManagedObjectReference></val>', values["datastore"])


def test_a_reference_is_written_as_in_the_recording(client):
    pattern = "<obj .*?</obj>|<val .*?</val>"
    real = recording("vc55unk.RetrievePropertiesEx.1.xml").replace("LicenseManager", "X")
    real = real.replace("LicenseAssignmentManager", "X")
    ours = content_of(client.properties("VirtualMachine", client.guest(), "runtime.host"))
    ours = re.sub('"(VirtualMachine|HostSystem)"', '"X"', ours)
    assert forms(pattern, ours) == forms(pattern, real)


def test_counters_are_written_as_in_the_recording(client):
    pattern = "<PerfCounterInfo.*?</statsType>"
    real = forms(pattern, recording("vc9rt.RetrievePropertiesEx.1.xml"))
    answer = content_of(client.properties("PerformanceManager", client.names["perfManager"],
                                          "perfCounter"))
    assert '<val xsi:type="ArrayOfPerfCounterInfo"><PerfCounterInfo ' in answer
    assert forms(pattern, answer) == real


def test_samples_are_written_as_in_the_recording(client):
    pattern = "^<QueryPerfResponse.*?</sampleInfoCSV>|<value><id>.*?</value></value>"
    real = content_of(recording("vc9rt.QueryPerf.1.xml"))
    answer = content_of(client.call(QUERY.format(manager=client.names["perfManager"],
                                                 guest=client.guest())))
    assert forms(pattern, answer) == forms(pattern, real)


def test_a_fault_is_written_as_in_the_recording(client):
    answer = client.call(f'<Login xmlns="urn:vim25"><_this type="SessionManager">'
                         f'{client.names["sessionManager"]}</_this><userName>user</userName>'
                         '<password>wrong</password></Login>')
    real = content_of(recording("vc60bad.Login.1.xml"))
    assert forms(".+", content_of(answer)) == forms(".+", real)


def test_plain_mode_stays_stock(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-http") as server:
        client = Client(server)
        answer = client.properties("VirtualMachine", client.guest(), "name")
    assert 'XMLSchema-instance:type="xsd:string"' in answer and "\n<soapenv:Body>" not in answer
