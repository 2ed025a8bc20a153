// The protocol table: domains, their life, description, state, devices and access to the guest.
// SPDX-License-Identifier: Apache-2.0
import { charText, hyper, int, list, opaque, struct, uchar, uhyper, uint, ushort, uuid } from '../xdr.js';
import { cpumap, cpumaps, domain, optStr, str, typedParams } from './objects.js';
import { guarded, read, streaming, withDescriptors, write } from './row.js';

const dom = domain;
const xmlCall = { dom, xml: str };
const flagged = { dom, flags: uint };
const xmlResult = { xml: str };
const flag = { secureOrMigratable: 9, secure: 1, guest: 8, agent: 1 };

const vcpuInfo = struct({ number: uint, state: int, cpuTime: uhyper, cpu: int });
const iothreadInfo = struct({ iothreadId: uint, cpumap });
const diskError = struct({ disk: str, error: int });
const fsInfo = struct({ mountpoint: str, name: str, fstype: str, devAliases: list(str, 256) });
const ipAddress = struct({ type: int, addr: str, prefix: uint });
const interfaceAddresses = struct({ name: str, hwaddr: optStr, addrs: list(ipAddress, 2048) });
const securityLabel = { label: charText(4097), enforcing: int };
const mountpoints = list(str, 256);
const sshKeys = list(str, 2048);
const peeked = opaque(4_194_304);

/** Procedures on domains that none of the tables for disks, tuning, states and migration has. */
export const domainCalls = {
  domainLookupById: read(22, { id: int }, { dom }),
  domainLookupByName: read(23, { name: str }, { dom }),
  domainLookupByUuid: read(24, { uuid }, { dom }),
  domainCreateXml: write(10, { xmlDesc: str, flags: uint }, { dom }),
  domainCreateXmlWithFiles: withDescriptors(write(309, { xmlDesc: str, flags: uint }, { dom })),
  domainDefineXml: write(11, { xml: str }, { dom }),
  domainDefineXmlFlags: write(350, { xml: str, flags: uint }, { dom }),
  domainUndefine: write(35, { dom }),
  domainUndefineFlags: write(231, flagged),
  domainRename: write(358, { dom, newName: optStr, flags: uint }, { retcode: int }),

  domainCreate: write(9, { dom }),
  domainCreateWithFlags: write(196, flagged, { dom }),
  domainCreateWithFiles: withDescriptors(write(310, flagged, { dom })),
  domainFdAssociate: withDescriptors(write(443, { dom, name: str, flags: uint })),
  domainDestroy: write(12, { dom }),
  domainDestroyFlags: write(234, flagged),
  domainShutdown: write(33, { dom }),
  domainShutdownFlags: write(258, flagged),
  domainReboot: write(27, flagged),
  domainReset: write(245, flagged),
  domainSuspend: write(34, { dom }),
  domainResume: write(28, { dom }),
  domainPmSuspendForDuration: write(261, { dom, target: uint, duration: uhyper, flags: uint }),
  domainPmWakeup: write(267, flagged),
  domainSetLifecycleAction: write(390, { dom, type: uint, action: uint, flags: uint }),

  domainGetXmlDesc: guarded(14, 'flags', flag.secureOrMigratable, flagged, xmlResult),
  domainGetAutostart: read(15, { dom }, { autostart: int }),
  domainSetAutostart: write(29, { dom, autostart: int }),
  domainGetAutostartOnce: read(449, { dom }, { autostart: int }),
  domainSetAutostartOnce: write(450, { dom, autostart: int }),
  domainGetInfo: read(
    16,
    { dom },
    { state: uchar, maxMem: uhyper, memory: uhyper, nrVirtCpu: ushort, cpuTime: uhyper },
  ),
  domainGetState: read(212, flagged, { state: int, reason: int }),
  domainGetControlInfo: read(229, flagged, { state: uint, details: uint, stateTime: uhyper }),
  domainGetOsType: read(19, { dom }, { type: str }),
  domainIsActive: read(150, { dom }, { active: int }),
  domainIsPersistent: read(151, { dom }, { persistent: int }),
  domainIsUpdated: read(202, { dom }, { updated: int }),
  domainGetHostname: write(277, flagged, { hostname: str }),
  domainGetMessages: read(426, flagged, { msgs: list(str, 2048) }),
  domainSetMetadata: write(264, {
    dom,
    type: int,
    metadata: optStr,
    key: optStr,
    uri: optStr,
    flags: uint,
  }),
  domainGetMetadata: read(265, { dom, type: int, uri: optStr, flags: uint }, { metadata: str }),

  domainGetMaxMemory: read(17, { dom }, { memory: uhyper }),
  domainSetMaxMemory: write(30, { dom, memory: uhyper }),
  domainSetMemory: write(31, { dom, memory: uhyper }),
  domainSetMemoryFlags: write(204, { dom, memory: uhyper, flags: uint }),
  domainMemoryStats: read(
    159,
    { dom, maxStats: uint, flags: uint },
    { stats: list(struct({ tag: int, val: uhyper }), 1024) },
  ),
  domainSetMemoryStatsPeriod: write(308, { dom, period: int, flags: uint }),
  domainMemoryPeek: write(104, { dom, offset: uhyper, size: uint, flags: uint }, { buffer: peeked }),

  domainGetMaxVcpus: read(18, { dom }, { num: int }),
  domainGetVcpus: read(20, { dom, maxinfo: int, maplen: int }, { info: list(vcpuInfo, 16_384), cpumaps }),
  domainSetVcpus: write(32, { dom, nvcpus: uint }),
  domainSetVcpusFlags: write(199, { dom, nvcpus: uint, flags: uint }),
  domainGetVcpusFlags: guarded(200, 'flags', flag.guest, flagged, { num: int }),
  domainSetVcpu: write(384, { dom, cpumap: str, state: int, flags: uint }),
  domainGetGuestVcpus: write(371, flagged, { params: typedParams(64) }),
  domainSetGuestVcpus: write(372, { dom, cpumap: str, state: int, flags: uint }),
  domainPinVcpu: write(26, { dom, vcpu: uint, cpumap }),
  domainPinVcpuFlags: write(225, { dom, vcpu: uint, cpumap, flags: uint }),
  domainGetVcpuPinInfo: read(230, { dom, ncpumaps: int, maplen: int, flags: uint }, { cpumaps, num: int }),
  domainPinEmulator: write(279, { dom, cpumap, flags: uint }),
  domainGetEmulatorPinInfo: read(280, { dom, maplen: int, flags: uint }, { cpumaps, ret: int }),
  domainGetIothreadInfo: read(351, flagged, { info: list(iothreadInfo, 16_384), ret: uint }),
  domainPinIothread: write(352, { dom, iothreadsId: uint, cpumap, flags: uint }),
  domainAddIothread: write(355, { dom, iothreadId: uint, flags: uint }),
  domainDelIothread: write(356, { dom, iothreadId: uint, flags: uint }),
  domainSetIothreadParams: write(402, { dom, iothreadId: uint, params: typedParams(64), flags: uint }),

  domainAttachDevice: write(8, xmlCall),
  domainAttachDeviceFlags: write(160, { ...xmlCall, flags: uint }),
  domainDetachDevice: write(13, xmlCall),
  domainDetachDeviceFlags: write(161, { ...xmlCall, flags: uint }),
  domainDetachDeviceAlias: write(392, { dom, alias: str, flags: uint }),
  domainUpdateDeviceFlags: write(174, { ...xmlCall, flags: uint }),
  domainInterfaceStats: read(
    65,
    { dom, device: str },
    {
      rxBytes: hyper,
      rxPackets: hyper,
      rxErrs: hyper,
      rxDrop: hyper,
      txBytes: hyper,
      txPackets: hyper,
      txErrs: hyper,
      txDrop: hyper,
    },
  ),
  domainInterfaceAddresses: guarded(
    353,
    'source',
    flag.agent,
    { dom, source: uint, flags: uint },
    { ifaces: list(interfaceAddresses, 2048) },
  ),
  domainGetDiskErrors: read(
    263,
    { dom, maxerrors: uint, flags: uint },
    { errors: list(diskError, 256), nerrors: int },
  ),

  domainOpenConsole: streaming('both', write(201, { dom, devName: optStr, flags: uint })),
  domainOpenChannel: streaming('both', write(296, { dom, name: optStr, flags: uint })),
  domainOpenGraphics: withDescriptors(write(249, { dom, idx: uint, flags: uint })),
  domainOpenGraphicsFd: withDescriptors(write(343, { dom, idx: uint, flags: uint })),
  domainGraphicsReload: write(448, { dom, type: uint, flags: uint }),
  domainScreenshot: streaming('download', write(211, { dom, screen: uint, flags: uint }, { mime: optStr })),
  domainSendKey: write(226, {
    dom,
    codeset: uint,
    holdtime: uint,
    keycodes: list(uint, 16),
    flags: uint,
  }),
  domainInjectNmi: write(210, flagged),
  domainSendProcessSignal: write(295, { dom, pidValue: hyper, signum: uint, flags: uint }),
  domainGetSecurityLabel: read(121, { dom }, securityLabel),
  domainGetSecurityLabelList: read(278, { dom }, { labels: list(struct(securityLabel), 64), ret: int }),
  domainGetLaunchSecurityInfo: write(396, flagged, { params: typedParams(64) }),
  domainSetLaunchSecurityState: write(439, { dom, params: typedParams(64), flags: uint }),

  domainFsfreeze: write(335, { dom, mountpoints, flags: uint }, { filesystems: int }),
  domainFsthaw: write(336, { dom, mountpoints, flags: uint }, { filesystems: int }),
  domainFstrim: write(294, { dom, mountPoint: optStr, minimum: uhyper, flags: uint }),
  domainGetFsinfo: write(349, flagged, { info: list(fsInfo, 256), ret: uint }),
  domainGetTime: write(337, flagged, { seconds: hyper, nseconds: uint }),
  domainSetTime: write(338, { dom, seconds: hyper, nseconds: uint, flags: uint }),
  domainSetUserPassword: write(357, { dom, user: optStr, password: optStr, flags: uint }),
  domainGetGuestInfo: write(418, { dom, types: uint, flags: uint }, { params: typedParams(2048) }),
  domainAgentSetResponseTimeout: write(420, { dom, timeout: int, flags: uint }, { result: int }),
  domainAuthorizedSshKeysGet: write(424, { dom, user: str, flags: uint }, { keys: sshKeys }),
  domainAuthorizedSshKeysSet: write(425, { dom, user: str, keys: sshKeys, flags: uint }),
};
