// What libvirt asks an agent for, of a container that needs none: users' passwords and keys, the clock, file systems at rest.
// SPDX-License-Identifier: Apache-2.0
import { type Engine, isFault } from '@ctvirt/engine';
import { type Bind, runningDomainOf, type Session } from '../session.js';
import { checkFlags, refusal } from '../words/refusal.js';

const isHashed = 1;
const keyFlags = { append: 1, remove: 2 } as const;
const syncFlag = 1;
/** A client's clock is as far from the host's as its call takes. */
const NEAR_MS = 5000;

/** Milliseconds since 1970. */
function hostClock(): number {
  const now = new Date();
  return now.valueOf();
}

/** Places of its file systems, or those of them that are asked for. */
async function placesOf(engine: Engine, uuid: string, asked: readonly string[]): Promise<number> {
  const { devices } = await engine.document(uuid);
  const there = (devices.filesystems ?? []).map(({ target }) => target?.dir ?? '/');
  const strange = asked.find((place) => !there.includes(place));
  if (strange !== undefined)
    throw refusal('invalidArg', 'domain', `the domain has no file system at '${strange}'`);
  return asked.length === 0 ? there.length : asked.length;
}

/** Of words for a user, not of a document. */
async function ofUser<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isFault(error, 'invalid')) throw refusal('invalidArg', 'domain', error.message);
    if (isFault(error, 'host-command')) throw refusal('operationFailed', 'domain', error.message);
    throw error;
  }
}

/** Of running domains alone, as libvirt has it. */
export const bindDomainUsers: Bind = ({ engine }) => {
  const running = (session: Session, dom: { uuid: string }) => runningDomainOf(engine, session, dom);
  return {
    async domainSetUserPassword({ dom, user, password, flags }, { session, name }) {
      checkFlags(flags, isHashed, name);
      const { uuid } = running(session, dom);
      const isHash = (flags & isHashed) !== 0;
      await ofUser(engine.setPassword(uuid, { user: user ?? '', password: password ?? '', isHash }));
    },
    async domainAuthorizedSshKeysGet({ dom, user, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = running(session, dom);
      return { keys: [...(await ofUser(engine.sshKeys(uuid, user)))] };
    },
    async domainAuthorizedSshKeysSet({ dom, user, keys, flags }, { session, name }) {
      checkFlags(flags, keyFlags.append | keyFlags.remove, name);
      if (flags === (keyFlags.append | keyFlags.remove))
        throw refusal('invalidArg', 'domain', 'keys are appended or removed, not both');
      const how = flags === keyFlags.remove ? 'remove' : flags === keyFlags.append ? 'add' : 'replace';
      const { uuid } = running(session, dom);
      await ofUser(engine.setSshKeys(uuid, user, { keys, how }));
    },
    domainGetTime({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      running(session, dom);
      const now = hostClock();
      return { seconds: BigInt(Math.floor(now / 1000)), nseconds: (now % 1000) * 1_000_000 };
    },
    domainSetTime({ dom, seconds, flags }, { session, name }) {
      checkFlags(flags, syncFlag, name);
      running(session, dom);
      if ((flags & syncFlag) !== 0 || Math.abs(Number(seconds) * 1000 - hostClock()) < NEAR_MS) return;
      throw refusal('argumentUnsupported', 'domain', "the clock of a container is the host's: set that one");
    },
    async domainFsfreeze({ dom, mountpoints, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = running(session, dom);
      const filesystems = await placesOf(engine, uuid, mountpoints);
      await engine.quiesce(uuid);
      return { filesystems };
    },
    async domainFsthaw({ dom, mountpoints, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid, state } = running(session, dom);
      const filesystems = await placesOf(engine, uuid, mountpoints);
      if (state !== 'paused') return { filesystems: 0 };
      await engine.resume(uuid);
      return { filesystems };
    },
  };
};
