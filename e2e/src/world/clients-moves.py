# Moves by libvirt-python, with the flags that virt-manager uses: what came of each, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

import libvirt

near_uri, far_uri, name = sys.argv[1:]
libvirt.registerErrorHandler(lambda _context, _error: None, None)
near = libvirt.open(near_uri)
far = libvirt.open(far_uri)
LIVE = libvirt.VIR_MIGRATE_LIVE
WHOLE = LIVE | libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
TUNNEL = WHOLE | libvirt.VIR_MIGRATE_PEER2PEER | libvirt.VIR_MIGRATE_TUNNELLED


def refused(flags, params):
    try:
        near.lookupByName(name).migrate3(far, params, flags)
    except libvirt.libvirtError as error:
        return str(error)
    return None


def held(connection):
    return [domain.name() for domain in connection.listAllDomains()]


way = {libvirt.VIR_MIGRATE_PARAM_URI: far_uri}
told = {
    "temporary": refused(LIVE, way),
    "address": refused(WHOLE, {libvirt.VIR_MIGRATE_PARAM_URI: "tcp:far:22"}),
    "unsafe": refused(WHOLE | libvirt.VIR_MIGRATE_UNSAFE, {libvirt.VIR_MIGRATE_PARAM_URI: "ctvirt+unix:///?socket=/no"}),
}
moved = near.lookupByName(name).migrate3(far, way, WHOLE)
told["moved"] = [moved.name(), moved.isActive(), moved.isPersistent(), held(near), held(far)]
moved.migrateToURI3(near_uri, {}, TUNNEL)
told["back"] = [held(near), held(far)]
print(json.dumps(told))
