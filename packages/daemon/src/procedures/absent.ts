// Kinds of objects there are none of: clients that list them get empty lists, and a lookup is refused in libvirt's words.
// SPDX-License-Identifier: Apache-2.0
import { type Bind, domainOf } from './session.js';
import { refusal } from './words/refusal.js';

/** Of a domain, which has to be there: checkpoints. */
export const bindAbsentOfDomain: Bind = ({ engine }) => ({
  domainListAllCheckpoints({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { checkpoints: [], ret: 0 };
  },
  domainCheckpointLookupByName({ dom, name }, { session }) {
    domainOf(engine, session, dom);
    throw refusal(
      'noDomainCheckpoint',
      'domainCheckpoint',
      `no domain checkpoint with matching name '${name}'`,
    );
  },
});

const refuseDevice = ({ name }: { name: string }): never => {
  throw refusal('noNodeDevice', 'nodedev', `no node device with matching name '${name}'`);
};

/** Of the host. */
export const bindAbsentOfHost: Bind = () => ({
  connectNumOfInterfaces: () => ({ num: 0 }),
  connectListInterfaces: () => ({ names: [] }),
  connectNumOfDefinedInterfaces: () => ({ num: 0 }),
  connectListDefinedInterfaces: () => ({ names: [] }),
  connectListAllInterfaces: () => ({ ifaces: [], ret: 0 }),
  interfaceLookupByName({ name }) {
    throw refusal('noInterface', 'interface', `couldn't find interface named '${name}'`);
  },
  interfaceLookupByMacString({ mac }) {
    throw refusal('noInterface', 'interface', `couldn't find interface with MAC address '${mac}'`);
  },
  interfaceIsActive({ iface }) {
    throw refusal('noInterface', 'interface', `couldn't find interface named '${iface.name}'`);
  },

  nodeNumOfDevices: () => ({ num: 0 }),
  nodeListDevices: () => ({ names: [] }),
  connectListAllNodeDevices: () => ({ devices: [], ret: 0 }),
  nodeDeviceLookupByName: refuseDevice,
  nodeDeviceGetXmlDesc: refuseDevice,
  nodeDeviceGetParent: refuseDevice,
  nodeDeviceNumOfCaps: refuseDevice,
  nodeDeviceListCaps: refuseDevice,
  nodeDeviceGetAutostart: refuseDevice,
  nodeDeviceIsPersistent: refuseDevice,
  nodeDeviceIsActive: refuseDevice,

  connectNumOfSecrets: () => ({ num: 0 }),
  connectListSecrets: () => ({ uuids: [] }),
  connectListAllSecrets: () => ({ secrets: [], ret: 0 }),
  secretLookupByUuid({ uuid }) {
    throw refusal('noSecret', 'secret', `no secret with matching uuid '${uuid}'`);
  },
  secretLookupByUsage({ usageId }) {
    throw refusal('noSecret', 'secret', `no secret with matching usage '${usageId}'`);
  },
});
