// The protocol table: the host and its devices.
// SPDX-License-Identifier: Apache-2.0
import { charText, fixedCharText, int, list, struct, uhyper, uint } from '../xdr.js';
import { cpumap, nodeDevice, optStr, str, typedParams } from './objects.js';
import { read, write } from './row.js';

const namedCounter = struct({ field: str, value: uhyper });
const maxCells = 1024;
const deviceNames = list(str, 65_536);
const memoryParams = typedParams(64);

/** Procedures on the host and its devices; `nodeGetInfo` tells memory in KiB, `nodeGetFreeMemory` in bytes. */
export const nodeCalls = {
  nodeGetInfo: read(
    6,
    {},
    {
      model: fixedCharText(32),
      memory: uhyper,
      cpus: int,
      mhz: int,
      nodes: int,
      sockets: int,
      cores: int,
      threads: int,
    },
  ),
  nodeGetCellsFreeMemory: read(101, { startCell: int, maxcells: int }, { cells: list(uhyper, maxCells) }),
  nodeGetFreeMemory: read(102, {}, { freeMem: uhyper }),
  nodeGetSecurityModel: read(122, {}, { model: charText(257), doi: charText(257) }),
  nodeGetCpuStats: read(
    227,
    { cpuNum: int, nparams: int, flags: uint },
    { params: list(namedCounter, 16), nparams: int },
  ),
  nodeGetMemoryStats: read(
    228,
    { nparams: int, cellNum: int, flags: uint },
    { params: list(namedCounter, 16), nparams: int },
  ),
  nodeSuspendForDuration: write(250, { target: uint, duration: uhyper, flags: uint }),
  nodeSetMemoryParameters: write(288, { params: memoryParams, flags: uint }),
  nodeGetMemoryParameters: read(289, { nparams: int, flags: uint }, { params: memoryParams, nparams: int }),
  nodeGetCpuMap: read(
    293,
    { needMap: int, needOnline: int, flags: uint },
    { cpumap, online: uint, ret: int },
  ),
  nodeGetFreePages: read(
    340,
    { pages: list(uint, maxCells), startCell: int, cellCount: uint, flags: uint },
    { counts: list(uhyper, maxCells) },
  ),
  nodeAllocPages: write(
    347,
    {
      pageSizes: list(uint, maxCells),
      pageCounts: list(uhyper, maxCells),
      startCell: int,
      cellCount: uint,
      flags: uint,
    },
    { ret: int },
  ),
  nodeGetSevInfo: write(395, { nparams: int, flags: uint }, { params: typedParams(64), nparams: int }),

  nodeNumOfDevices: read(111, { cap: optStr, flags: uint }, { num: int }),
  nodeListDevices: read(112, { cap: optStr, maxnames: int, flags: uint }, { names: deviceNames }),
  nodeDeviceLookupByName: read(113, { name: str }, { dev: nodeDevice }),
  nodeDeviceGetXmlDesc: read(114, { name: str, flags: uint }, { xml: str }),
  nodeDeviceGetParent: read(115, { name: str }, { parentName: optStr }),
  nodeDeviceNumOfCaps: read(116, { name: str }, { num: int }),
  nodeDeviceListCaps: read(117, { name: str, maxnames: int }, { names: deviceNames }),
  nodeDeviceDettach: write(118, { name: str }),
  nodeDeviceReAttach: write(119, { name: str }),
  nodeDeviceReset: write(120, { name: str }),
  nodeDeviceCreateXml: write(123, { xmlDesc: str, flags: uint }, { dev: nodeDevice }),
  nodeDeviceDestroy: write(124, { name: str }),
  connectListAllNodeDevices: read(
    285,
    { needResults: int, flags: uint },
    { devices: list(nodeDevice, 65_536), ret: uint },
  ),
  nodeDeviceLookupScsiHostByWwn: read(297, { wwnn: str, wwpn: str, flags: uint }, { dev: nodeDevice }),
  nodeDeviceDetachFlags: write(301, { name: str, driverName: optStr, flags: uint }),
  nodeDeviceDefineXml: write(428, { xmlDesc: str, flags: uint }, { dev: nodeDevice }),
  nodeDeviceUpdate: write(447, { name: str, xmlDesc: str, flags: uint }),
  nodeDeviceUndefine: write(429, { name: str, flags: uint }),
  nodeDeviceCreate: write(430, { name: str, flags: uint }),
  nodeDeviceGetAutostart: write(433, { name: str }, { autostart: int }),
  nodeDeviceSetAutostart: write(434, { name: str, autostart: int }),
  nodeDeviceIsPersistent: read(435, { name: str }, { persistent: int }),
  nodeDeviceIsActive: read(436, { name: str }, { active: int }),
};
