# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Whom vperf trusts, and that a server it does not trust learns nothing: a refused certificate
ends the handshake, before any byte of HTTP and any credential."""

import contextlib
import os
import pathlib
import shutil
import signal

import badserver
import certs as certificates
import flood
import pytest
from harness import USER, await_true, files_in, finish

WIRE = pathlib.Path(__file__).resolve().parent.parent / "data" / "wire"

ONE_COUNTER = ["collect", "--counter", "cpu.usage.average"]


@pytest.fixture(scope="module")
def servers(shared_vcsim):
    """Start a simulator with one of the certificates, once."""
    running = {}

    def with_certificate(name):
        if name not in running:
            running[name] = shared_vcsim("-mode", "real", "-vm", "1", cert=name)
        return running[name]
    return with_certificate


def check_accepted(done):
    """Data came and nothing is said but the summary."""
    assert done.status == 0, done
    assert done.rows and len(done.messages) == 1, done


@pytest.fixture
def check_refused(vperf, start_badserver, tmp_path):
    """Run against a server that logs what it is sent: it gets no application byte."""
    def check(certificate, options, *texts, env=None):
        bad = start_badserver("html", cert=certificate)
        done = vperf.run("collect", "--output", tmp_path / "all.csv", *options(bad), bad.target(),
                         env=env and env(bad))
        assert (done.status, done.out, files_in(tmp_path)) == (1, "", []), done
        assert len(done.messages) == 1 and bad.label in done.messages[0], done
        for text in texts:
            assert text in done.messages[0], done
        log = bad.server.log_file
        await_true(lambda: bad.server.events("close"), "the server's account of the connection")
        seen = badserver.summary(log)
        assert seen["connections"] == 1, seen
        assert (seen["handshakes"], seen["application"], seen["credential"]) == (0, False, False)
        assert seen["requests"] == []
    return check


def test_a_trusted_server_gets_the_credentials(vperf, start_badserver, tmp_path):
    """The counterpart: the same log does tell when a credential comes."""
    shutil.copy(WIRE / "service_content.xml", tmp_path / "RetrieveServiceContent.xml")
    bad = start_badserver("replay", "--answers", tmp_path)
    assert vperf.run("collect", *bad.arguments).status == 1
    seen = badserver.summary(bad.server.log_file)
    assert seen["credential"] and seen["application"] and seen["requests"][-1] == "Login", seen
    cookies = [one["cookies"] for one in bad.server.events("request")]
    assert cookies[0] == [] and cookies[-1] == ["balancer=node.7"], cookies


def ca_of(certs, name="ca"):
    """The option that trusts one certificate authority."""
    return lambda _: ["--ca-file", certs[name]["cert"]]


def nothing(_):
    """No option about trust."""
    return []


REFUSED = [("self-signed", ["does not vouch", "self-signed certificate", "ca.pem"]),
           ("wrong-name", ["is for other.example.com, 192.0.2.1, not for this host"]),
           ("weak", ["too weak", "have a stronger one made"]),
           ("expired", ["has expired on 2020-02-01", "clock"]),
           ("too-early", ["is not valid before 2048-01-01", "clock"])]


@pytest.mark.parametrize("certificate, reasons", REFUSED)
def test_refused_certificates(check_refused, certs, certificate, reasons):
    """Self-signed, for another host, expired, not yet valid: one line with the reason, what to do
    about just that, and the thumbprint that the server shows."""
    check_refused(certificate, ca_of(certs), *reasons,
                  "--thumbprint " + certs[certificate]["sha256"])


def test_wrong_host_name(vperf, servers, certs):
    """A name, rather than an address, that the certificate does not have."""
    server = servers("wrong-name")
    done = vperf.run("collect", "--ca-file", server.ca_file, server.target(host="localhost"))
    assert done.status == 1, done
    assert "is for other.example.com" in done.err and "--ca-file" not in done.err
    assert f"localhost:{server.server.port}" in done.err


def test_unknown_authority(check_refused):
    """Without any option the system's authorities decide: a private one is refused."""
    check_refused("good", nothing, "not trusted", "local issuer", "--ca-file", "--thumbprint")


def test_system_authorities(vperf, servers, certs):
    """Without any option a certificate that the system trusts is good."""
    server = servers("good")
    check_accepted(vperf.run(*ONE_COUNTER, server.target(),
                             env={"SSL_CERT_FILE": certs["ca"]["cert"]}))


@pytest.mark.parametrize("trust", ["directory", "insecure", "thumbprint", "ca-file"])
def test_bundle_is_left_alone(vperf, servers, certs, tmp_path, trust):
    """The system's bundle, which is slow to read, is not opened when it is not needed: here it is
    a pipe that nobody writes to, and whoever opens it waits for ever."""
    server = servers("good")
    options = {"directory": [], "insecure": ["--insecure"], "ca-file": ["--ca-file", server.ca_file],
               "thumbprint": ["--thumbprint", certs["good"]["sha256"]]}
    os.mkfifo(tmp_path / "bundle.pem")
    environment = {"SSL_CERT_FILE": str(tmp_path / "bundle.pem")}
    if trust == "directory":
        environment["SSL_CERT_DIR"] = certificates.hashed(tmp_path / "authorities", certs["ca"]["cert"])
    check_accepted(vperf.run(*ONE_COUNTER, *options[trust], server.target(), env=environment))


def test_ca_file(vperf, servers):
    """--ca-file makes the host's address and its name good."""
    server = servers("good")
    for host in ("127.0.0.1", "localhost"):
        check_accepted(vperf.run(*ONE_COUNTER, "--ca-file", server.ca_file,
                                 server.target(host=host)))


def test_self_signed_as_its_own_authority(vperf, servers, certs):
    """--ca-file with the server's own self-signed certificate, as people copy it from ESXi."""
    server = servers("self-signed")
    check_accepted(vperf.run(*ONE_COUNTER, "--ca-file", certs["self-signed"]["cert"],
                             server.target()))


def test_ca_file_is_the_only_authority(check_refused, certs):
    """--ca-file with another certificate: the system's authorities no longer count."""
    check_refused("good", ca_of(certs, "self-signed"), certs["self-signed"]["cert"],
                  env=lambda _: {"SSL_CERT_FILE": certs["ca"]["cert"]})


@pytest.mark.parametrize("text", [None, "", "no certificate\n",
                                  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_unusable_ca_file(vperf, servers, tmp_path, text):
    """A CA file that is missing, empty or no PEM is a usage error that names it."""
    name = tmp_path / "authority.pem"
    if text is not None:
        name.write_text(text)
    done = vperf.run("collect", "--ca-file", name, servers("good").target())
    assert (done.status, len(done.messages)) == (2, 1), done
    assert str(name) in done.err


WRITTEN = [str, str.lower, lambda text: text.replace(":", ""),
           lambda text: text.replace(":", "").lower()]


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
@pytest.mark.parametrize("form", WRITTEN, ids=["AA:BB", "aa:bb", "AABB", "aabb"])
def test_right_pin(vperf, servers, certs, digest, form):
    """--thumbprint with and without colons, in either case."""
    pin = form(certs["self-signed"][digest])
    check_accepted(vperf.run(*ONE_COUNTER, "--thumbprint", pin, servers("self-signed").target()))


@pytest.mark.parametrize("certificate", ["expired", "wrong-name", "weak", "good"])
def test_right_pin_of_another_kind(vperf, servers, certs, certificate):
    """--thumbprint trusts exactly that certificate, whatever else is wrong with it."""
    check_accepted(vperf.run(*ONE_COUNTER, "--thumbprint", certs[certificate]["sha256"],
                             servers(certificate).target()))


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
def test_wrong_pin(check_refused, certs, digest):
    """Another certificate's thumbprint, or one digit wrong: refused though a CA vouches for the
    server."""
    right = certs["good"][digest]
    for wrong in (certs["expired"][digest], right[:-1] + ("0" if right[-1] != "0" else "1"),
                  ("0" if right[0] != "0" else "1") + right[1:]):
        check_refused("good", lambda _, pin=wrong: ["--thumbprint", pin], "--thumbprint",
                      certs["good"]["sha256"],
                      env=lambda _: {"SSL_CERT_FILE": certs["ca"]["cert"]})


def test_pin_with_ca_file(check_refused, certs):
    """--ca-file does not soften --thumbprint."""
    check_refused("good", lambda _: ["--thumbprint", certs["expired"]["sha256"], "--ca-file",
                                     certs["ca"]["cert"]], certs["good"]["sha256"])


@pytest.mark.parametrize("pin", ["", "AA:BB", "Z" * 64, "A" * 63, "A" * 128, "sha256:" + "A" * 64])
def test_malformed_pin(vperf, servers, pin):
    """A thumbprint that is none is a usage error that says what one looks like."""
    done = vperf.run("collect", "--thumbprint", pin, servers("self-signed").target())
    assert (done.status, len(done.messages)) == (2, 1), done
    assert "--thumbprint" in done.err and "64 hex digits" in done.err


@pytest.mark.parametrize("certificate", ["self-signed", "expired", "wrong-name"])
def test_insecure(vperf, servers, certificate):
    """--insecure and its short form -k take any certificate."""
    for option in ("--insecure", "-k"):
        check_accepted(vperf.run(*ONE_COUNTER, option, servers(certificate).target()))


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "True", "t"])
def test_govc_insecure(vperf, servers, value):
    """GOVC_INSECURE does what it does for govc."""
    check_accepted(vperf.run(*ONE_COUNTER, servers("self-signed").target(),
                             env={"GOVC_INSECURE": value}))


@pytest.mark.parametrize("value", ["0", "false", "", "no"])
def test_govc_insecure_off(check_refused, value):
    """A GOVC_INSECURE that does not say yes leaves verification on."""
    check_refused("self-signed", nothing, "not trusted", env=lambda _: {"GOVC_INSECURE": value})


def test_govc_insecure_yields_to_the_command_line(check_refused, certs):
    """A pin or CA on the command line is meant, GOVC_INSECURE in some profile is not."""
    insecure = {"GOVC_INSECURE": "1"}
    check_refused("good", lambda _: ["--thumbprint", certs["expired"]["sha256"]],
                  env=lambda _: insecure)


def test_ca_file_overrules_govc_insecure(check_refused, certs):
    """The same for --ca-file."""
    check_refused("self-signed", ca_of(certs), env=lambda _: {"GOVC_INSECURE": "1"})


def test_govc_ca_certs(vperf, servers, certs):
    """GOVC_TLS_CA_CERTS is a list with colons."""
    both = certs["self-signed"]["cert"] + ":" + certs["ca"]["cert"]
    for value in (certs["ca"]["cert"], both):
        check_accepted(vperf.run(*ONE_COUNTER, servers("good").target(),
                                 env={"GOVC_TLS_CA_CERTS": value}))


def known_hosts(directory, *lines):
    """A GOVC_TLS_KNOWN_HOSTS file."""
    name = directory / "known_hosts"
    name.write_text("".join(line + "\n" for line in lines))
    return str(name)


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
def test_known_host(vperf, servers, certs, tmp_path, digest):
    """GOVC_TLS_KNOWN_HOSTS with the server's thumbprint, among others."""
    server = servers("self-signed")
    name = known_hosts(tmp_path, "# hosts", "", "other.example.com " + certs["good"][digest],
                       f"{server.label} {certs['self-signed'][digest]}")
    check_accepted(vperf.run(*ONE_COUNTER, server.target(), env={"GOVC_TLS_KNOWN_HOSTS": name}))


def test_known_hosts_in_a_list(vperf, servers, certs, tmp_path):
    """The variable is a list with colons; a file that is not there is passed over."""
    server = servers("self-signed")
    name = known_hosts(tmp_path, f"{server.label} {certs['self-signed']['sha256']}")
    check_accepted(vperf.run(*ONE_COUNTER, server.target(),
                             env={"GOVC_TLS_KNOWN_HOSTS": f"{tmp_path}/missing:{name}"}))


def test_known_host_with_another_certificate(check_refused, certs, tmp_path):
    """A host that shows another certificate than it used to."""
    check_refused("self-signed", nothing, "GOVC_TLS_KNOWN_HOSTS", certs["self-signed"]["sha256"],
                  env=lambda bad: {"GOVC_TLS_KNOWN_HOSTS": known_hosts(
                      tmp_path.parent, f"{bad.label} {certs['good']['sha256']}")})


def test_host_that_is_not_known(check_refused, certs, tmp_path):
    """A host that the file does not list is judged as if there were no file."""
    check_refused("self-signed", nothing, "not trusted",
                  env=lambda bad: {"GOVC_TLS_KNOWN_HOSTS": known_hosts(
                      tmp_path.parent, f"127.0.0.1 {certs['self-signed']['sha256']}")})


@pytest.mark.parametrize("command", ["counters", "inventory"])
def test_other_commands_verify_too(vperf, start_badserver, command, certs):
    """Trust is the same for every command."""
    bad = start_badserver("html", cert="self-signed")
    done = vperf.run(command, *bad.arguments)
    assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
    assert certs["self-signed"]["sha256"] in done.err
    assert not badserver.summary(bad.server.log_file)["application"]


def test_one_untrusted_of_two(vperf, servers):
    """One target's certificate is refused; the other's data comes all the same."""
    good, bad = servers("good"), servers("self-signed")
    done = vperf.run(*ONE_COUNTER, *good.arguments, bad.target())
    assert done.status == 3, done
    assert {row["source"] for row in done.rows} == {good.label}
    assert [bad.label in line for line in done.messages].count(True) == 1


FLOODS = pytest.mark.parametrize("send", [flood.send_ticket, flood.send_key_update])


@FLOODS
def test_a_flood_does_not_outlast_the_time_limit(vperf, certs, send):
    """Records without data are no answer, however many come."""
    with contextlib.closing(flood.Server(certs["good"], send)) as server:
        done = vperf.run("inventory", "--ca-file", certs["ca"]["cert"], "--timeout", "1",
                         f"https://{USER}@127.0.0.1:{server.port}/sdk")
        assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
        assert server.flooding.is_set(), done
        assert f"127.0.0.1:{server.port}: no answer to RetrieveServiceContent" in done.err, done


@FLOODS
def test_a_flood_does_not_hold_up_signals(vperf, certs, send):
    """Ctrl-C ends it."""
    with contextlib.closing(flood.Server(certs["good"], send)) as server:
        process = vperf.start("inventory", "--ca-file", certs["ca"]["cert"], "--timeout", "3600",
                              f"https://{USER}@127.0.0.1:{server.port}/sdk")
        await_true(server.flooding.is_set, "the flood")
        process.send_signal(signal.SIGINT)
        assert finish(process).status == 130
