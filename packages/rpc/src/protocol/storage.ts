// The protocol table: storage pools, volumes, secrets.
// SPDX-License-Identifier: Apache-2.0
import { char, int, list, opaque, uchar, uhyper, uint, uuid } from '../xdr.js';
import { maxObjects, names, optStr, secret, storagePool, storageVol, str } from './objects.js';
import { read, streaming, write } from './row.js';

const pool = storagePool;
const vol = storageVol;
const poolFlagged = { pool, flags: uint };
const volFlagged = { vol, flags: uint };
const flagged = { xml: str, flags: uint };
const wanted = { needResults: int, flags: uint };
const xmlResult = { xml: str };
const range = { vol, offset: uhyper, length: uhyper, flags: uint };
const volInfo = { type: char, capacity: uhyper, allocation: uhyper };
const secretValue = opaque(65_536);

/** Procedures on storage pools and volumes, whose sizes are bytes, and on secrets. */
export const storageCalls = {
  connectNumOfStoragePools: read(71, {}, { num: int }),
  connectListStoragePools: read(72, { maxnames: int }, { names }),
  connectNumOfDefinedStoragePools: read(73, {}, { num: int }),
  connectListDefinedStoragePools: read(74, { maxnames: int }, { names }),
  connectListAllStoragePools: read(281, wanted, { pools: list(storagePool, maxObjects), ret: uint }),
  connectFindStoragePoolSources: write(75, { type: str, srcSpec: optStr, flags: uint }, xmlResult),
  connectGetStoragePoolCapabilities: read(403, { flags: uint }, { capabilities: str }),
  storagePoolLookupByName: read(84, { name: str }, { pool }),
  storagePoolLookupByUuid: read(85, { uuid }, { pool }),
  storagePoolLookupByVolume: read(86, { vol }, { pool }),
  storagePoolLookupByTargetPath: read(391, { path: str }, { pool }),
  storagePoolCreateXml: write(76, flagged, { pool }),
  storagePoolDefineXml: write(77, flagged, { pool }),
  storagePoolCreate: write(78, poolFlagged),
  storagePoolBuild: write(79, poolFlagged),
  storagePoolDestroy: write(80, { pool }),
  storagePoolDelete: write(81, poolFlagged),
  storagePoolUndefine: write(82, { pool }),
  storagePoolRefresh: write(83, poolFlagged),
  storagePoolGetInfo: read(
    87,
    { pool },
    { state: uchar, capacity: uhyper, allocation: uhyper, available: uhyper },
  ),
  storagePoolGetXmlDesc: read(88, poolFlagged, xmlResult),
  storagePoolGetAutostart: read(89, { pool }, { autostart: int }),
  storagePoolSetAutostart: write(90, { pool, autostart: int }),
  storagePoolIsActive: read(154, { pool }, { active: int }),
  storagePoolIsPersistent: read(155, { pool }, { persistent: int }),
  storagePoolNumOfVolumes: read(91, { pool }, { num: int }),
  storagePoolListVolumes: read(92, { pool, maxnames: int }, { names }),
  storagePoolListAllVolumes: read(
    282,
    { pool, ...wanted },
    { vols: list(storageVol, maxObjects), ret: uint },
  ),

  storageVolLookupByName: read(95, { pool, name: str }, { vol }),
  storageVolLookupByKey: read(96, { key: str }, { vol }),
  storageVolLookupByPath: read(97, { path: str }, { vol }),
  storageVolCreateXml: write(93, { pool, ...flagged }, { vol }),
  storageVolCreateXmlFrom: write(125, { pool, xml: str, clonevol: storageVol, flags: uint }, { vol }),
  storageVolDelete: write(94, volFlagged),
  storageVolGetInfo: read(98, { vol }, volInfo),
  storageVolGetInfoFlags: read(378, volFlagged, volInfo),
  storageVolGetXmlDesc: read(99, volFlagged, xmlResult),
  storageVolGetPath: read(100, { vol }, { name: str }),
  storageVolWipe: write(165, volFlagged),
  storageVolWipePattern: write(259, { vol, algorithm: uint, flags: uint }),
  storageVolResize: write(260, { vol, capacity: uhyper, flags: uint }),
  storageVolUpload: streaming('upload', write(208, range)),
  storageVolDownload: streaming('download', write(209, range)),

  connectNumOfSecrets: read(139, {}, { num: int }),
  connectListSecrets: read(140, { maxuuids: int }, { uuids: list(str, maxObjects) }),
  connectListAllSecrets: read(287, wanted, { secrets: list(secret, maxObjects), ret: uint }),
  secretLookupByUuid: read(141, { uuid }, { secret }),
  secretLookupByUsage: read(147, { usageType: int, usageId: str }, { secret }),
  secretDefineXml: write(142, flagged, { secret }),
  secretGetXmlDesc: read(143, { secret, flags: uint }, xmlResult),
  secretSetValue: write(144, { secret, value: secretValue, flags: uint }),
  secretGetValue: write(145, { secret, flags: uint }, { value: secretValue }),
  secretUndefine: write(146, { secret }),
};
