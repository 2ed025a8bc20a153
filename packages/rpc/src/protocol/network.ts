// The protocol table: networks, their ports, host interfaces, network filters.
// SPDX-License-Identifier: Apache-2.0
import { hyper, int, list, struct, uint, uuid } from '../xdr.js';
import {
  hostInterface,
  maxObjects,
  names,
  network,
  networkPort,
  nwfilter,
  nwfilterBinding,
  optStr,
  str,
  typedParams,
} from './objects.js';
import { read, write } from './row.js';

const net = network;
const iface = hostInterface;
const port = networkPort;
const flagged = { xml: str, flags: uint };
const wanted = { needResults: int, flags: uint };
const xmlResult = { xml: str };
const portParams = typedParams(16);

const dhcpLease = struct({
  iface: str,
  expirytime: hyper,
  type: int,
  mac: optStr,
  iaid: optStr,
  ipaddr: str,
  prefix: uint,
  hostname: optStr,
  clientid: optStr,
});

/** Procedures on networks, their ports and leases, interfaces of the host, and network filters. */
export const networkCalls = {
  connectNumOfNetworks: read(52, {}, { num: int }),
  connectListNetworks: read(38, { maxnames: int }, { names }),
  connectNumOfDefinedNetworks: read(50, {}, { num: int }),
  connectListDefinedNetworks: read(36, { maxnames: int }, { names }),
  connectListAllNetworks: read(283, wanted, { nets: list(network, maxObjects), ret: uint }),
  networkLookupByName: read(46, { name: str }, { net }),
  networkLookupByUuid: read(47, { uuid }, { net }),
  networkCreate: write(39, { net }),
  networkCreateXml: write(40, { xml: str }, { net }),
  networkCreateXmlFlags: write(437, flagged, { net }),
  networkDefineXml: write(41, { xml: str }, { net }),
  networkDefineXmlFlags: write(432, flagged, { net }),
  networkUndefine: write(49, { net }),
  networkDestroy: write(42, { net }),
  networkUpdate: write(291, {
    net,
    command: uint,
    section: uint,
    parentIndex: int,
    xml: str,
    flags: uint,
  }),
  networkGetXmlDesc: read(43, { net, flags: uint }, xmlResult),
  networkGetBridgeName: read(45, { net }, { name: str }),
  networkGetAutostart: read(44, { net }, { autostart: int }),
  networkSetAutostart: write(48, { net, autostart: int }),
  networkIsActive: read(152, { net }, { active: int }),
  networkIsPersistent: read(153, { net }, { persistent: int }),
  networkSetMetadata: write(444, {
    network,
    type: int,
    metadata: optStr,
    key: optStr,
    uri: optStr,
    flags: uint,
  }),
  networkGetMetadata: read(445, { network, type: int, uri: optStr, flags: uint }, { metadata: str }),
  networkGetDhcpLeases: read(
    341,
    { net, mac: optStr, needResults: int, flags: uint },
    { leases: list(dhcpLease, 65_536), ret: uint },
  ),
  networkListAllPorts: read(404, { network, ...wanted }, { ports: list(networkPort, maxObjects), ret: uint }),
  networkPortLookupByUuid: read(405, { network, uuid }, { port }),
  networkPortCreateXml: write(406, { network, xml: str, flags: uint }, { port }),
  networkPortGetParameters: read(
    407,
    { port, nparams: int, flags: uint },
    { params: portParams, nparams: int },
  ),
  networkPortSetParameters: write(408, { port, params: portParams, flags: uint }),
  networkPortGetXmlDesc: read(409, { port, flags: uint }, xmlResult),
  networkPortDelete: write(410, { port, flags: uint }),

  connectNumOfInterfaces: read(126, {}, { num: int }),
  connectListInterfaces: read(127, { maxnames: int }, { names }),
  connectNumOfDefinedInterfaces: read(137, {}, { num: int }),
  connectListDefinedInterfaces: read(138, { maxnames: int }, { names }),
  connectListAllInterfaces: read(284, wanted, { ifaces: list(hostInterface, maxObjects), ret: uint }),
  interfaceLookupByName: read(128, { name: str }, { iface }),
  interfaceLookupByMacString: read(129, { mac: str }, { iface }),
  interfaceGetXmlDesc: read(130, { iface, flags: uint }, xmlResult),
  interfaceDefineXml: write(131, flagged, { iface }),
  interfaceUndefine: write(132, { iface }),
  interfaceCreate: write(133, { iface, flags: uint }),
  interfaceDestroy: write(134, { iface, flags: uint }),
  interfaceIsActive: read(156, { iface }, { active: int }),
  interfaceChangeBegin: write(220, { flags: uint }),
  interfaceChangeCommit: write(221, { flags: uint }),
  interfaceChangeRollback: write(222, { flags: uint }),

  connectNumOfNwfilters: read(178, {}, { num: int }),
  connectListNwfilters: read(179, { maxnames: int }, { names }),
  connectListAllNwfilters: read(286, wanted, { filters: list(nwfilter, maxObjects), ret: uint }),
  nwfilterLookupByName: read(175, { name: str }, { nwfilter }),
  nwfilterLookupByUuid: read(176, { uuid }, { nwfilter }),
  nwfilterGetXmlDesc: read(177, { nwfilter, flags: uint }, xmlResult),
  nwfilterDefineXml: write(180, { xml: str }, { nwfilter }),
  nwfilterDefineXmlFlags: write(431, flagged, { nwfilter }),
  nwfilterUndefine: write(181, { nwfilter }),
  connectListAllNwfilterBindings: read(401, wanted, {
    bindings: list(nwfilterBinding, maxObjects),
    ret: uint,
  }),
  nwfilterBindingLookupByPortDev: read(397, { name: str }, { nwfilter: nwfilterBinding }),
  nwfilterBindingGetXmlDesc: read(398, { nwfilter: nwfilterBinding, flags: uint }, xmlResult),
  nwfilterBindingCreateXml: write(399, flagged, { nwfilter: nwfilterBinding }),
  nwfilterBindingDelete: write(400, { nwfilter: nwfilterBinding }),
};
