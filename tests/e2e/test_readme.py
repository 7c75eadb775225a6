# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The commands in README, its pages and the manual pages run as they stand, against the simulator and libvirt's test
driver in place of the hosts that they name."""

import gzip
import pathlib
import re
import shlex
import signal

import harness
import pytest
import serving

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "src/doc").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.S | re.M)
CONFIG = re.findall(r"^```ini\n(.*?)^```", TEXT, re.S | re.M)[0]
# The manual pages of the commands have the examples of their help. That of serve has a port.
NOTES = "".join(re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
                for path in sorted((ROOT / "src/command").glob("*.c")))
EXAMPLES = [line for line in re.findall(r'\\n  (vperf [^"]*?)(?=\\n|")', NOTES)
            if "--listen" not in line]
OVERVIEW = (ROOT / "src/vperf.1").read_text(encoding="utf-8").replace("\\-", "-")
EXAMPLES += re.findall(r"^vperf .*$", OVERVIEW.partition(".SH EXAMPLES")[2].partition(".fi")[0], re.M)
COMMANDS = list(dict.fromkeys([line for block in BLOCKS for line in block.splitlines()
                               if line.startswith("vperf ")] + EXAMPLES))
VSPHERE = ["root@esx01.example.com", "vperf@vsphere.local@vc01.example.com", "vc01.example.com",
           "root@vcenter.example.com", "esx01"]
LIBVIRT = ["qemu+ssh://vperf@kvm01.example.com/system", "qemu:///system"]


def test_there_are_commands():
    """The README shows how each command is used."""
    assert {line.split()[1] for line in COMMANDS} >= {"collect", "counters", "inventory"}


def test_links_lead_somewhere():
    """The pages that README and the others name are there."""
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_messages_that_are_explained_exist():
    """Each message that the page about trouble explains is one of the program's."""
    sources = "".join(re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
                      for path in (ROOT / "src").rglob("*.c"))
    page = (ROOT / "src/doc/troubleshooting.md").read_text(encoding="utf-8")
    explained = [text for line in page.splitlines() if line.startswith("| `")
                 for text in re.findall("`([^`]*)`", line.split("|")[1])]
    assert len(explained) > 10
    assert [text for text in explained if text not in sources] == []


@pytest.mark.parametrize("line", COMMANDS)
def test_command(line, vperf, start_vcsim, certs, tmp_path):
    """The command succeeds, and what it says it writes is there."""
    server = start_vcsim("-mode", "real", "-names", names(tmp_path))
    words = shlex.split(line)[1:]
    words = [server.target() if word in VSPHERE else "test:///default" if word in LIBVIRT
             else certs["good"]["sha256"] if word == "AA:BB:…" else word for word in words]
    if "--at" in words:
        words[words.index("--at") + 1] = "-30m"
    configure(tmp_path, server, certs)
    libvirt_alone = "test:///default" in words and server.target() not in words
    if libvirt_alone and words[0] == "collect":
        words += ["--interval", "1"]
    trust = {} if "--thumbprint" in words else {"GOVC_TLS_CA_CERTS": certs["ca"]["cert"]}
    if words[-1] == "vperf.db":
        # With an hour of samples, one by the clock is over.
        run(vperf, ["record", "--last", "1h", "--output", "vperf.db", server.target()],
            str(tmp_path), {"GOVC_TLS_CA_CERTS": certs["ca"]["cert"]})
    if words[0] == "serve":
        with serving.exporter(vperf, tmp_path, *words[1:], cwd=str(tmp_path), env=trust) as one:
            one.await_samples("vperf_cpu_usagemhz_hertz")
        return
    done = run(vperf, words, cwd=str(tmp_path), env=trust)
    written = [words[i + 1] for i, word in enumerate(words) if word in ("--output", "-o", "--coverage")
               and words[0] != "record"]
    for name in written:
        if name.endswith(".html"):
            assert (tmp_path / name).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        else:
            assert count_rows(tmp_path / name) > 10, name
    enough = 0 if words[0] == "record" or "--gaps" in words else 1
    assert written or done.out.count("\n") > enough or words[0] == "record", done


def configure(folder, server, certs):
    """The README's configuration, for the simulator and the test driver."""
    text = CONFIG.replace("esx01.example.com", server.label).replace("= root", f"= {harness.USER}")
    text = text.replace("AA:BB:…", certs["good"]["sha256"])
    (folder / "vperf.conf").write_text(text.replace("qemu:///system", "test:///default"))
    (folder / "esx01.password").write_text(harness.PASSWORD)


def count_rows(path):
    """The rows of a CSV, or the lines of what is compressed."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return sum(1 for _ in lines)
    return len(harness.read_csv(path.read_text(encoding="utf-8")))


def has_whole_rows(path):
    """Tell whether a round is written: within one, what is full is written, in the midst of a row."""
    data = path.read_bytes() if path.exists() else b""
    return data.count(b"\n") > 11 and data.endswith(b"\n")


def run(vperf, words, cwd, env):
    """Run to the end; one that follows is interrupted when its file has rows."""
    if "--follow" not in words and words[0] != "record":
        done = vperf.run(*words, cwd=cwd, env=env)
        assert done.status == 0, done
        return done
    output = pathlib.Path(cwd, words[words.index("--output") + 1])
    process = vperf.start(*words, cwd=cwd, env=env)
    recorded = ["history", "--format", "csv", output]
    if words[0] == "record":
        harness.await_true(lambda: "20" in vperf.run(*recorded).out, "a recorded round", 60)
    else:
        harness.await_true(lambda: has_whole_rows(output), "rows", 60)
    process.send_signal(signal.SIGINT)
    done = harness.finish(process)
    assert done.status == 130, done
    return done


def names(directory):
    """Guests that the README's patterns match."""
    path = directory / "names.json"
    path.write_text('["web-1", "web-test"]', encoding="utf-8")
    return path
