# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Every type of wsdl/ against the Go structs of govmomi, which are younger than pyVmomi's registry."""

import pathlib
import re

import pytest
from interface import ComplexType, Field, Interface

SOURCE = pathlib.Path("/usr/share/gocode/src/github.com/vmware/govmomi/vim25/types")
pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="govmomi's sources are not installed")

INTERFACE = Interface()
SIMPLE = {
    "string": "xs:string",
    "int32": "xs:int",
    "int64": "xs:long",
    "bool": "xs:boolean",
    "AnyType": "xs:anyType",
    "time.Time": "xs:dateTime",
}
MEMBER = re.compile(
    r'^\t\w+\s+(?P<array>\[\])?(?P<pointer>\*)?(?P<type>[\w.]+)\s+`xml:"(?P<xml>[^"]+)"`'
)


# Required in govmomi, optional in pyVmomi and in the API reference.
OPTIONAL = {("OptionValue", "value")}


def go_struct(name):
    """A struct of types.go as the ComplexType that it stands for."""
    text = (SOURCE / "types.go").read_text()
    body = re.search(rf"^type {name} struct {{\n(.*?)^}}", text, re.M | re.S).group(1)
    base, fields = "", []
    for line in body.splitlines():
        member = MEMBER.match(line)
        if not member:
            base = base or line.strip()
            continue
        xml, *options = member["xml"].split(",")
        # BaseFoo is the Go interface of the struct Foo and of what derives from it.
        go_type = re.sub(r"^Base(?=[A-Z])", "", member["type"])
        fields.append(
            Field(
                xml,
                SIMPLE.get(go_type, go_type),
                "omitempty" in options
                or bool(member["pointer"])
                or (name, xml) in OPTIONAL,
                bool(member["array"]),
            )
        )
    return ComplexType(base, fields)


@pytest.mark.parametrize("name", [n for n in INTERFACE.types if n != "ManagedObjectReference"])
def test_complex_type(name):
    assert INTERFACE.types[name] == go_struct(name)


@pytest.mark.parametrize("name", INTERFACE.enums)
def test_enum(name):
    text = (SOURCE / "enum.go").read_text()
    values = re.findall(rf'= {name}\("(\w+)"\)', text)
    assert set(INTERFACE.enums[name]) == set(values)


@pytest.mark.parametrize("name", INTERFACE.operations())
def test_result(name):
    response = go_struct(name + "Response")
    ours = INTERFACE.elements[name + "Response"]
    assert ours == response
