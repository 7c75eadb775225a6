# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What the compiler can do against faults in readers of foreign bytes is done in all programs:
read from the files themselves."""

import pathlib
import platform
import re
import subprocess

import pytest


@pytest.fixture(params=["vperf", "vperf-full", "vperf-libvirt", "vperf-serve"])
def program(request, vperf):
    """The path of one of the programs."""
    if vperf.is_sanitized():
        pytest.skip("sanitizers take the place of hardening")
    return pathlib.Path(vperf.path).with_name(request.param)


def test_main_program_is_light(vperf):
    """What a collect of one guest does not need is in programs of their own."""
    linked = subprocess.run(["ldd", vperf.path], capture_output=True, text=True, check=True).stdout
    heavy = ["sqlite", "xlsxwriter", "curl", "libvirt", "microhttpd"]
    assert not [name for name in heavy if name in linked], linked


def read_elf(program, *options):
    """What readelf tells."""
    return subprocess.run(["readelf", "-W", *options, program], check=True, capture_output=True,
                          text=True).stdout


def test_position_independent(program):
    """Loaded at an address that nobody knows."""
    assert re.search(r"Type:\s+DYN", read_elf(program, "-h"))
    assert re.search(r"FLAGS_1.*\bPIE\b", read_elf(program, "-d"))


def test_read_only_relocations(program):
    """No pointer of the linker's can be overwritten: full RELRO, all bound at the start."""
    assert "GNU_RELRO" in read_elf(program, "-l")
    assert re.search(r"BIND_NOW|FLAGS.*\bNOW\b", read_elf(program, "-d"))


def test_stack(program):
    """No code on the stack, and a canary before return addresses."""
    stack = re.search(r"GNU_STACK.*", read_elf(program, "-l"))[0]
    assert "RWE" not in stack
    assert "__stack_chk_fail" in read_elf(program, "-s")


def test_fortified(program):
    """Calls of the C library know the sizes of their buffers."""
    assert re.search(r"__(vf|f|sn|vsn|v?as)printf_chk", read_elf(program, "-s"))


def disassemble(program):
    """The instructions of the program."""
    return subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], check=True,
                          capture_output=True, text=True).stdout


@pytest.mark.skipif(platform.machine() != "x86_64", reason="CET is x86's")
def test_branches_and_pages(program):
    """Indirect branches have marked ends; a large frame touches each of its pages."""
    code = disassemble(program)
    main = re.search(r"<main>:\n(.*)\n", code)[1]
    assert "endbr64" in main
    assert re.search(r"sub +\$0x1000,%rsp\n.*(or[ql]|movq) +\$0x0,", code)
