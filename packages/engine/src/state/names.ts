// What domains and their snapshots may be named.
// SPDX-License-Identifier: Apache-2.0
import { EngineError } from '../errors.js';
import { diskName } from './layout.js';
import { BEFORE_REVERT } from './snapshot-store.js';

/** Refuses what libvirt refuses in a name, and what the disk cannot hold; throws `invalid`. */
export function checkName(name: string): void {
  if (/[/\p{Cc}]/u.test(name))
    throw new EngineError(
      'invalid',
      `the name ${JSON.stringify(name)} cannot be one: it holds a slash or a control character`,
      { name },
    );
  diskName(name);
}

/** What turns the text around it, ends its line, has no width, or stands for bytes that are no text. Joiners are part of words. */
const UNSHOWN = /[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffd\p{Cs}]/u;

/** The same of a name that is given now, which has to be seen as it is; one that is there stays. */
export function checkNewName(name: string): void {
  checkName(name);
  if (!UNSHOWN.test(name) && name.trim() === name) return;
  const written = JSON.stringify(name).replace(
    /[^ -~]/gu,
    (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`,
  );
  throw new EngineError(
    'invalid',
    `the name ${written} cannot be one: it begins or ends with a blank, or holds what nobody sees`,
    { name },
  );
}

/** What something has that is found by either. */
interface Called {
  readonly name: string;
  readonly uuid: string | undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Of how many characters a UUID is written. */
const UUID_LENGTH = 36;

/**
 * Refuses a name that is the UUID of another one, and a UUID that another one is named: whatever people call one by finds that one. Its
 * own UUID may be its name. Throws `exists`; those of `others` that are it are left out.
 */
export function checkUnlike(what: string, given: Called, others: Iterable<Called>, own?: Called): void {
  const named = UUID.test(given.name) ? given.name.toLowerCase() : undefined;
  const uuid = given.uuid?.toLowerCase();
  for (const other of others) {
    if (other === own || other.name === given.name) continue;
    if (named !== undefined && named === other.uuid)
      throw new EngineError(
        'exists',
        `the name '${given.name}' is the UUID of ${what} '${other.name}', which it would be taken for: give it another name`,
        { holder: other.name },
      );
    if (uuid !== undefined && other.name.length === UUID_LENGTH && other.name.toLowerCase() === uuid)
      throw new EngineError(
        'exists',
        `the UUID ${uuid} is the name of another ${what}, which it would be taken for: give it another UUID, or that one another name`,
        { holder: other.name },
      );
  }
}

/** What `checkNewName` says, of a snapshot. */
export function checkSnapshotName(name: string): void {
  checkNewName(name);
  if (name.startsWith('.') || name === BEFORE_REVERT)
    throw new EngineError(
      'invalid',
      name === BEFORE_REVERT
        ? `'${name}' is what a domain was before it was reverted: give it another name`
        : `the name '${name}' cannot be one: it begins with a dot`,
      { name },
    );
}
