// The protocol table: messages the server sends unasked, and which event makes which of them.
// SPDX-License-Identifier: Apache-2.0
import { hyper, int, list, struct, uhyper, uint } from '../xdr.js';
import { domain, network, nodeDevice, optStr, secret, storagePool, str, typedParams } from './objects.js';
import { message } from './row.js';

const dom = domain;
const callbackId = int;
const device = { dom, devAlias: str };
const graphicsAddress = struct({ family: int, node: str, service: str });
const graphicsIdentity = struct({ type: str, name: str });

const lifecycle = { dom, event: int, detail: int };
const rtcChange = { dom, offset: hyper };
const watchdog = { dom, action: int };
const ioError = { dom, srcPath: str, devAlias: str, action: int };
const ioErrorReason = { ...ioError, reason: str };
const graphics = {
  dom,
  phase: int,
  local: graphicsAddress,
  remote: graphicsAddress,
  authScheme: str,
  subject: list(graphicsIdentity, 20),
};
const blockJob = { dom, path: str, type: int, status: int };
const diskChange = { dom, oldSrcPath: optStr, newSrcPath: optStr, devAlias: str, reason: int };
const trayChange = { ...device, reason: int };
const balloonChange = { dom, actual: uhyper };

/**
 * Bodies are flat: where libvirt's callback messages hold an older message as `msg`, its fields follow
 * `callbackId` here, which is the same bytes.
 */
export const remoteMessages = {
  domainEventLifecycle: message(107, lifecycle),
  domainEventReboot: message(169, { dom }),
  domainEventRtcChange: message(170, rtcChange),
  domainEventWatchdog: message(171, watchdog),
  domainEventIoError: message(172, ioError),
  domainEventGraphics: message(173, graphics),
  domainEventIoErrorReason: message(195, ioErrorReason),
  domainEventControlError: message(224, { dom }),
  domainEventBlockJob: message(241, blockJob),
  domainEventDiskChange: message(248, diskChange),
  domainEventTrayChange: message(268, trayChange),
  domainEventPmwakeup: message(269, { dom }),
  domainEventPmsuspend: message(270, { dom }),
  domainEventBalloonChange: message(276, balloonChange),
  domainEventPmsuspendDisk: message(292, { dom }),
  domainEventDeviceRemoved: message(311, device),

  domainEventCallbackLifecycle: message(318, { callbackId, ...lifecycle }),
  domainEventCallbackReboot: message(319, { callbackId, dom }),
  domainEventCallbackRtcChange: message(320, { callbackId, ...rtcChange }),
  domainEventCallbackWatchdog: message(321, { callbackId, ...watchdog }),
  domainEventCallbackIoError: message(322, { callbackId, ...ioError }),
  domainEventCallbackGraphics: message(323, { callbackId, ...graphics }),
  domainEventCallbackIoErrorReason: message(324, { callbackId, ...ioErrorReason }),
  domainEventCallbackControlError: message(325, { callbackId, dom }),
  domainEventCallbackBlockJob: message(326, { callbackId, ...blockJob }),
  domainEventCallbackDiskChange: message(327, { callbackId, ...diskChange }),
  domainEventCallbackTrayChange: message(328, { callbackId, ...trayChange }),
  domainEventCallbackPmwakeup: message(329, { callbackId, reason: int, dom }),
  domainEventCallbackPmsuspend: message(330, { callbackId, reason: int, dom }),
  domainEventCallbackBalloonChange: message(331, { callbackId, ...balloonChange }),
  domainEventCallbackPmsuspendDisk: message(332, { callbackId, reason: int, dom }),
  domainEventCallbackDeviceRemoved: message(333, { callbackId, ...device }),
  domainEventBlockJob2: message(339, { callbackId, dom, dst: str, type: int, status: int }),
  domainEventCallbackTunable: message(346, { callbackId, dom, params: typedParams(2048) }),
  domainEventCallbackAgentLifecycle: message(348, { callbackId, dom, state: int, reason: int }),
  domainEventCallbackDeviceAdded: message(354, { callbackId, ...device }),
  domainEventCallbackMigrationIteration: message(359, { callbackId, dom, iteration: int }),
  domainEventCallbackJobCompleted: message(363, { callbackId, dom, params: typedParams(64) }),
  domainEventCallbackDeviceRemovalFailed: message(367, { callbackId, ...device }),
  domainEventCallbackMetadataChange: message(379, { callbackId, dom, type: int, nsuri: optStr }),
  domainEventBlockThreshold: message(385, {
    callbackId,
    dom,
    dev: str,
    path: optStr,
    threshold: uhyper,
    excess: uhyper,
  }),
  domainEventMemoryFailure: message(423, { callbackId, dom, recipient: int, action: int, flags: uint }),
  domainEventMemoryDeviceSizeChange: message(438, { callbackId, dom, alias: str, size: uhyper }),
  domainEventNicMacChange: message(453, { callbackId, dom, alias: str, oldMac: str, newMac: str }),

  connectEventConnectionClosed: message(362, { reason: int }),
  networkEventLifecycle: message(315, { callbackId, net: network, event: int, detail: int }),
  networkEventCallbackMetadataChange: message(446, { callbackId, net: network, type: int, nsuri: optStr }),
  storagePoolEventLifecycle: message(370, { callbackId, pool: storagePool, event: int, detail: int }),
  storagePoolEventRefresh: message(373, { callbackId, pool: storagePool }),
  nodeDeviceEventLifecycle: message(376, { callbackId, dev: nodeDevice, event: int, detail: int }),
  nodeDeviceEventUpdate: message(377, { callbackId, dev: nodeDevice }),
  secretEventLifecycle: message(382, { callbackId, secret, event: int, detail: int }),
  secretEventValueChanged: message(383, { callbackId, secret }),
};

/** Domain events by the number a client registers: the message with a callback id, and the older one without. */
export const domainEvents = {
  lifecycle: { id: 0, message: 'domainEventCallbackLifecycle', legacy: 'domainEventLifecycle' },
  reboot: { id: 1, message: 'domainEventCallbackReboot', legacy: 'domainEventReboot' },
  rtcChange: { id: 2, message: 'domainEventCallbackRtcChange', legacy: 'domainEventRtcChange' },
  watchdog: { id: 3, message: 'domainEventCallbackWatchdog', legacy: 'domainEventWatchdog' },
  ioError: { id: 4, message: 'domainEventCallbackIoError', legacy: 'domainEventIoError' },
  graphics: { id: 5, message: 'domainEventCallbackGraphics', legacy: 'domainEventGraphics' },
  ioErrorReason: {
    id: 6,
    message: 'domainEventCallbackIoErrorReason',
    legacy: 'domainEventIoErrorReason',
  },
  controlError: { id: 7, message: 'domainEventCallbackControlError', legacy: 'domainEventControlError' },
  blockJob: { id: 8, message: 'domainEventCallbackBlockJob', legacy: 'domainEventBlockJob' },
  diskChange: { id: 9, message: 'domainEventCallbackDiskChange', legacy: 'domainEventDiskChange' },
  trayChange: { id: 10, message: 'domainEventCallbackTrayChange', legacy: 'domainEventTrayChange' },
  pmwakeup: { id: 11, message: 'domainEventCallbackPmwakeup', legacy: 'domainEventPmwakeup' },
  pmsuspend: { id: 12, message: 'domainEventCallbackPmsuspend', legacy: 'domainEventPmsuspend' },
  balloonChange: {
    id: 13,
    message: 'domainEventCallbackBalloonChange',
    legacy: 'domainEventBalloonChange',
  },
  pmsuspendDisk: {
    id: 14,
    message: 'domainEventCallbackPmsuspendDisk',
    legacy: 'domainEventPmsuspendDisk',
  },
  deviceRemoved: {
    id: 15,
    message: 'domainEventCallbackDeviceRemoved',
    legacy: 'domainEventDeviceRemoved',
  },
  blockJob2: { id: 16, message: 'domainEventBlockJob2', legacy: undefined },
  tunable: { id: 17, message: 'domainEventCallbackTunable', legacy: undefined },
  agentLifecycle: { id: 18, message: 'domainEventCallbackAgentLifecycle', legacy: undefined },
  deviceAdded: { id: 19, message: 'domainEventCallbackDeviceAdded', legacy: undefined },
  migrationIteration: { id: 20, message: 'domainEventCallbackMigrationIteration', legacy: undefined },
  jobCompleted: { id: 21, message: 'domainEventCallbackJobCompleted', legacy: undefined },
  deviceRemovalFailed: { id: 22, message: 'domainEventCallbackDeviceRemovalFailed', legacy: undefined },
  metadataChange: { id: 23, message: 'domainEventCallbackMetadataChange', legacy: undefined },
  blockThreshold: { id: 24, message: 'domainEventBlockThreshold', legacy: undefined },
  memoryFailure: { id: 25, message: 'domainEventMemoryFailure', legacy: undefined },
  nicMacChange: { id: 27, message: 'domainEventNicMacChange', legacy: undefined },
  memoryDeviceSizeChange: { id: 26, message: 'domainEventMemoryDeviceSizeChange', legacy: undefined },
} as const;

/**
 * Kinds of events: how they are registered (`subject` is the field that narrows them to one object), and which
 * message each number brings.
 */
export const eventKinds = {
  domain: {
    register: 'connectDomainEventCallbackRegisterAny',
    deregister: 'connectDomainEventCallbackDeregisterAny',
    subject: 'dom',
    events: domainEvents,
  },
  network: {
    register: 'connectNetworkEventRegisterAny',
    deregister: 'connectNetworkEventDeregisterAny',
    subject: 'net',
    events: {
      lifecycle: { id: 0, message: 'networkEventLifecycle', legacy: undefined },
      metadataChange: { id: 1, message: 'networkEventCallbackMetadataChange', legacy: undefined },
    },
  },
  storagePool: {
    register: 'connectStoragePoolEventRegisterAny',
    deregister: 'connectStoragePoolEventDeregisterAny',
    subject: 'pool',
    events: {
      lifecycle: { id: 0, message: 'storagePoolEventLifecycle', legacy: undefined },
      refresh: { id: 1, message: 'storagePoolEventRefresh', legacy: undefined },
    },
  },
  nodeDevice: {
    register: 'connectNodeDeviceEventRegisterAny',
    deregister: 'connectNodeDeviceEventDeregisterAny',
    subject: 'dev',
    events: {
      lifecycle: { id: 0, message: 'nodeDeviceEventLifecycle', legacy: undefined },
      update: { id: 1, message: 'nodeDeviceEventUpdate', legacy: undefined },
    },
  },
  secret: {
    register: 'connectSecretEventRegisterAny',
    deregister: 'connectSecretEventDeregisterAny',
    subject: 'secret',
    events: {
      lifecycle: { id: 0, message: 'secretEventLifecycle', legacy: undefined },
      valueChanged: { id: 1, message: 'secretEventValueChanged', legacy: undefined },
    },
  },
} as const;

const isEventKind = (name: string): name is keyof typeof eventKinds => Object.hasOwn(eventKinds, name);

/** The keys of `eventKinds`. */
export const eventKindNames = Object.keys(eventKinds).filter(isEventKind);
