// The life of domains: their definitions, which outlast it, and whether they start by themselves.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '@ctvirt/engine';
import { parseDomain } from '@ctvirt/xml';
import { type Bind, domainOf, type Session, sees, toWireDomain } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';
import { refuseEmptyCopy } from './copies.js';

const validateFlag = 1;
/** Of saved states, checkpoints, NVRAM and TPMs there are none that could stay behind. */
const undefineFlags = 127;
const snapshotsFlag = 2;

/** Refuses a document of a type that this connection would not show afterwards. */
export function checkType(session: Session, xml: string): void {
  const { domain } = parseDomain(xml);
  if (domain !== undefined && !sees(session, domain.type))
    throw refusal(
      'invalidArg',
      'capabilities',
      `could not find capabilities for domaintype=${domain.type}: this connection is for ${session.type}`,
    );
}

/** Define, undefine, rename and autostart; a transient domain has neither of the last two. */
export const bindDefinitions: Bind = ({ engine }) => {
  const define = async (session: Session, xml: string, strict: boolean) => {
    checkType(session, xml);
    await refuseEmptyCopy(engine, session, xml);
    const { domain } = await engine.define(xml, { strict, uuidDecides: true });
    return { dom: toWireDomain(domain) };
  };
  const undefine = (session: Session, dom: { uuid: string }, flags: number): Promise<void> => {
    const { uuid, id, persistent } = domainOf(engine, session, dom);
    if (!persistent) throw new EngineError('wrong-state', 'cannot undefine transient domain');
    const { length } = engine.snapshots.list(uuid);
    if (length > 0 && id === null && (flags & snapshotsFlag) === 0)
      throw refusal(
        'operationInvalid',
        session.errors,
        `cannot delete inactive domain with ${length} snapshots`,
      );
    return engine.undefine(uuid);
  };

  return {
    domainDefineXml: ({ xml }, { session }) => define(session, xml, false),
    domainDefineXmlFlags({ xml, flags }, { session, name }) {
      checkFlags(flags, validateFlag, name);
      return define(session, xml, (flags & validateFlag) !== 0);
    },
    domainUndefine: ({ dom }, { session }) => undefine(session, dom, 0),
    domainUndefineFlags({ dom, flags }, { session, name }) {
      checkFlags(flags, undefineFlags, name);
      return undefine(session, dom, flags);
    },
    async domainRename({ dom, newName, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      if (newName === null || newName === undefined)
        throw refusal('invalidArg', session.errors, 'new_name in virDomainRename must not be NULL');
      await engine.rename(domainOf(engine, session, dom).uuid, newName);
      return { retcode: 0 };
    },
    domainGetAutostart: ({ dom }, { session }) => ({
      autostart: domainOf(engine, session, dom).autostart ? 1 : 0,
    }),
    async domainSetAutostart({ dom, autostart }, { session }) {
      const { uuid, persistent } = domainOf(engine, session, dom);
      if (!persistent) throw new EngineError('wrong-state', 'Cannot set autostart for transient domain');
      await engine.setAutostart(uuid, { autostart: autostart !== 0 });
    },
  };
};
