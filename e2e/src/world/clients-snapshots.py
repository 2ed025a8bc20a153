# Snapshots by libvirt-python, as virt-manager asks for them: what each call answered, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

import libvirt

libvirt.registerErrorHandler(lambda _context, _error: None, None)
connection = libvirt.open(sys.argv[1])
domain = connection.lookupByName(sys.argv[2])
seen = {}
codes = {}


def code(what, call):
    try:
        call()
        codes[what] = None
    except libvirt.libvirtError as error:
        codes[what] = [error.get_error_code(), error.get_error_domain()]


def names(snapshots):
    return [snapshot.getName() for snapshot in snapshots]


def xml(name, description):
    return f"<domainsnapshot><name>{name}</name><description>{description}</description></domainsnapshot>"


code("absent", lambda: domain.snapshotLookupByName("one"))
code("no current", lambda: domain.snapshotCurrent())
seen["empty"] = [names(domain.listAllSnapshots()), domain.snapshotNum(), domain.hasCurrentSnapshot()]
one = domain.snapshotCreateXML(xml("one", "the first"), 0)
two = domain.snapshotCreateXML(xml("two", "the second"), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC)
code("taken", lambda: domain.snapshotCreateXML(xml("one", ""), 0))
code("no parent", lambda: one.getParent())
code("metadata only", lambda: one.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY))
code("unknown flag", lambda: domain.snapshotCreateXML(xml("x", ""), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA))
seen["listed"] = [names(domain.listAllSnapshots()), domain.snapshotListNames(), domain.snapshotNum()]
seen["roots"] = names(domain.listAllSnapshots(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_ROOTS))
seen["children"] = [one.numChildren(), one.listChildrenNames(), names(one.listAllChildren())]
seen["parent"] = two.getParent().getName()
seen["current"] = [domain.snapshotCurrent().getName(), two.isCurrent(), one.isCurrent(), one.hasMetadata()]
before = two.getXMLDesc()
domain.snapshotCreateXML(before.replace("the second", "edited"), libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
seen["edited"] = [two.getXMLDesc() == before.replace("the second", "edited"), "<domain type=" in before]
domain.revertToSnapshot(one)
seen["reverted"] = [domain.snapshotCurrent().getName(), domain.isActive()]
domain.revertToSnapshot(two, libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED)
seen["paused"] = domain.state()[0]
code("read only", lambda: libvirt.openReadOnly(sys.argv[1]).lookupByName(sys.argv[2]).snapshotCreateXML(xml("x", "")))
one.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN)
seen["deleted"] = [name for name in names(domain.listAllSnapshots()) if name != "before-revert"]
seen["codes"] = codes
print(json.dumps(seen))
