# A domain's life by libvirt-python: what its events, parameters, console and errors were, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys
import threading
import time

import libvirt

uri = sys.argv[1]
libvirt.registerErrorHandler(lambda _context, _error: None, None)
libvirt.virEventRegisterDefaultImpl()


def turn():
    while True:
        libvirt.virEventRunDefaultImpl()


threading.Thread(target=turn, daemon=True).start()
connection = libvirt.open(uri)
domain = connection.lookupByName("py")
events = []
names = {1: "undefined", 2: "started", 3: "suspended", 4: "resumed", 5: "stopped"}


def listen(kind, callback):
    connection.domainEventRegisterAny(domain, kind, callback, None)


listen(
    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
    lambda _c, d, event, _detail, _o: events.append(["lifecycle", names[event], d.ID() > 0]),
)
listen(libvirt.VIR_DOMAIN_EVENT_ID_TUNABLE, lambda _c, _d, params, _o: events.append(["tunable", params]))
listen(libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, lambda _c, _d, kib, _o: events.append(["balloon", kib]))
listen(libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, lambda _c, _d, kind, _uri, _o: events.append(["metadata", kind]))

codes = {}


def code(what, call):
    try:
        call()
        codes[what] = None
    except libvirt.libvirtError as error:
        codes[what] = error.get_error_code()


def found(lookup):
    return lookup().name()


code("absent by UUID", lambda: connection.lookupByUUIDString("00000000-0000-4000-8000-000000000000"))
code("absent by id", lambda: connection.lookupByID(2147483647))
code("absent", lambda: connection.lookupByName("no such domain"))
code("not running", domain.suspend)
code("no metadata", lambda: domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None))
code("broken XML", lambda: connection.defineXML("<domain"))
domain.create()
code("already running", domain.create)
running = connection.lookupByName("py")
lookups = [
    found(lambda: connection.lookupByID(running.ID())),
    found(lambda: connection.lookupByUUIDString(running.UUIDString())),
    found(lambda: connection.lookupByUUID(running.UUID())),
]
code("unknown procedure", lambda: domain.managedSave(0))
domain.setSchedulerParametersFlags({"cpu_shares": 333}, libvirt.VIR_DOMAIN_AFFECT_LIVE)
parameters = domain.schedulerParametersFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE)
code("value out of range", lambda: domain.setSchedulerParametersFlags({"vcpu_period": 5}, 0))
domain.setMemory(200000)
domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "A title", None, None, 0)
code("read only", lambda: libvirt.openReadOnly(uri).lookupByName("py").destroy())

stream = connection.newStream(0)
domain.openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
stream.send(b"echo six times seven is $((6*7))\n")
console = b""
deadline = time.time() + 10
while b"is 42" not in console and time.time() < deadline:
    console += stream.recv(1024)
stream.finish()

domain.suspend()
domain.resume()
assert domain.info()[0] == libvirt.VIR_DOMAIN_RUNNING
domain.destroy()
domain.undefine()
deadline = time.time() + 10
while len(events) < 8 and time.time() < deadline:
    time.sleep(0.05)
print(json.dumps({"events": events, "console": console.decode(errors="replace"), "codes": codes, "lookups": lookups, "parameters": parameters}))
