# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Tags of a vCenter: what urllib finds by the other direction, of each entity, is what vperf shows;
what the requests cost; and what goes wrong with the REST API alone."""

import base64
import collections
import json
import os
import signal
import ssl
import urllib.request

import pytest
from follow import Server
from harness import PASSWORD, USER, finish
from test_secrets import copies

SESSION = "POST /rest/com/vmware/cis/session"
TAGS = "GET /rest/com/vmware/cis/tagging/tag"
ATTACHED = "POST /rest/com/vmware/cis/tagging/tag-association"
CATEGORY = "GET /rest/com/vmware/cis/tagging/category"
LOGOUT = "DELETE /rest/com/vmware/cis/session"

REAL = ("-mode", "real", "-model", "vpx", "-host", "2", "-vm", "4", "-tags", "6")

TYPES = {"vm": "VirtualMachine", "host": "HostSystem"}


class Rest:
    """The REST API, as vSphere 6.5 has it."""

    def __init__(self, peer):
        self.url = peer.target().removesuffix("/sdk").replace(f"{USER}@", "")
        self.context = ssl.create_default_context(cafile=peer.ca_file)
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.header = {"Authorization": f"Basic {basic}"}
        self.header = {"vmware-api-session-id": self("session", {})}

    def __call__(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/rest/com/vmware/cis/{path}", data,
                                         {**self.header, "Content-Type": "application/json"})
        with urllib.request.urlopen(request, context=self.context, timeout=30) as answer:
            return json.loads(answer.read() or "{}").get("value")

    def name(self, tag):
        """category:name of a tag."""
        found = self(f"tagging/tag/id:{tag}")
        category = self(f"tagging/category/id:{found['category_id']}")
        return f"{category['name']}:{found['name']}"

    def tags(self, rows):
        """The tags of the entities of an inventory: {id: text}."""
        objects = [{"type": TYPES[row["type"]], "id": row["id"]} for row in rows]
        found = self("tagging/tag-association?~action=list-attached-tags-on-objects",
                     {"object_ids": objects})
        return {one["object_id"]["id"]: "; ".join(sorted(map(self.name, one["tag_ids"] or []),
                                                         key=str.encode))
                for one in found}


@pytest.fixture(scope="module")
def tagged(shared_vcsim):
    """A vCenter with six tags of four categories."""
    return shared_vcsim(*REAL)


def inventory(vperf, peer, *arguments, **how):
    """Run inventory --attributes."""
    return vperf.run("inventory", "--attributes", *arguments, *peer.arguments, **how)


def test_tags_are_those_of_the_server(vperf, tagged):
    """Each entity has what the server says of it, in order, whatever the names hold; nothing else
    of the inventory changes."""
    done = inventory(vperf, tagged)
    assert (done.status, done.messages) == (0, []), done
    expected = Rest(tagged).tags(done.rows)
    assert {row["id"]: row["tags"] for row in done.rows} == expected
    text = "".join(expected.values())
    assert all(part in text for part in ('"', "; <best>", "層:東京", "env:site:a:b", "&"))
    plain = vperf.run("inventory", *tagged.arguments)
    assert [{**row, "attributes": "", "tags": expected[row["id"]]} for row in plain.rows] == done.rows


def test_tags_of_stock_vcsim(vperf, shared_vcsim):
    """The same of govmomi's simulator as it is, whose tags a client makes; without any, none."""
    peer = shared_vcsim("-mode", "plain", "-model", "vpx", "-vm", "2", "-host", "1")
    assert {row["tags"] for row in inventory(vperf, peer).rows} == {""}
    rest = Rest(peer)
    category = rest("tagging/category", {"create_spec": {
        "name": "a;b", "cardinality": "SINGLE", "associable_types": [], "description": ""}})
    tag = rest("tagging/tag", {"create_spec": {"name": "c", "category_id": category,
                                               "description": ""}})
    vm = inventory(vperf, peer, "--type", "vm").rows[1]["id"]
    rest(f"tagging/tag-association/id:{tag}?~action=attach",
         {"object_id": {"type": "VirtualMachine", "id": vm}})
    assert {row["id"]: row["tags"] for row in inventory(vperf, peer).rows if row["tags"]} == {
        vm: "a;b:c"}


def test_esxi_has_no_tags(vperf, esx):
    """A host is not asked for them."""
    before = len(esx.methods())
    done = inventory(vperf, esx)
    assert done.status == 0 and {row["tags"] for row in done.rows} == {""}, done
    assert not [method for method in esx.methods()[before:] if " " in method]


def requests_of(peer, before=0):
    """How often each resource of the REST API was asked."""
    return collections.Counter(method.split("/id:")[0] for method in peer.methods()[before:]
                               if " " in method)


def test_requests(vperf, tagged):
    """One login, two questions for all tags, one for each tag and category, one logout."""
    before = len(tagged.methods())
    assert inventory(vperf, tagged).status == 0
    # The list and the six tags are one resource.
    assert requests_of(tagged, before) == {SESSION: 1, TAGS: 1 + 6, ATTACHED: 1, CATEGORY: 4,
                                           LOGOUT: 1}
    assert tagged.methods()[-2:] == [LOGOUT, "Logout"]
    before = len(tagged.methods())
    assert vperf.run("inventory", *tagged.arguments).status == 0
    assert not requests_of(tagged, before)


def test_newer_form(vperf, start_vcsim, tagged):
    """A server that has the form of vSphere 7 and later alone is asked in it."""
    peer = start_vcsim(*REAL, "-rest", "api")
    done = inventory(vperf, peer)
    assert done.status == 0, done
    assert sorted(row["tags"] for row in done.rows) == sorted(
        row["tags"] for row in inventory(vperf, tagged).rows)
    assert requests_of(peer)["DELETE /api/session"] == 1


def test_with_tags(vperf, tagged, tmp_path):
    """collect has them as a column, and in line protocol as a tag of each point."""
    expected = {row["id"]: row["tags"] for row in inventory(vperf, tagged).rows}
    lines = tmp_path / "x.lp"
    done = vperf.run("collect", "--counter", "cpu.usage.average", "--with", "tags", "--output", "-",
                     "--output", lines, *tagged.arguments)
    assert done.status == 0, done
    assert {row["id"]: row["tags"] for row in done.rows} == expected
    assert "tags=env:site:a:b;\\ owner:alice\\ &\\ bob" in lines.read_text()


# What happens at the n-th login of a server, and what is said of it.
REFUSED = [("401", "HTTP status 401: check that the account may log in"),
           ("403", "HTTP status 403: give the account the right to read tags"),
           ("404", "HTTP status 404: vCenter 6.5 and later"),
           ("500", "HTTP status 500: check the vCenter's log"),
           ("503", "HTTP status 503: check the vCenter's service vmware-vapi-endpoint"),
           ("junk", "the answer to REST session is not the JSON that was expected")]

# The same for what is asked after it.
LATER = [(TAGS, "1:403", "REST tagging/tag: HTTP status 403"),
         (TAGS, "2:junk", "the answer to REST tagging/tag is not the JSON"),
         (ATTACHED, "1:500", "REST tagging/tag-association: HTTP status 500"),
         (ATTACHED, "2:junk", "the answer to REST tagging/tag-association is not the JSON")]


def check_lacking(done, plain, peer, words):
    """One line tells what is missing, of which server, and why; the rest is there."""
    assert done.status == 3, done
    assert [line for line in done.messages if "tags cannot be read: " in line] == done.messages
    assert len(done.messages) == 1 and words in done.err and peer.label in done.err, done
    rows = [{name: row[name] for name in plain.rows[0]} for row in done.rows]
    assert rows == plain.rows and {row["tags"] for row in done.rows} == {""}


def test_failures(vperf, start_vcsim):
    """Whatever goes wrong with the REST API: the inventory comes, one line says what lacks, and the
    password is tried once."""
    later = [f"{method}:{what}" for method, what, _ in LATER]
    first = [f"{SESSION}:{n}:{kind}" for n, (kind, _) in enumerate(REFUSED, 1)]
    peer = start_vcsim(*REAL, "-rest", "rest", "-accident", ",".join(first + later))
    plain = vperf.run("inventory", *peer.arguments)
    for _, words in REFUSED:
        before = len(peer.methods())
        check_lacking(inventory(vperf, peer), plain, peer, words)
        assert requests_of(peer, before)[SESSION] == 1
    for _, _, words in LATER:
        before = len(peer.methods())
        check_lacking(inventory(vperf, peer), plain, peer, words)
        assert requests_of(peer, before)[LOGOUT] == 1
    assert inventory(vperf, peer).status == 0


def test_failure_of_collect(vperf, start_vcsim):
    """The same with collect; and what a connection that breaks, or a tag that is deleted between
    two questions, costs is nothing."""
    peer = start_vcsim(*REAL, "-accident", f"{SESSION}:1:403,{TAGS}:2:truncate,{ATTACHED}:2:404")
    arguments = ["collect", "--counter", "cpu.usage.average", "--with", "tags", *peer.arguments]
    done = vperf.run(*arguments)
    assert done.status == 3 and {row["tags"] for row in done.rows} == {""}, done
    assert done.err.count("tags cannot be read: REST session: HTTP status 403") == 1, done
    for _ in range(2):
        done = vperf.run(*arguments)
        assert done.status == 0 and {row["tags"] for row in done.rows} - {""}, done


def test_hanging(vperf, start_vcsim):
    """--timeout bounds a REST API that hangs; Ctrl-C ends it, and logs out twice."""
    peer = start_vcsim(*REAL, "-accident", f"{TAGS}:1-2:hang")
    done = inventory(vperf, peer, "--timeout", "1")
    assert done.status == 3 and "no answer to REST tagging/tag within 1 s" in done.err, done
    before = len(peer.methods())
    process = vperf.start("inventory", "--attributes", "--ca-file", peer.ca_file,
                          peer.target(password=PASSWORD), env={"VPERF_PASSWORD": None})
    peer.await_request(TAGS, 2)
    if os.geteuid() == 0 and not vperf.is_sanitized():
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        assert len(copies(process, PASSWORD)) == 1 and not copies(process, basic)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.status, done.out) == (130, ""), done
    assert requests_of(peer, before)[LOGOUT] == 1 and peer.methods()[-1] == "Logout"


def test_verbose_shows_no_secret(vperf, tagged):
    """Neither the password nor what stands for it."""
    done = inventory(vperf, tagged, "--verbose")
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert "REST session: ok" in done.err and basic[:-2] not in done.err, done


def test_follow_and_record(vperf, start_vcsim, tmp_path):
    """A run that lasts logs in once, and again when the login has ended, learns names once, and sees
    a tag that is attached later; a history keeps them, and is asked as the server is."""
    server = Server(start_vcsim(*REAL, "-control", "-speed", "60", "-accident", f"{TAGS}:4:401"), 60)
    peer, file = server.peer, tmp_path / "tags.db"
    rest = Rest(peer)
    tag = next(one for one in rest("tagging/tag") if rest.name(one).endswith('"gold"; <best>'))
    before = len(peer.methods())
    process = vperf.start("record", "--attributes", "--counter", "cpu.usage.average", "--output",
                          file, *peer.arguments)
    peer.await_request(ATTACHED, 2)
    vm = vperf.run("inventory", "--type", "vm", "--name", "*_VM0", *peer.arguments).rows[0]["id"]
    rest(f"tagging/tag-association/id:{tag}?~action=attach",
         {"object_id": {"type": "VirtualMachine", "id": vm}})
    seen = peer.methods().count(ATTACHED)
    peer.await_request(ATTACHED, seen + 3)
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.status == 130, done
    made = requests_of(peer, before)
    assert (made[LOGOUT], made[SESSION], made[CATEGORY]) == (1, 2, 4), made
    assert "tags" not in done.err, done
    kept = vperf.run("inventory", "--attributes", file)
    expected = rest.tags(kept.rows)
    assert kept.status == 0 and {row["id"]: row["tags"] for row in kept.rows} == expected, kept
    assert '"gold"; <best>' in expected[vm]


def test_a_failure_during_a_run(vperf, start_vcsim, tmp_path):
    """Entities keep the tags that are known, the trouble is told once, and the next attempt waits."""
    server = Server(start_vcsim(*REAL, "-control", "-speed", "60", "-accident",
                                f"{ATTACHED}:2:500"), 60)
    peer, file = server.peer, tmp_path / "tags.db"
    process = vperf.start("record", "--attributes", "--counter", "cpu.usage.average", "--output",
                          file, *peer.arguments)
    peer.await_request(ATTACHED, 2)
    seen = peer.methods().count("RetrievePropertiesEx")
    peer.await_request("RetrievePropertiesEx", seen + 4)
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.status == 130 and done.err.count("tags cannot be read: ") == 1, done
    assert requests_of(peer)[ATTACHED] == 2
    kept = vperf.run("inventory", "--attributes", file)
    assert {row["id"]: row["tags"] for row in kept.rows} == Rest(peer).tags(kept.rows), kept
