# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The command line: what is wrong is told in one line with status 2 before any server is asked;
help and version go to stdout; the names of govc's environment work."""

import re

import pytest
from harness import PASSWORD, USER, files_in

COMMANDS = ["check", "collect", "counters", "inventory", "report"]

# A guest of the simulated ESXi host, and of no other server.
GUEST = "ha-host_VM0"

# A target that would fail with status 1, were it asked.
NOBODY = "https://user@127.0.0.1:1"

WRONG = [
    (["collect"], ["no TARGET", "GOVC_URL"]),
    (["counters"], ["no TARGET"]),
    (["inventory"], ["no TARGET"]),
    (["counters", NOBODY, NOBODY], ["same TARGET"]),
    (["collect", NOBODY, NOBODY], [NOBODY, "same TARGET"]),
    (["inventory", "test:///default", NOBODY, "127.0.0.1:1"], ["'127.0.0.1:1'", "same TARGET"]),
    (["compare", "test:///default", "test:///default"], ["'test:///default'", "same TARGET"]),
    (["collect", "--nonsense", NOBODY], ["--nonsense", "unknown option"]),
    (["collect", "-x", NOBODY], ["-x", "unknown option"]),
    (["counters", "--samples", "3", NOBODY], ["--samples", "unknown option"]),
    (["inventory", "--counter", "*", NOBODY], ["--counter", "unknown option"]),
    (["collect", NOBODY, "--samples"], ["--samples", "missing argument"]),
    (["collect", "--quiet=yes", NOBODY], ["--quiet", "argument"]),
    (["collect", "--samples", "0", NOBODY], ["--samples '0'", "whole number"]),
    (["collect", "--samples", "-1", NOBODY], ["--samples '-1'"]),
    (["collect", "--samples", "", NOBODY], ["--samples ''"]),
    (["collect", "--samples", "1.5", NOBODY], ["--samples '1.5'"]),
    (["collect", "--samples", "5x", NOBODY], ["--samples '5x'"]),
    (["collect", "--samples", "99999999999999999999", NOBODY], ["--samples"]),
    (["collect", "--timeout", "0", NOBODY], ["--timeout '0'"]),
    (["collect", "--timeout", "soon", NOBODY], ["--timeout 'soon'"]),
    (["collect", "--interval", "x", NOBODY], ["--interval 'x'"]),
    (["collect", "--instance", "some", NOBODY], ["--instance 'some'", "all", "aggregate"]),
    (["collect", "--type", "guest", NOBODY], ["'guest'", "vm", "host"]),
    (["collect", "--type", "", NOBODY], ["vm", "host"]),
    (["collect", "--type", "vm,gost", NOBODY], ["'gost'"]),
    (["collect", "--instance", "", NOBODY], ["--instance ''", "all", "aggregate"]),
    (["collect", "--counter", "", NOBODY], ["--counter ''", "empty pattern"]),
    (["counters", "--counter", "cpu.*,,mem.*", NOBODY], ["--counter 'cpu.*,,mem.*'", "empty"]),
    (["compare", "--counter", "cpu.*", "--counter", "", NOBODY], ["--counter 'cpu.*,'", "empty"]),
    (["collect", "--name", "", NOBODY], ["--name ''", "empty pattern"]),
    (["inventory", "--name", "web-*,!", NOBODY], ["--name 'web-*,!'", "empty pattern"]),
    (["collect", "--format", "xml", NOBODY], ["'xml'", "csv"]),
    (["collect", "--output", "x.xlsx", NOBODY], ["'x.xlsx'", ".jsonl", "vperf report"]),
    (["collect", "--output", "x.html.gz", NOBODY], ["'x.html.gz'", "vperf report"]),
    (["collect", "--output", "x.db", NOBODY], ["'x.db'", "vperf record"]),
    (["collect", "--output", "x.csv", "--output", "x.pdf", NOBODY], ["'x.pdf'", "PDF"]),
    (["collect", "--coverage", "x.xlsx", NOBODY], ["--coverage 'x.xlsx'", ".csv"]),
    (["compare", "--output", "x.html", NOBODY], ["'x.html'", "vperf report"]),
    (["report", "--output", "rep.pdf", NOBODY], ["'rep.pdf'", ".html", "PDF"]),
    (["report", "--output", "rep.jsonl", NOBODY], ["'rep.jsonl'", "vperf collect"]),
    (["inventory", "--output", "x.json", NOBODY], ["'x.json'", ".csv"]),
    (["record", "--output", "hist.csv", NOBODY], ["'hist.csv'", "vperf collect", ".db"]),
    (["record", "--output", "hist", NOBODY], ["'hist'", "end in .db"]),
    (["record", "--output", "a:b.db", NOBODY], ["'a:b.db'", "no ':'"]),
    (["check", "--output", "", NOBODY], ["--output", "name of a file"]),
    (["history"], ["no FILE", "vperf.db"]),
    (["counters", "--format", "xml", NOBODY], ["'xml'", "csv", "table"]),
    (["inventory", "--format", "", NOBODY], ["csv", "table"]),
    (["collect", "--quiet", "--verbose", NOBODY], ["--quiet", "--verbose"]),
    (["collect", "--insecure", "--thumbprint", "A" * 64, NOBODY], ["--insecure", "--thumbprint"]),
    (["collect", "--insecure", "--ca-file", "x.pem", NOBODY], ["--insecure", "--ca-file"]),
    (["collect", ""], ["TARGET", "empty"]),
    (["collect", "https://"], ["no host name"]),
    (["collect", "https://user@"], ["no host name"]),
    (["collect", "https://user@host:99999"], ["port"]),
    (["collect", "https://user@host:port"], ["port"]),
    (["collect", "two words"], ["space"]),
    (["collect", "http://user@host"], ["http", "https"]),
    (["collect", "ftp://user@host"], ["ftp"]),
    (["collect", "./all.csv"], ["file"]),
    (["collect", "test:///"], ["vperf: test:///: ", "test:///default"]),
    (["collect", "-o", "x.csv.bz2", NOBODY], ["x.csv.bz2", ".gz or .zst"]),
    (["report"], ["no TARGET", "there is no vperf.db here"]),
    (["report", "--rule", "cpu-aim=70", NOBODY], ["'cpu-aim=70'", "NAME=NUMBER", "cpu-target"]),
    (["report", "--rule", "cpu-target=0", NOBODY], ["'cpu-target=0'", "from 10 to 100"]),
    (["report", "--rule", "", NOBODY], ["--rule ''", "NAME=NUMBER"]),
    (["report", "--type", "pool", NOBODY], ["--type pool", "vm, host and datastore"]),
    (["report", "--format", "xml", NOBODY], ["'xml'", "csv", "html", "table"]),
    (["report", "--spare", "x", NOBODY], ["--spare 'x'", "whole number"]),
    (["report", "--last", "30d", "test:///default"], ["keeps no history", "--samples"]),
]


@pytest.mark.parametrize("arguments, texts", WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_wrong_usage(vperf, tmp_path, arguments, texts):
    """One line that shows what is wrong and where to read on."""
    output = [] if "--nonsense" in arguments or len(arguments) < 2 else [
        "--output", tmp_path / "out.csv"]
    done = vperf.run(*arguments[:1], *output, *arguments[1:])
    assert (done.status, done.out, files_in(tmp_path)) == (2, "", []), done
    assert len(done.messages) == 1 and done.err.startswith("vperf: "), done
    for text in texts:
        assert text.lower() in done.err.lower(), done


def test_a_file_is_no_host(vperf, tmp_path):
    """What is a file here and no history is taken for no host, unless a scheme says so."""
    (tmp_path / "vperf.conf").write_text("[defaults]\n")
    for command in ("check", "collect"):
        done = vperf.run(command, "vperf.conf", cwd=tmp_path)
        assert done.status == 2 and len(done.messages) == 1, done
        for text in ("'vperf.conf' is a file", "--config", "./vperf.conf"):
            assert text in done.err, done
    done = vperf.run("collect", "https://vperf.conf", cwd=tmp_path)
    assert done.status == 2 and "no user name" in done.err, done


@pytest.mark.parametrize("arguments, text", [([], "no command given"), (["colect"], "'colect'"),
                                             (["--colect"], "'--colect'"), ([""], "no command")])
def test_wrong_command(vperf, arguments, text):
    """What is no command is told, and where the commands are listed."""
    done = vperf.run(*arguments)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert text in done.err and "vperf --help" in done.err


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help(vperf, option):
    """The program's help names every command."""
    done = vperf.run(option)
    assert (done.status, done.err) == (0, ""), done
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.out, re.M)
    assert max(map(len, done.out.splitlines())) <= 80


def test_help_of_a_command(vperf):
    """`help COMMAND` is what `COMMAND --help` is, and -V is --version."""
    assert vperf.run("help", "check").out == vperf.run("check", "--help").out
    assert vperf.run("-V").out == vperf.run("--version").out
    assert vperf.run("help", "chekc").status == 2


@pytest.mark.parametrize("words", [["--password", "Geheim1"], ["--password=Geheim1"]])
def test_a_password_is_no_option(vperf, words):
    """What to give in its place is told, and the password is not."""
    done = vperf.run("check", *words, "root@esx01.example.com")
    assert done.status == 2 and "--password-file" in done.err, done
    assert "Geheim1" not in done.err


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_command(vperf, command, option):
    """A command's help names its options, formats and examples; no target is needed."""
    done = vperf.run(command, option)
    assert (done.status, done.err) == (0, ""), done
    assert re.match(rf"Usage: vperf {command} \[OPTION\.\.\.\] \[?TARGET", done.out), done.out
    for text in ("--output", "--ca-file", "--thumbprint", "--timeout", "Formats:", "Examples:"):
        assert text in done.out, text
    assert max(map(len, done.out.splitlines())) <= 84


@pytest.mark.parametrize("command", ["collect", "compare", "counters", "inventory", "report"])
def test_help_speaks_of_options_that_there_are(vperf, command):
    """No command's help mentions an option that belongs to another one."""
    shown = vperf.run(command, "--help").out
    options = re.findall(r"^ +(?:-\w, +)?(--[\w-]+)", shown, re.MULTILINE)
    assert set(re.findall(r"--[a-z][a-z-]*", shown)) <= set(options)


def test_help_wins_over_a_missing_target(vperf):
    """--help among other options is a question, not a run."""
    done = vperf.run("collect", "--samples", "3", "--help")
    assert (done.status, done.err) == (0, "") and done.out.startswith("Usage:"), done


def test_help_names_each_option_that_works(vperf, esx):
    """Every option of the help is accepted."""
    names = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)(?:=|\s)", vperf.run("collect", "--help").out,
                           re.M))
    assert len(names) > 15
    for name in names - {"--help"}:
        assert "unknown option" not in vperf.run("collect", f"{name}=", "--quiet").err, name


def test_version(vperf):
    """One line: the name and a version."""
    done = vperf.run("--version")
    assert (done.status, done.err) == (0, ""), done
    assert re.fullmatch(r"vperf \d+\.\d+\.\d+\n", done.out)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["collect", "--help"]])
def test_help_on_a_full_disk(vperf, arguments):
    """Help that cannot be written is no success."""
    with open("/dev/full", "wb") as full:
        assert vperf.run(*arguments, stdout=full).status == 1


@pytest.mark.parametrize("command", ["collect", "compare", "inventory"])
def test_nothing_matches(vperf, esx, tmp_path, command):
    """A --name without any entity is a mistake, not an empty file; near names are shown."""
    done = vperf.run(command, "--type", "vm", "--name", "host_VM0", "--output",
                     tmp_path / "out.csv", *esx.arguments)
    assert (done.status, done.out, files_in(tmp_path)) == (2, "", []), done
    assert len(done.messages) == 1 and "no vm matches --name 'host_VM0'" in done.err, done
    assert done.err.split("nearest: ")[1].startswith(GUEST), done


FAR = [(["collect", "--name", "nosuch"], "no vm or host matches --name 'nosuch': 'vperf inv"),
       (["inventory", "--name", "nosuch"], "no vm or host matches --name 'nosuch': 'vperf inv"),
       (["compare", "--sort", "nosuch"], "no counter matches 'nosuch': 'vperf counters' shows"),
       (["collect", "--counter", "nosuch"], "no counter matches 'nosuch': 'vperf counters'"),
       (["collect", "--counter", "!*"], "--counter excludes all counters"),
       (["collect", "--counter", "cpu.*,!c*"], "excludes all counters that match 'cpu.*'"),
       (["counters", "--counter", "!*"], "--counter excludes all counters")]


@pytest.mark.parametrize("target", ["esx", "test:///default"])
@pytest.mark.parametrize("arguments, text", FAR, ids=[" ".join(row[0]) for row in FAR])
def test_nothing_is_near(vperf, esx, target, arguments, text):
    """What resembles nothing is told without far names, and no header is written."""
    done = vperf.run(*arguments, *([target] if ":" in target else esx.arguments))
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert text in done.err and "nearest" not in done.err and done.own_seconds < 15, done


@pytest.mark.parametrize("counter", ["!*", "cpu.*,!cpu.*"])
def test_all_excluded_of_two(vperf, esx, counter):
    """Two targets of which nothing is wanted: no poll is waited for, and no header is written."""
    done = vperf.run("collect", "--counter", counter, "test:///default", *esx.arguments)
    assert (done.status, done.out) == (2, "") and "exclude" in done.err, done
    assert done.own_seconds < 15, done


@pytest.mark.parametrize("wrong, text", [
    ("--sampels=3", "--sampels=3: unknown option; nearest: --samples (see"),
    ("--nam", "--nam: unknown option; nearest: --name (see"),
    ("--frobnicate", "--frobnicate: unknown option (see"),
    ("-Z", "-Z: unknown option (see")])
def test_unknown_option(vperf, wrong, text):
    """The option that may be meant is named."""
    done = vperf.run("collect", wrong, "test:///default")
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert f"vperf: {text}" in done.err, done


@pytest.mark.parametrize("wrong, hint", [("colect", "; nearest: collect"), ("frobnicate", "")])
def test_unknown_command(vperf, wrong, hint):
    """So is the command."""
    done = vperf.run(wrong, "test:///default")
    assert (done.status, done.out) == (2, ""), done
    assert done.err == f"vperf: no command '{wrong}'{hint} (see 'vperf --help')\n", done


@pytest.mark.parametrize("command", ["collect", "compare", "inventory"])
def test_one_name_matches_nothing(vperf, esx, command):
    """The others come; what is missing is told, and the status says that it is."""
    done = vperf.run(command, "--name", f"{GUEST},host_VN9", "--type", "vm", *esx.arguments)
    assert done.status == 3 and GUEST in {row["name"] for row in done.rows}, done
    told = [line for line in done.messages if "--name" in line]
    assert len(told) == 1 and "'host_VN9'" in told[0] and GUEST in told[0], done


@pytest.mark.parametrize("command", ["collect", "inventory"])
def test_a_name_of_one_of_two_targets(vperf, esx, vcenter, command):
    """A name is known when any of the targets has it."""
    one = vperf.run(command, "--name", GUEST, *esx.arguments, vcenter.target())
    assert one.status == 0 and {row["source"] for row in one.rows} == {esx.label}, one
    none = vperf.run(command, "--name", "no-such", *esx.arguments, vcenter.target())
    assert (none.status, none.out, len(none.messages)) == (2, "", 1), none


def test_all_names_are_excluded(vperf, esx):
    """What is excluded is not missing, but an empty selection is a mistake."""
    for command in ("collect", "inventory"):
        done = vperf.run(command, "--name", f"{GUEST},!*", *esx.arguments)
        assert (done.status, len(done.messages)) == (2, 1) and "--name" in done.err, done


@pytest.mark.parametrize("options", [["--type", "pool"], ["--type", "vm,pool"]])
def test_not_in_real_time(vperf, esx, options):
    """Types without real-time samples: told, and not answered with other data."""
    done = vperf.run("collect", *options, *esx.arguments)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert options[0] in done.err


def test_options_after_targets(vperf, esx):
    """The order of options and targets does not matter; the last of a repeated option counts."""
    options = ["--counter", "cpu.usage.average", "--samples", "9", "--samples=2"]
    before = vperf.run("collect", *options, *esx.arguments)
    after = vperf.run("collect", *esx.arguments, *options)
    assert before.status == after.status == 0, after
    assert before.rows == after.rows
    assert len({row["timestamp"] for row in after.rows}) == 2


def login(**more):
    """An environment without vperf's own names."""
    return {"VPERF_PASSWORD": None, **more}


@pytest.mark.parametrize("form", ["https://{user}:{password}@{label}/sdk",
                                  "{user}:{password}@{label}", "{user}:{password}@{label}/sdk",
                                  "https://{user}:{password}@{label}"])
def test_govc_url_with_credentials(vperf, esx, form):
    """GOVC_URL as govc users write it, password and all."""
    url = form.format(user=USER, password=PASSWORD, label=esx.label)
    done = vperf.run("inventory", "--ca-file", esx.ca_file, env=login(GOVC_URL=url))
    assert done.status == 0 and len(done.rows) == 4, done


@pytest.mark.parametrize("form", ["https://{label}/sdk", "{label}", "https://{label}",
                                  "https://{label}/", "https://{label}/sdk/"])
def test_govc_url_without_credentials(vperf, esx, form):
    """GOVC_URL, GOVC_USERNAME and GOVC_PASSWORD."""
    env = login(GOVC_URL=form.format(label=esx.label), GOVC_USERNAME=USER, GOVC_PASSWORD=PASSWORD)
    done = vperf.run("inventory", "--ca-file", esx.ca_file, env=env)
    assert done.status == 0 and len(done.rows) == 4, done


def test_govc_environment_alone(vperf, esx):
    """A govc user runs `vperf inventory` without anything else."""
    env = login(GOVC_URL=esx.label, GOVC_USERNAME=USER, GOVC_PASSWORD=PASSWORD,
                GOVC_TLS_CA_CERTS=esx.ca_file)
    assert vperf.run("inventory", env=env).status == 0


def test_variables_win_over_govc_url(vperf, esx):
    """As with govc, GOVC_USERNAME and GOVC_PASSWORD are meant where GOVC_URL has others."""
    url = f"https://somebody:wrong@{esx.label}/sdk"
    env = login(GOVC_URL=url, GOVC_USERNAME=USER, GOVC_PASSWORD=PASSWORD)
    done = vperf.run("inventory", "--ca-file", esx.ca_file, env=env)
    assert done.status == 0, done


def test_libvirt_default_uri(vperf, esx):
    """Without a TARGET and GOVC_URL, libvirt's own variable names the target."""
    done = vperf.run("inventory", env=login(LIBVIRT_DEFAULT_URI="test:///default"))
    assert done.status == 0 and {row["hypervisor"] for row in done.rows} == {"test"}, done
    env = login(LIBVIRT_DEFAULT_URI="test:///default", GOVC_URL=esx.label, GOVC_USERNAME=USER,
                GOVC_PASSWORD=PASSWORD)
    done = vperf.run("inventory", "--ca-file", esx.ca_file, env=env)
    assert {row["source"] for row in done.rows} == {esx.label}, done


def test_target_wins_over_govc_url(vperf, esx):
    """A TARGET on the command line is the one that is meant."""
    done = vperf.run("inventory", *esx.arguments, env={"GOVC_URL": NOBODY})
    assert done.status == 0 and {row["source"] for row in done.rows} == {esx.label}, done


def test_vperf_names_win_over_govc_names(vperf, esx):
    """VPERF_USERNAME and VPERF_PASSWORD are meant for vperf."""
    env = {"VPERF_USERNAME": USER, "VPERF_PASSWORD": PASSWORD, "GOVC_USERNAME": "nobody",
           "GOVC_PASSWORD": "wrong"}
    done = vperf.run("inventory", "--ca-file", esx.ca_file, esx.target(user=""), env=env)
    assert done.status == 0, done


def test_user_of_target_wins_over_environment(vperf, esx):
    """user@ in the target is the one that is meant."""
    assert vperf.run("inventory", *esx.arguments, env={"VPERF_USERNAME": "nobody"}).status == 0


def test_no_user(vperf, esx):
    """Without a user name one line tells the ways to give one."""
    done = vperf.run("inventory", "--ca-file", esx.ca_file, esx.target(user=""))
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert "user@" in done.err and "VPERF_USERNAME" in done.err


@pytest.mark.parametrize("user", ["administrator@vsphere.local", "VSPHERE.LOCAL\\admin", "müller"])
def test_names_of_users(vperf, start_vcsim, user):
    """User names as directories have them."""
    server = start_vcsim("-mode", "real", "-username", user)
    done = vperf.run("inventory", "--ca-file", server.ca_file, server.target(user))
    assert done.status == 0, done


@pytest.mark.parametrize("scheme", ["esx", "vpx"])
def test_schemes_of_libvirt(vperf, esx, scheme):
    """esx:// and vpx:// as libvirt's users write them; what would be ignored is told."""
    for path in ("", "/", "/Datacenter/host"):
        done = vperf.run("inventory", "--ca-file", esx.ca_file,
                         f"{scheme}://{USER}@{esx.label}{path}")
        assert done.status == 0, done
        assert ("path chooses nothing" in done.err) == (len(path) > 1), done
    done = vperf.run("inventory", f"{scheme}://{USER}@{esx.label}/?no_verify=1")
    assert done.status == 0, done
    done = vperf.run("inventory", f"{scheme}://{USER}@{esx.label}/?proxy=socks")
    assert done.status == 2 and "no_verify=1" in done.err, done


@pytest.mark.parametrize("target, option", [
    ("test:///default", ["--thumbprint", "AA:" * 31 + "AA"]), ("test:///default", ["--jobs", "2"]),
    ("test:///default", ["--ca-file", "/etc/ssl/certs/ca-certificates.crt"]),
    ("test:///default", ["--insecure"]), ("esx01.example.com", ["--balloon-period", "5"])])
def test_option_that_no_target_takes(vperf, target, option):
    """It is refused: who gives a thumbprint relies on its being looked at."""
    done = vperf.run("collect", *option, target)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert option[0] in done.err and "no TARGET" in done.err


def test_environment_of_another_target(vperf):
    """Variables are for all that follows in a shell: they may be of no use."""
    env = {"GOVC_INSECURE": "1", "GOVC_TLS_CA_CERTS": "/nowhere"}
    assert vperf.run("inventory", "test:///default", env=env).status == 0
