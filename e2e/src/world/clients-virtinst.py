# Storage as virt-manager and virt-install make it: their own classes, unmodified, and what came of each, as JSON.
# SPDX-License-Identifier: Apache-2.0
import json
import sys

sys.path.insert(0, "/usr/share/virt-manager")
from virtinst import StoragePool, StorageVolume, VirtinstConnection  # noqa: E402
from virtinst.diskbackend import manage_path  # noqa: E402

uri, path = sys.argv[1:]
connection = VirtinstConnection(uri)
connection.open(None, None)
seen = {}

# At its start virt-manager makes a pool 'default' where there is none.
seen["default"] = StoragePool.build_default_pool(connection).name

pool = StoragePool(connection)
pool.type = pool.TYPE_DIR
pool.name = StoragePool.find_free_name(connection, "files")
pool.target_path = path
pool.validate()
made = pool.install(create=True, build=True, autostart=True)
seen["pool"] = [made.name(), made.isActive(), made.autostart()]

volume = StorageVolume(connection)
volume.pool = made
volume.name = StorageVolume.find_free_name(connection, made, "disk", suffix=".img")
volume.capacity = 3 << 20
volume.allocation = 0
volume.validate()
disk = volume.install()
seen["volume"] = [disk.name(), disk.info()[1]]

copy = StorageVolume(connection)
copy.pool = made
copy.set_input_vol(disk)
copy.name = "copy.img"
copy.capacity = volume.capacity
seen["copy"] = copy.install().path() == f"{path}/copy.img"

# What somebody chose by its path: the pool that it lies in is found, or made.
StoragePool.ensure_pool_is_running(made, refresh=True)
_path, found, its_pool = manage_path(connection, f"{path}/copy.img")
seen["found"] = [found.name(), its_pool.name()]
_path, found, new_pool = manage_path(connection, f"{path}/../elsewhere/new.img")
seen["new"] = [found, new_pool.name(), new_pool.autostart()]

for one in made.listAllVolumes():
    one.delete(0)
for one in [made, new_pool]:
    one.destroy()
    one.undefine()
print(json.dumps(seen))
