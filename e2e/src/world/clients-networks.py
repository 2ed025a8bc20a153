# A network's life by libvirt-python: what its events, lookups, updates, leases and errors were, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys
import threading
import time

import libvirt

uri, uuid = sys.argv[1:3]
libvirt.registerErrorHandler(lambda _context, _error: None, None)
libvirt.virEventRegisterDefaultImpl()


def turn():
    while True:
        libvirt.virEventRunDefaultImpl()


threading.Thread(target=turn, daemon=True).start()
connection = libvirt.open(uri)
names = {0: "defined", 1: "undefined", 2: "started", 3: "stopped"}
events = []
codes = {}


def code(what, call):
    try:
        call()
        codes[what] = None
    except libvirt.libvirtError as error:
        codes[what] = [error.get_error_code(), error.get_error_domain()]


connection.networkEventRegisterAny(
    None,
    libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE,
    lambda _c, network, event, _detail, _o: events.append([network.name(), names[event]]),
    None,
)
xml = f"""<network><name>py</name><uuid>{uuid}</uuid><forward mode='open'/>
<ip address='192.0.2.1' prefix='24'><dhcp><range start='192.0.2.10' end='192.0.2.99'/></dhcp></ip></network>"""
network = connection.networkDefineXML(xml)
code("absent", lambda: connection.networkLookupByName("no such network"))
code("absent by UUID", lambda: connection.networkLookupByUUIDString("00000000-0000-4000-8000-000000000000"))
code("not active", network.destroy)
code("no XML", lambda: connection.networkDefineXML("<network"))
code("no network", lambda: connection.networkDefineXML("<network/>"))
network.setAutostart(1)
network.create()
code("active", network.create)
for flags in (libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE, libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG):
    network.update(
        libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
        libvirt.VIR_NETWORK_SECTION_IP_DHCP_HOST,
        -1,
        "<host mac='52:54:00:00:00:31' name='web' ip='192.0.2.5'/>",
        flags,
    )
code(
    "no such part",
    lambda: network.update(
        libvirt.VIR_NETWORK_UPDATE_COMMAND_MODIFY, libvirt.VIR_NETWORK_SECTION_BRIDGE, -1, "<bridge/>", 0
    ),
)
code("no such port", lambda: network.portLookupByUUIDString(uuid))
seen = {
    "lookups": [
        connection.networkLookupByName("py").name(),
        connection.networkLookupByUUIDString(uuid).name(),
        connection.networkLookupByUUID(network.UUID()).name(),
    ],
    "facts": [network.isActive(), network.isPersistent(), network.autostart()],
    "listed": [each.name() for each in connection.listAllNetworks(libvirt.VIR_CONNECT_LIST_NETWORKS_AUTOSTART)],
    "hosts": [text.count("<host ") for text in (network.XMLDesc(0), network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE))],
    "leases": network.DHCPLeases(),
    "ports": network.listAllPorts(),
}
network.destroy()
network.undefine()
code("gone", network.isActive)
end = time.monotonic() + 5
while len(events) < 4 and time.monotonic() < end:
    time.sleep(0.02)
print(json.dumps({**seen, "events": events, "codes": codes}))
