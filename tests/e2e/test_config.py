# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Targets from a configuration: three ESXi hosts with three certificates and three users at once,
where passwords come from, what is wrong in a file, and which targets a command line means."""

import csv
import io
import os
import pathlib
import signal

import pytest
from harness import PASSWORD, STANDING, finish, shows

# Certificates that no authority of this machine vouches for.
HOSTS = {"alpha": "good", "beta": "self-signed", "gamma": "wrong-name"}


def password_of(name):
    """Each host has a user and a password of its own."""
    return f"Geheim-{name}"


@pytest.fixture(scope="module")
def hosts(shared_vcsim):
    """Three ESXi hosts: {name: peer}."""
    return {name: shared_vcsim(*STANDING, "-model", "esx", "-vm", "2", "-username", f"user-{name}",
                               "-password", password_of(name), cert=cert)
            for name, cert in HOSTS.items()}


@pytest.fixture
def config(hosts, certs, tmp_path):
    """A configuration of the three, as people write it, whose passwords are in files beside it."""
    text = "# three hosts\n[defaults]\ntype = vm\nusername = nobody\n"
    for name, peer in hosts.items():
        secret = tmp_path / f"{name}.password"
        secret.write_text(password_of(name) + "\n")
        secret.chmod(0o600)
        text += (f"\n[target {name}]\nuri = {peer.url}\nusername = user-{name}\n"
                 f"password-file = {name}.password\nthumbprint = {certs[HOSTS[name]]['sha256']}\n")
    path = tmp_path / "vperf.conf"
    path.write_text(text)
    return path


def run(vperf, *arguments, env=None, **how):
    """Run without a password in the environment; none of the hosts' may be shown."""
    done = vperf.run(*arguments, env={"VPERF_PASSWORD": None, **(env or {})}, **how)
    for name in HOSTS:
        assert not shows(password_of(name), done.out + done.err), done
    return done


def sources(done):
    """The sources of the rows, in their order, each once."""
    return list(dict.fromkeys(row["source"] for row in csv.DictReader(io.StringIO(done.out))))


def test_three_hosts_at_once(vperf, hosts, config):
    """Each is reached with its own user, password and certificate; their rows come in order."""
    done = run(vperf, "collect", "--config", config)
    assert (done.status, len(done.messages)) == (0, 1), done
    assert sources(done) == [peer.label for peer in hosts.values()]
    assert {row["type"] for row in done.rows} == {"vm"}


def test_a_thumbprint_holds_for_its_target_alone(vperf, hosts, config, certs):
    """What is trusted of one host is not trusted of another; the others are collected."""
    text = config.read_text().replace(certs["self-signed"]["sha256"], certs["good"]["sha256"])
    config.write_text(text)
    done = run(vperf, "collect", "--config", config)
    assert done.status == 3, done
    assert sources(done) == [hosts["alpha"].label, hosts["gamma"].label]
    assert [line for line in done.messages if hosts["beta"].label in line], done


@pytest.mark.parametrize("command", ["counters", "inventory", "collect"])
@pytest.mark.parametrize("words, expected", [
    (["gamma", "alpha"], ["gamma", "alpha"]), (["*a"], list(HOSTS)), (["b*", "beta"], ["beta"])])
def test_words(vperf, hosts, config, command, words, expected):
    """Names and patterns of names choose targets, in the order of the command line."""
    how = ["--format", "csv"] if command != "collect" else []
    done = run(vperf, command, "--config", config, *how, *words)
    assert done.status == 0, done
    wanted = [hosts[name] for name in expected]
    if command == "counters":
        shown = list(dict.fromkeys(row["target"] for row in csv.DictReader(io.StringIO(done.out))))
        assert [text.split("@")[1] for text in shown] == [f"{peer.label}/sdk" for peer in wanted]
    else:
        assert sources(done) == [peer.label for peer in wanted]


def test_a_target_beside_names(vperf, hosts, config):
    """A URI is a target as without a configuration; what is alike for all goes for it too."""
    done = run(vperf, "inventory", "--config", config, "test:///default", "beta")
    assert done.status == 0, done
    assert len(sources(done)) == 2 and sources(done)[1] == hosts["beta"].label
    assert {row["type"] for row in csv.DictReader(io.StringIO(done.out))} == {"vm"}


def test_a_name_that_is_not_there(vperf, config):
    """It is told with the nearest one, before anybody is asked."""
    done = run(vperf, "collect", "--config", config, "bata")
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert "'bata'" in done.err and "nearest: beta" in done.err and str(config) in done.err


def test_own_selection(vperf, hosts, config):
    """A target's type, name, counter and instance are its own; a name that it lacks is told, as
    is a counter, and the others are collected."""
    text = config.read_text()
    text = text.replace("[target beta]", "[target beta]\ntype = host\ncounter = cpu.usage.average\n"
                                         "instance = aggregate")
    text = text.replace("[target gamma]", "[target gamma]\nname = *_VM1,none\ncounter = mem.*")
    config.write_text(text)
    done = run(vperf, "collect", "--config", config)
    assert done.status == 3, done
    assert any(hosts["gamma"].label in line and "'none'" in line for line in done.messages), done
    mine = {name: [row for row in done.rows if row["source"] == peer.label]
            for name, peer in hosts.items()}
    assert {(row["type"], row["counter"], row["instance"]) for row in mine["beta"]} == {
        ("host", "cpu.usage.average", "")}
    assert len({row["name"] for row in mine["gamma"]}) == 1
    assert {row["counter"].split(".")[0] for row in mine["gamma"]} == {"mem"}
    assert {"cpu", "net"} <= {row["counter"].split(".")[0] for row in mine["alpha"]}

    config.write_text(text.replace("mem.*", "mem.usge.average"))
    done = run(vperf, "collect", "--config", config, "alpha", "gamma")
    assert done.status == 3 and sources(done) == [hosts["alpha"].label], done
    assert "mem.usge.average" in done.err and "mem.usage.average" in done.err, done

    done = run(vperf, "collect", "--config", config, "--counter", "net.*", "--name", "*_VM0")
    assert {row["counter"].split(".")[0] for row in done.rows} == {"net"}, done


def test_own_interval(vperf, config):
    """Each target has its interval; the command line's goes before."""
    config.write_text("[target one]\nuri = test:///default\ninterval = 1\n")
    for options, expected in (([], "1"), (["--interval", "2"], "2")):
        done = run(vperf, "collect", "--config", config, *options)
        assert done.status == 0 and {row["interval"] for row in done.rows} == {expected}, done


def test_password_of_systemd(vperf, hosts, config, tmp_path):
    """Credentials of a service are found by the target's name."""
    lines = [line for line in config.read_text().splitlines() if "password-file" not in line]
    config.write_text("\n".join(lines))
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name in HOSTS:
        (folder / name).write_text(password_of(name))
    done = run(vperf, "inventory", "--config", config, env={"CREDENTIALS_DIRECTORY": str(folder)})
    assert done.status == 0 and len(sources(done)) == len(hosts), done


def test_password_in_the_file(vperf, hosts, config):
    """It is taken from a private file only, and does not show while it is used."""
    config.write_text(config.read_text().replace("password-file = alpha.password",
                                                 f"password = {password_of('alpha')}"))
    done = run(vperf, "collect", "--config", config)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert f"{config}:9: " in done.err and "0644" in done.err
    config.chmod(0o600)
    assert run(vperf, "collect", "--config", config).status == 0
    before = hosts["alpha"].methods().count("QueryPerf")
    process = vperf.start("collect", "--follow", "--config", config, "alpha",
                          env={"VPERF_PASSWORD": None})
    try:
        hosts["alpha"].await_request("QueryPerf", before + 1)
        shown = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    finally:
        process.send_signal(signal.SIGTERM)
    assert finish(process, secret=password_of("alpha")).status == 130
    assert not shows(password_of("alpha"), shown)


@pytest.mark.parametrize("command", ["collect", "compare", "counters", "history", "inventory",
                                     "record", "report"])
def test_every_command_reads_it(vperf, tmp_path, command):
    """What is wrong is told with file and line, whatever the command; status 2."""
    path = tmp_path / "vperf.conf"
    path.write_text("[target a]\nuri = test:///default\ninsecur = yes\n")
    done = vperf.run(command, "--config", path)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert f"{path}:3: unknown key 'insecur' in [target a]; nearest: insecure" in done.err


@pytest.mark.parametrize("make, text", [
    (lambda path: None, "No such file"),
    (lambda path: path.mkdir(), "Is a directory"),
    (lambda path: path.write_bytes(b"[defaults]\n\0"), "NUL"),
    (lambda path: path.write_bytes(b"#" * (1 << 20)), "too long"),
    (lambda path: path.write_bytes(b"\xff\xfe[\0"), "NUL"),
    (lambda path: path.symlink_to("/dev/null"), "no [target NAME]")])
def test_files_that_are_none(vperf, tmp_path, make, text):
    """What cannot be a configuration is told in one line."""
    path = tmp_path / "vperf.conf"
    make(path)
    done = vperf.run("collect", "--config", path)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert text in done.err and str(path) in done.err, done


def test_username(vperf, esx):
    """--username is for targets that name no user; a user in the TARGET stays."""
    for target, status in ((esx.url, 0), (esx.target(user="other"), 1)):
        done = vperf.run("inventory", "--ca-file", esx.ca_file, "--username", "collector", target,
                         env={"VPERF_USERNAME": "nobody", "VPERF_PASSWORD": PASSWORD})
        assert done.status == status, done


def test_the_example(vperf):
    """What is installed as an example can be read."""
    example = pathlib.Path(__file__).parents[2] / "src" / "vperf.conf.example"
    done = vperf.run("inventory", "--config", example, "esx")
    assert (done.status, len(done.messages)) == (2, 1), done
    assert "'esx' is no target of" in done.err and "nearest: esx01" in done.err


def test_from_a_pipe(vperf):
    """What can be read once only is."""
    out, into = os.pipe()
    os.write(into, b"[target t]\nuri = test:///default\n")
    os.close(into)
    done = vperf.run("inventory", "--config", "/dev/stdin", stdin=out)
    os.close(out)
    assert done.status == 0, done
    assert len(done.rows) == 2, done
