# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""wsdl/ and the type map agree with themselves: nothing dangles, nothing is forgotten."""

import re

import pytest
from interface import ROOT, SOAP, WS, WSDL, Interface

INTERFACE = Interface()
TYPEMAP = (ROOT / "generated" / "typemap.dat").read_text()
MAPPED = set(re.findall(r"^vim25__(\w+) =", TYPEMAP, re.M))
# The families that have one C type each; a derived type that is not mapped would become a struct.
FAMILIES = {"MethodFault", "SelectionSpec", "PerfEntityMetricBase", "PerfMetricSeries"}


def family(name):
    while name and name not in FAMILIES:
        name = INTERFACE.types[name].base
    return name


def test_every_type_that_is_named_exists():
    known = set(INTERFACE.types) | set(INTERFACE.enums)
    inline = [e for e in INTERFACE.elements.values() if not isinstance(e, str)]
    for complex_type in [*INTERFACE.types.values(), *inline]:
        used = {complex_type.base} | {f.type for f in complex_type.fields}
        assert {name for name in used if name and not name.startswith("xs:")} <= known
    assert {e for e in INTERFACE.elements.values() if isinstance(e, str)} <= known


def test_every_enum_is_mapped_to_text():
    for name in INTERFACE.enums:
        assert f"\nvim25__{name} = | char* | char*\n" in TYPEMAP


@pytest.mark.parametrize("name", INTERFACE.types)
def test_families_are_mapped(name):
    assert not family(name) or name in MAPPED


def test_the_type_map_names_nothing_that_is_gone():
    assert MAPPED <= set(INTERFACE.types) | set(INTERFACE.enums)


def test_binding_has_the_operations_of_the_port_type():
    port, binding = (
        {
            operation.get("name"): [fault.get("name") for fault in operation.findall(f"{WS}fault")]
            for operation in INTERFACE.definitions.findall(f"{WS}{part}/{WS}operation")
        }
        for part in ("portType", "binding")
    )
    assert port == binding
    actions = INTERFACE.definitions.findall(f"{WS}binding/{WS}operation/{SOAP}operation")
    assert {action.get("soapAction") for action in actions} == {"urn:vim25/6.0"}


def test_service_points_at_the_binding():
    assert INTERFACE.service.get("targetNamespace") == "urn:vim25Service"
    port = INTERFACE.service.find(f"{WS}service/{WS}port")
    assert port.get("binding") == "vim25:VimBinding"
    assert INTERFACE.definitions.find(f"{WS}binding").get("name") == "VimBinding"


@pytest.mark.parametrize("path", sorted(WSDL.iterdir()), ids=lambda path: path.name)
def test_files_say_their_licence(path):
    assert "SPDX-License-Identifier: GPL-2.0-or-later" in path.read_text().split("\n\n")[0]
