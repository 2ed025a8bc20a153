// What a domain is and does: description, state, memory and processor at a glance.
// SPDX-License-Identifier: Apache-2.0
import { totalmem } from 'node:os';
import type { DomainState, DomainSummary, StateReason } from '@ctvirt/engine';
import { checkFlags, refusal } from './refusal.js';
import { type Bind, domainOf, runningDomainOf } from './session.js';

/** virDomainState. */
export const stateNumbers: Readonly<Record<DomainState, number>> = {
  running: 1,
  paused: 3,
  shutdown: 4,
  shutoff: 5,
  crashed: 6,
};

/** virDomainRunningReason and its siblings: each state numbers its own; what is not listed is unknown, 0. */
const reasonNumbers: Readonly<Record<DomainState, Partial<Record<StateReason, number>>>> = {
  running: { booted: 1, restored: 3, unpaused: 5 },
  paused: { user: 1 },
  shutdown: { user: 1 },
  shutoff: { shutdown: 1, destroyed: 2, crashed: 3, failed: 6, daemon: 8 },
  crashed: {},
};

/** A domain's state and reason in libvirt's numbers. */
export function stateOf({ state, reason }: DomainSummary): { state: number; reason: number } {
  return { state: stateNumbers[state], reason: reasonNumbers[state][reason] ?? 0 };
}

const xmlFlags = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 } as const;
const hostMemoryKiB = Math.round(totalmem() / 1024);

export const bindDomainFacts: Bind = ({ engine }) => ({
  domainGetState({ dom, flags }, { session, name }) {
    checkFlags(flags, 0, name);
    return stateOf(domainOf(engine, session, dom));
  },
  async domainGetInfo({ dom }, { session }) {
    const info = await engine.info(domainOf(engine, session, dom).uuid);
    const maxMem = info.maxMemoryKiB ?? hostMemoryKiB;
    return {
      state: stateNumbers[info.state],
      maxMem: BigInt(maxMem),
      memory: BigInt(info.usedMemoryKiB ?? maxMem),
      nrVirtCpu: info.vcpus,
      cpuTime: BigInt(info.cpuTimeNs ?? 0),
    };
  },
  async domainGetXmlDesc({ dom, flags }, { session, name }) {
    checkFlags(flags, xmlFlags.secure | xmlFlags.inactive | xmlFlags.updateCpu | xmlFlags.migratable, name);
    const { uuid } = domainOf(engine, session, dom);
    return { xml: await engine.xml(uuid, { inactive: (flags & xmlFlags.inactive) !== 0 }) };
  },
  domainGetOsType({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { type: 'exe' };
  },
  domainIsActive: ({ dom }, { session }) => ({ active: domainOf(engine, session, dom).id === null ? 0 : 1 }),
  domainIsPersistent: ({ dom }, { session }) => ({
    persistent: domainOf(engine, session, dom).persistent ? 1 : 0,
  }),
  domainIsUpdated({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { updated: 0 };
  },
  domainGetControlInfo({ dom, flags }, { session, name }) {
    checkFlags(flags, 0, name);
    runningDomainOf(engine, session, dom);
    return { state: 0, details: 0, stateTime: 0n };
  },
  domainHasManagedSaveImage({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { result: 0 };
  },
  domainGetHostname({ dom }, { session }) {
    const { hostname, id } = domainOf(engine, session, dom);
    if (id === null) throw refusal('operationInvalid', 'domain', 'domain is not running');
    return { hostname };
  },
  domainGetMessages({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { msgs: [] };
  },
  domainGetSecurityLabel({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { label: '', enforcing: 0 };
  },
  domainGetSecurityLabelList({ dom }, { session }) {
    domainOf(engine, session, dom);
    return { labels: [], ret: 0 };
  },
});
