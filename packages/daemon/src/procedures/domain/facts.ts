// What a domain is and does: description, state, memory and processor at a glance.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary } from '@ctvirt/api';
import { type Engine, isFault } from '@ctvirt/engine';
import { domainStates, stateReasons } from '@ctvirt/rpc';
import { formatDomain, parseDomainOrThrow, writtenLimits } from '@ctvirt/xml';
import { type Bind, domainOf, runningDomainOf } from '../session.js';
import { checkFlags } from '../words/refusal.js';
import { memoryOf } from './memory.js';
import { vcpusOf } from './processors.js';
import { withDefaults } from './shown-document.js';

/** A domain's state and reason in libvirt's numbers. */
export function stateOf({ state, reason }: DomainSummary): { state: number; reason: number } {
  const reasons: Readonly<Record<string, number>> = stateReasons[state];
  return { state: domainStates[state], reason: reasons[reason] ?? stateReasons[state].unknown };
}

const xmlFlags = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 } as const;

/** Undefined if it ended while the call was under way. */
function usageOf(
  engine: Engine,
  uuid: string,
): { memoryKiB: number | null; cpuNs: number | null } | undefined {
  try {
    const counters = engine.counters(uuid);
    return { memoryKiB: counters.usedMemoryKiB(), cpuNs: counters.cpuTimeNs() };
  } catch (error) {
    if (isFault(error, 'wrong-state')) return undefined;
    throw error;
  }
}

/** Answers from the summary and the document; memory is in KiB, processor time in nanoseconds. */
export const bindDomainFacts: Bind = ({ engine }) => ({
  domainGetState({ dom, flags }, { session, name }) {
    checkFlags(flags, 0, name);
    return stateOf(domainOf(engine, session, dom));
  },
  async domainGetInfo({ dom }, { session }) {
    const { uuid, state, id } = domainOf(engine, session, dom);
    const document = await engine.document(uuid);
    const used = id === null ? undefined : usageOf(engine, uuid);
    const { maximum, current } = memoryOf(document);
    return {
      state: domainStates[state],
      maxMem: BigInt(maximum),
      memory: BigInt(used?.memoryKiB ?? current),
      nrVirtCpu: vcpusOf(document).current,
      cpuTime: BigInt(used?.cpuNs ?? 0),
    };
  },
  async domainGetXmlDesc({ dom, flags }, { session, name }) {
    checkFlags(flags, xmlFlags.secure | xmlFlags.inactive | xmlFlags.updateCpu | xmlFlags.migratable, name);
    const { uuid } = domainOf(engine, session, dom);
    const stated = await engine.xml(uuid, { inactive: (flags & xmlFlags.inactive) !== 0 });
    const domain = parseDomainOrThrow(stated, { limits: writtenLimits, stored: true });
    session.shown.add(uuid);
    return { xml: formatDomain(withDefaults(domain)) };
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
    return { hostname: runningDomainOf(engine, session, dom).hostname };
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
