// The protocol table: the connection itself, authentication, and registration of events.
// SPDX-License-Identifier: Apache-2.0
import { charBytes, int, list, optional, struct, uhyper, uint } from '../xdr.js';
import {
  domain,
  maxObjects,
  network,
  nodeDevice,
  optStr,
  secret,
  storagePool,
  str,
  typedParams,
} from './objects.js';
import { read, write } from './row.js';

const saslData = charBytes(65_536);
const emulator = { emulator: optStr, arch: optStr, machine: optStr, virttype: optStr };
const baselineXmls = list(str, 256);

const domainStatsRecord = struct({ dom: domain, params: typedParams(262_144) });

/** Procedures of the connection itself, with authentication and events; those that list domains are here too. */
export const connectCalls = {
  connectOpen: read(1, { name: optStr, flags: uint }),
  connectClose: read(2),
  connectGetType: read(3, {}, { type: str }),
  connectGetVersion: read(4, {}, { hvVer: uhyper }),
  connectGetMaxVcpus: read(5, { type: optStr }, { maxVcpus: int }),
  connectGetCapabilities: read(7, {}, { capabilities: str }),
  connectGetHostname: read(59, {}, { hostname: str }),
  connectSupportsFeature: read(60, { feature: int }, { supported: int }),
  authList: read(66, {}, { types: list(int, 20) }),
  authSaslInit: read(67, {}, { mechlist: str }),
  authSaslStart: read(
    68,
    { mech: str, nil: int, data: saslData },
    { complete: int, nil: int, data: saslData },
  ),
  authSaslStep: read(69, { nil: int, data: saslData }, { complete: int, nil: int, data: saslData }),
  authPolkit: read(70, {}, { complete: int }),
  connectGetUri: read(110, {}, { uri: str }),
  connectDomainXmlFromNative: write(
    135,
    { nativeFormat: str, nativeConfig: str, flags: uint },
    { domainXml: str },
  ),
  connectDomainXmlToNative: write(
    136,
    { nativeFormat: str, domainXml: str, flags: uint },
    { nativeConfig: str },
  ),
  connectIsSecure: read(149, {}, { secure: int }),
  connectGetLibVersion: read(157, {}, { libVer: uhyper }),
  connectCompareCpu: read(158, { xml: str, flags: uint }, { result: int }),
  connectBaselineCpu: read(162, { xmlCpus: baselineXmls, flags: uint }, { cpu: str }),
  connectGetSysinfo: read(203, { flags: uint }, { sysinfo: str }),
  connectGetCpuModelNames: read(
    312,
    { arch: str, needResults: int, flags: uint },
    { models: list(str, 8192), ret: int },
  ),
  connectGetDomainCapabilities: write(
    342,
    { emulatorbin: optStr, arch: optStr, machine: optStr, virttype: optStr, flags: uint },
    { capabilities: str },
  ),
  connectCompareHypervisorCpu: write(393, { ...emulator, xmlCpu: str, flags: uint }, { result: int }),
  connectBaselineHypervisorCpu: write(394, { ...emulator, xmlCpus: baselineXmls, flags: uint }, { cpu: str }),
  connectSetIdentity: read(419, { params: typedParams(20), flags: uint }),

  connectDomainEventRegister: read(105, {}, { cbRegistered: int }),
  connectDomainEventDeregister: read(106, {}, { cbRegistered: int }),
  connectDomainEventRegisterAny: read(167, { eventId: int }),
  connectDomainEventDeregisterAny: read(168, { eventId: int }),
  connectNetworkEventRegisterAny: read(313, { eventId: int, net: optional(network) }, { callbackId: int }),
  connectNetworkEventDeregisterAny: read(314, { callbackId: int }),
  connectDomainEventCallbackRegisterAny: read(
    316,
    { eventId: int, dom: optional(domain) },
    { callbackId: int },
  ),
  connectDomainEventCallbackDeregisterAny: read(317, { callbackId: int }),
  connectRegisterCloseCallback: read(360),
  connectUnregisterCloseCallback: read(361),
  connectStoragePoolEventRegisterAny: read(
    368,
    { eventId: int, pool: optional(storagePool) },
    { callbackId: int },
  ),
  connectStoragePoolEventDeregisterAny: read(369, { callbackId: int }),
  connectNodeDeviceEventRegisterAny: read(
    374,
    { eventId: int, dev: optional(nodeDevice) },
    { callbackId: int },
  ),
  connectNodeDeviceEventDeregisterAny: read(375, { callbackId: int }),
  connectSecretEventRegisterAny: read(380, { eventId: int, secret: optional(secret) }, { callbackId: int }),
  connectSecretEventDeregisterAny: read(381, { callbackId: int }),

  connectNumOfDomains: read(51, {}, { num: int }),
  connectListDomains: read(37, { maxids: int }, { ids: list(int, maxObjects) }),
  connectNumOfDefinedDomains: read(25, {}, { num: int }),
  connectListDefinedDomains: read(21, { maxnames: int }, { names: list(str, maxObjects) }),
  connectListAllDomains: read(
    273,
    { needResults: int, flags: uint },
    { domains: list(domain, maxObjects), ret: uint },
  ),
  connectGetAllDomainStats: read(
    344,
    { doms: list(domain, maxObjects), stats: uint, flags: uint },
    { retStats: list(domainStatsRecord, maxObjects) },
  ),
};
