# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What a browser makes of the page that report writes: Chromium, on wide and narrow screens."""

import html
import json
import os
import shutil
import subprocess

import pytest

# Names that would act if they were no text.
HOSTILE = ["<script>document.title = 'run'</script>", "<img src=x onerror=\"document.title='run'\">",
           "a \"quoted\" & 'named' one", "=1+1", "turned\u202etxt.exe"]
# The page in frames of two widths; what it is there stands in the frame's parent as JSON.
FRAMES = """<!doctype html><meta charset="utf-8"><pre id="seen"></pre>
<iframe width="1280" height="900" srcdoc="{page}"></iframe>
<iframe width="400" height="900" srcdoc="{page}"></iframe>
<script>
onload = () => {{
    const seen = [...document.querySelectorAll("iframe")].map(frame => {{
        const page = frame.contentDocument, root = page.documentElement;
        const texts = [...page.querySelectorAll("td, th, p, li, h1, h2")];
        return {{
            width: root.clientWidth, overflow: root.scrollWidth - root.clientWidth,
            title: page.title, scripts: page.scripts.length, images: page.images.length,
            charts: page.querySelectorAll("svg").length, text: page.body.innerText,
            unselectable: texts.filter(
                one => frame.contentWindow.getComputedStyle(one).userSelect === "none").length,
        }};
    }});
    document.getElementById("seen").textContent = JSON.stringify(seen);
}};
</script>"""


@pytest.fixture(scope="module", name="chromium")
def fixture_chromium(vperf, tmp_path_factory):
    """Runs a headless Chromium, without a network; returns what it wrote."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("chromium is not installed")
    if vperf.is_sanitized():
        pytest.skip("the page is the same")
    home = tmp_path_factory.mktemp("chromium")

    def run(*arguments):
        return subprocess.run(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
             f"--user-data-dir={home}", *arguments], env={**os.environ, "HOME": str(home)},
            capture_output=True, timeout=300, check=True)
    return run


@pytest.fixture(scope="module", name="page")
def fixture_page(vperf, shared_vcsim, tmp_path_factory):
    """A report of guests with hostile names, as a file."""
    directory = tmp_path_factory.mktemp("report")
    names = directory / "names.json"
    names.write_text(json.dumps(HOSTILE), encoding="utf-8")
    server = shared_vcsim("-mode", "real", "-model", "esx", "-vm", str(len(HOSTILE)), "-names",
                          str(names))
    path = directory / "report.html"
    done = vperf.run("report", "--output", path, *server.arguments)
    assert done.status == 0, done
    return path


def test_on_screens(chromium, page, tmp_path):
    """The page fits; names are text, and all text can be selected; nothing complains."""
    frames = tmp_path / "frames.html"
    text = page.read_text(encoding="utf-8")
    frames.write_text(FRAMES.format(page=html.escape(text)), encoding="utf-8")
    done = chromium("--dump-dom", f"file://{frames}")
    assert b"CONSOLE" not in done.stderr, done.stderr.decode()
    dom = done.stdout.decode()
    seen = json.loads(html.unescape(dom.split('<pre id="seen">')[1].split("</pre>")[0]))
    assert [one["overflow"] for one in seen] == [0, 0], seen
    for one in seen:
        assert not one["scripts"] and not one["images"] and not one["unselectable"], one
        assert one["title"] != "run" and one["charts"] > 5, one
        for name in HOSTILE[:-1]:
            assert name in one["text"], name
        assert "\u202e" not in one["text"] and "txt.exe" in one["text"], one["text"]


def test_on_paper(chromium, page, tmp_path):
    """It prints."""
    paper = tmp_path / "report.pdf"
    chromium(f"--print-to-pdf={paper}", f"file://{page}")
    written = paper.read_bytes()
    assert written.startswith(b"%PDF-") and written.count(b"/Type /Page\n") >= 2
