# Moves by libvirt-python, and by virt-manager's own code, unmodified: what came of each, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys
from types import SimpleNamespace

import gi
import libvirt

sys.path.insert(0, "/usr/share/virt-manager")
for namespace, version in [("Gdk", "3.0"), ("Gtk", "3.0"), ("LibvirtGLib", "1.0")]:
    gi.require_version(namespace, version)
from virtinst import VirtinstConnection  # noqa: E402
from virtManager import config  # noqa: E402, F401
from virtManager.object.domain import vmmDomain  # noqa: E402

near_uri, far_uri, name = sys.argv[1:]
libvirt.registerErrorHandler(lambda _context, _error: None, None)
near = libvirt.open(near_uri)
far = VirtinstConnection(far_uri)
far.open(None, None)


def press_migrate(uri, **choices):
    """As its dialog does: to the address that is filled in there, by the library's own connection."""
    shown = SimpleNamespace(
        _backend=near.lookupByName(name),
        conn=SimpleNamespace(is_test=lambda: False),
        _cancel_set_time=lambda: None,
    )
    to = SimpleNamespace(get_backend=lambda: far)
    try:
        vmmDomain.migrate(shown, to, uri, **choices)
    except libvirt.libvirtError as error:
        return str(error)
    return None


def held(connection):
    return [domain.name() for domain in connection.listAllDomains()]


address = f"tcp:{far.getHostname()}:49152"
told = {
    "temporary": press_migrate(address, temporary=True),
    "document": press_migrate(address, xml="<domain/>"),
    "unsafe": [press_migrate(address, unsafe=True), held(near), held(far)],
}
WHOLE = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
away = far.lookupByName(name)
away.migrateToURI3(near_uri, {}, WHOLE | libvirt.VIR_MIGRATE_PEER2PEER)
told["back"] = [held(near), held(far)]
told["tunnelled"] = [press_migrate(far_uri, tunnel=True), held(near), held(far)]
way = {libvirt.VIR_MIGRATE_PARAM_URI: near_uri}
home = far.lookupByName(name).migrate3(near, way, WHOLE)
told["home"] = [home.name(), home.isActive(), home.isPersistent(), held(near), held(far)]
print(json.dumps(told))
