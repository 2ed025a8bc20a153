# Storage pools and volumes by libvirt-python, as virt-manager asks for them: what each call answered, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys
import time

import libvirt

uri, path, name = sys.argv[1:]
libvirt.registerErrorHandler(lambda _context, _error: None, None)
libvirt.virEventRegisterDefaultImpl()
connection = libvirt.open(uri)
seen = {}
codes = {}
events = []
kinds = ["defined", "undefined", "started", "stopped", "created", "deleted"]
connection.storagePoolEventRegisterAny(
    None,
    libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
    lambda _c, pool, event, _detail, _o: events.append([pool.name(), kinds[event]]),
    None,
)


def code(what, call):
    try:
        call()
        codes[what] = None
    except libvirt.libvirtError as error:
        codes[what] = [error.get_error_code(), error.get_error_domain()]


def names(objects):
    return sorted(one.name() for one in objects)


def volume_xml(volume, capacity=0):
    return f"<volume><name>{volume}</name><capacity>{capacity}</capacity><allocation>0</allocation></volume>"


seen["before"] = names(connection.listAllStoragePools())
code("no pool", lambda: connection.storagePoolLookupByName("files"))
xml = f"<pool type='dir'><name>files</name><target><path>{path}</path></target></pool>"
pool = connection.storagePoolDefineXML(xml, 0)
inactive = pool.isActive()
code("not active", pool.listAllVolumes)
pool.build(libvirt.VIR_STORAGE_POOL_BUILD_NEW)
pool.create(0)
autostart = pool.autostart()
pool.setAutostart(True)
seen["made"] = [inactive, autostart, pool.isActive(), pool.isPersistent(), pool.autostart()]
seen["counted"] = [connection.numOfStoragePools(), connection.numOfDefinedStoragePools()]
pool.refresh(0)
code("no volume", lambda: pool.storageVolLookupByName("disk.img"))
disk = pool.createXML(volume_xml("disk.img", 4 << 20), 0)
code("taken volume", lambda: pool.createXML(volume_xml("disk.img"), 0))
code(
    "taken pool",
    lambda: connection.storagePoolDefineXML(xml.replace("<name>files", "<name>others"), 0),
)
code("still active", pool.undefine)
seen["volumes"] = [names(pool.listAllVolumes()), pool.listVolumes(), pool.numOfVolumes()]
seen["info"] = disk.info()[:2]
seen["found"] = [
    connection.storageVolLookupByPath(f"{path}/disk.img").name(),
    connection.storageVolLookupByKey(disk.key()).name(),
    disk.storagePoolLookupByVolume().name(),
]

stream = connection.newStream()
disk.upload(stream, 7, 10)
stream.send(b"some bytes")
stream.finish()
stream = connection.newStream()
disk.download(stream, 7, 10)
got = b""
while True:
    part = stream.recv(1 << 16)
    if not part:
        break
    got += part
stream.finish()
seen["bytes"] = got.decode()
code("sparse stream", lambda: disk.download(connection.newStream(), 0, 0, libvirt.VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM))
copy = pool.createXMLFrom(volume_xml("copy.img"), disk, 0)
seen["copied"] = names(pool.listAllVolumes())

layer = connection.storagePoolLookupByName("roots").storageVolLookupByName(f"{name}.root")
stream = connection.newStream()
layer.download(stream, 0, 0)
beginning = b""
while True:
    part = stream.recv(1 << 16)
    if not part:
        break
    beginning = beginning or part
stream.finish()
seen["layer"] = beginning[:4] == b"\x28\xb5\x2f\xfd"  # zstd's

reader = libvirt.openReadOnly(uri.replace("libvirt-sock", "libvirt-sock-ro"))
code("read only", lambda: reader.storagePoolLookupByName("files").createXML(volume_xml("x"), 0))
for volume in pool.listAllVolumes():
    volume.delete(0)
pool.destroy()
pool.delete(0)
pool.undefine()
deadline = time.monotonic() + 10
while len(events) < 6 and time.monotonic() < deadline:
    libvirt.virEventRunDefaultImpl()
seen["events"] = events
seen["codes"] = codes
print(json.dumps(seen))
