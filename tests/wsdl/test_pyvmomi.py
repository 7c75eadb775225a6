# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Every type, enumeration and operation of wsdl/ against the type registry of pyVmomi."""

import datetime
import re

import pytest
from interface import Field, Interface

V = pytest.importorskip("pyVmomi.VmomiSupport")

INTERFACE = Interface()
SIMPLE = {
    object: "xs:anyType",
    str: "xs:string",
    type: "xs:string",
    V.PropertyPath: "xs:string",
    bool: "xs:boolean",
    int: "xs:int",
    V.long: "xs:long",
    datetime.datetime: "xs:dateTime",
}

# Where pyVmomi's objects and the wire differ: base class and fields as they are on the wire.
ON_THE_WIRE = {
    "DynamicData": ("", []),
    "MethodFault": ("", ["faultCause", "faultMessage"]),
    "LocalizedMethodFault": ("DynamicData", ["fault", "localizedMessage"]),
}
# Fields younger than the pyVmomi that Debian 12 has; test_govmomi.py checks them.
YOUNGER = {
    "ServiceContent": {
        "guestCustomizationManager",
        "tenantManager",
        "siteInfoManager",
        "storageQueryManager",
    }
}


OPERATIONS = INTERFACE.operations()
REQUESTS = {name + "RequestType" for name in OPERATIONS}
ARRAYS = [name for name in INTERFACE.types if name.startswith("ArrayOf")]
DATA_TYPES = [
    name for name in INTERFACE.types if name not in REQUESTS | {"ManagedObjectReference", *ARRAYS}
]


def wire_type(python_type):
    if python_type in SIMPLE:
        return SIMPLE[python_type]
    if issubclass(python_type, V.ManagedObject):
        return "ManagedObjectReference"
    return python_type._wsdlName


def is_array(python_type):
    return isinstance(python_type, type) and issubclass(python_type, V.Array)


def item_type(python_type):
    return python_type.Item if is_array(python_type) else python_type


def added_later(prop, owner):
    """A field that came after API 2.5 is optional on the wire: older servers do not send it."""
    number = re.search(r"^vim\.version\.version(\d+)$", prop.version)
    return bool(number) and int(number.group(1)) > 2 and prop.version != owner._version


def wire_field(prop, owner):
    name = wire_type(item_type(prop.type))
    if name == "MethodFault" and owner.__name__ != "vmodl.LocalizedMethodFault":
        name = "LocalizedMethodFault"
    optional = bool(prop.flags & V.F_OPTIONAL) or added_later(prop, owner)
    return Field(prop.name, name, optional, is_array(prop.type))


def wire_base(python_type):
    base = python_type.__bases__[0]
    return "" if base is V.DataObject else base._wsdlName


@pytest.mark.parametrize("name", DATA_TYPES)
def test_complex_type(name):
    ours = INTERFACE.types[name]
    theirs = V.GetWsdlType("urn:vim25", name)
    base, names = ON_THE_WIRE.get(name, (wire_base(theirs), None))
    expected = [wire_field(prop, theirs) for prop in theirs._propList]
    if names is not None:
        expected = [f for f in expected if f.name in names]
    younger = YOUNGER.get(name, set())
    assert not younger & {f.name for f in expected}
    assert [f for f in ours.fields if f.name not in younger] == expected
    assert younger <= {f.name for f in ours.fields}
    assert ours.base == base


@pytest.mark.parametrize("name", ARRAYS)
def test_array(name):
    # pyVmomi has no class for the reference itself, and so none for an array of it.
    item = name.removeprefix("ArrayOf")
    if item != "ManagedObjectReference":
        item = wire_type(V.GetWsdlType("urn:vim25", name).Item)
    element = item.removeprefix("xs:")
    assert INTERFACE.types[name].fields == [Field(element, item, True, True)]
    assert name == "ArrayOf" + element[0].upper() + element[1:]


@pytest.mark.parametrize("name", INTERFACE.enums)
def test_enum(name):
    theirs = V.GetWsdlType("urn:vim25", name)
    assert issubclass(theirs, V.Enum)
    values = {v for k, v in vars(theirs).items() if isinstance(v, theirs) and not k.startswith("_")}
    assert set(INTERFACE.enums[name]) == values


def result_field(info):
    if info.result is type(None):
        return None
    optional = bool(info.resultFlags & V.F_OPTIONAL)
    return Field("returnval", wire_type(item_type(info.result)), optional, is_array(info.result))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name):
    ours = OPERATIONS[name]
    theirs = V.GetWsdlMethod("urn:vim25", name).info
    params = [Field("_this", "ManagedObjectReference", False, False)]
    for param in theirs.params:
        optional = bool(param.flags & V.F_OPTIONAL)
        params.append(
            Field(param.name, wire_type(item_type(param.type)), optional, is_array(param.type))
        )
    assert ours.params == params
    assert ours.result == result_field(theirs)
    declared = {V.GetVmodlType(fault)._wsdlName for fault in theirs.faults}
    assert ours.faults == declared | {"RuntimeFault"}
    assert ours.messages == [name, name + "Response"]
