// The life of domains: start, suspend, end.
// SPDX-License-Identifier: Apache-2.0
import { type Engine, EngineError, isFault } from '@ctvirt/engine';
import { parseDomain } from '@ctvirt/xml';
import { type Bind, domainOf, runningDomainOf, type Session, sees, toWireDomain } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { checkType } from './definition.js';

const startFlags = { autodestroy: 2, forceBoot: 8, bypassCache: 4 } as const;
const createFlags = { ...startFlags, validate: 16 } as const;
/** Ways to ask for the end: init's own is what all of them come to here. */
const askFlags = { initctl: 4, signal: 8 } as const;
const gracefulWaitMs = 10_000;

const all = (flags: Readonly<Record<string, number>>): number =>
  Object.values(flags).reduce((sum, bit) => sum | bit, 0);

/** A document of a domain that runs already is refused as libvirt does it. */
function checkInactive(engine: Engine, session: Session, xml: string): void {
  const { domain } = parseDomain(xml);
  const existing = domain === undefined ? undefined : engine.find({ name: domain.name });
  if (existing !== undefined && existing.id !== null && sees(session, existing.type))
    throw refusal('operationInvalid', 'domain', `domain '${existing.name}' is already active`);
}

/** A start of what runs and an end of what does not are refused, as libvirt's drivers refuse them. */
export const bindDomainLife: Bind = ({ engine }) => {
  const start = async (session: Session, dom: { uuid: string }, flags: number) => {
    const { uuid } = domainOf(engine, session, dom);
    const domain = await engine.start(uuid);
    if ((flags & startFlags.autodestroy) !== 0) session.autodestroy.add(uuid);
    return { dom: toWireDomain(domain) };
  };
  const shutDown = async (session: Session, dom: { uuid: string }): Promise<void> => {
    await engine.shutdown(runningDomainOf(engine, session, dom).uuid);
  };
  const destroy = async (session: Session, dom: { uuid: string }): Promise<void> => {
    await engine.destroy(runningDomainOf(engine, session, dom).uuid);
  };

  return {
    async domainCreateXml({ xmlDesc, flags }, { session, name }) {
      checkFlags(flags, all(createFlags), name);
      checkType(session, xmlDesc);
      checkInactive(engine, session, xmlDesc);
      const { domain } = await engine.create(xmlDesc, { strict: (flags & createFlags.validate) !== 0 });
      if ((flags & createFlags.autodestroy) !== 0) session.autodestroy.add(domain.uuid);
      return { dom: toWireDomain(domain) };
    },
    domainCreate: async ({ dom }, { session }) => void (await start(session, dom, 0)),
    domainCreateWithFlags({ dom, flags }, { session, name }) {
      checkFlags(flags, all(startFlags), name);
      return start(session, dom, flags);
    },
    domainShutdown: ({ dom }, { session }) => shutDown(session, dom),
    domainShutdownFlags({ dom, flags }, { session, name }) {
      checkFlags(flags, all(askFlags), name);
      return shutDown(session, dom);
    },
    async domainReboot({ dom, flags }, { session, name }) {
      checkFlags(flags, all(askFlags), name);
      await engine.reboot(runningDomainOf(engine, session, dom).uuid);
    },
    domainDestroy: ({ dom }, { session }) => destroy(session, dom),
    async domainDestroyFlags({ dom, flags }, { session, name }) {
      checkFlags(flags, 1, name);
      if (flags === 0) return await destroy(session, dom);
      await engine.shutdown(runningDomainOf(engine, session, dom).uuid, { waitMs: gracefulWaitMs });
    },
    async domainSuspend({ dom }, { session }) {
      const { uuid, state } = runningDomainOf(engine, session, dom);
      // `virsh migrate --timeout` asks it of one that takes too long.
      if (state === 'paused' || engine.moves.hasten(uuid)) return;
      try {
        await engine.suspend(uuid);
      } catch (error) {
        // As libvirt's own driver answers: whoever else has suspended it meanwhile.
        const isLate = isFault(error, 'wrong-state');
        if (!isLate || engine.summary(uuid).state !== 'paused') throw error;
      }
    },
    async domainResume({ dom }, { session }) {
      const { uuid, state } = runningDomainOf(engine, session, dom);
      if (state === 'running') throw new EngineError('wrong-state', 'domain is already running');
      await engine.resume(uuid);
    },
  };
};
