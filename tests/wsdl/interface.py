# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Reads wsdl/ with an XML parser into plain values that the tests compare."""

import pathlib
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
WSDL = ROOT / "wsdl"
XS = "{http://www.w3.org/2001/XMLSchema}"
WS = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    optional: bool
    array: bool


@dataclass
class ComplexType:
    base: str
    fields: list


@dataclass
class Operation:
    params: list
    result: Field
    faults: set
    messages: list = field(default_factory=list)


def local(name):
    """A type name as the tests spell it: xs:string keeps its prefix, vim25:Foo becomes Foo."""
    return name.removeprefix("vim25:")


def fields(sequence):
    if sequence is None:
        return []
    return [
        Field(
            element.get("name"),
            local(element.get("type")),
            element.get("minOccurs") == "0",
            element.get("maxOccurs") == "unbounded",
        )
        for element in sequence.findall(f"{XS}element")
    ]


def complex_type(element):
    extension = element.find(f"{XS}complexContent/{XS}extension")
    if extension is None:
        return ComplexType("", fields(element.find(f"{XS}sequence")))
    return ComplexType(local(extension.get("base")), fields(extension.find(f"{XS}sequence")))


class Interface:
    def __init__(self, directory=WSDL):
        self.types, self.enums, self.elements = {}, {}, {}
        for path in sorted(directory.glob("*.xsd")):
            self.read_schema(ElementTree.parse(path).getroot())
        self.definitions = ElementTree.parse(directory / "vim.wsdl").getroot()
        self.service = ElementTree.parse(directory / "vimService.wsdl").getroot()

    def read_schema(self, schema):
        assert schema.get("targetNamespace") == "urn:vim25"
        for element in schema.findall(f"{XS}complexType"):
            assert element.get("name") not in self.types, element.get("name")
            self.types[element.get("name")] = complex_type(element)
        for element in schema.findall(f"{XS}simpleType"):
            values = element.findall(f"{XS}restriction/{XS}enumeration")
            self.enums[element.get("name")] = [value.get("value") for value in values]
        for element in schema.findall(f"{XS}element"):
            inline = element.find(f"{XS}complexType")
            named = element.get("type")
            self.elements[element.get("name")] = (
                complex_type(inline) if inline is not None else local(named)
            )

    def message(self, name):
        """The element that a message of vim.wsdl carries."""
        path = f"{WS}message[@name='{local(name)}']/{WS}part"
        return local(self.definitions.find(path).get("element"))

    def operations(self):
        found = {}
        for element in self.definitions.findall(f"{WS}portType/{WS}operation"):
            request = self.message(element.find(f"{WS}input").get("message"))
            response = self.message(element.find(f"{WS}output").get("message"))
            details = [self.message(f.get("message")) for f in element.findall(f"{WS}fault")]
            result = self.elements[response].fields
            found[element.get("name")] = Operation(
                self.types[self.elements[request]].fields,
                result[0] if result else None,
                {self.elements[detail] for detail in details},
                [request, response],
            )
        return found
