// What libvirt asks an agent for, of a container that needs none: users' passwords and keys, the clock, file systems at rest.
// SPDX-License-Identifier: Apache-2.0
import { isFault } from '@ctvirt/engine';
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
      return { filesystems: await ofUser(engine.freeze(uuid, mountpoints)) };
    },
    async domainFsthaw({ dom, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = running(session, dom);
      return { filesystems: await engine.thaw(uuid) };
    },
    async domainFstrim({ dom, mountPoint, minimum, flags }, { session, name }) {
      checkFlags(flags, 0, name);
      const { uuid } = running(session, dom);
      const target = mountPoint ?? undefined;
      await ofUser(
        engine.trim(uuid, { ...(target !== undefined && { target }), leastBytes: Number(minimum) }),
      );
    },
  };
};
