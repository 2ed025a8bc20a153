// Parses pax extended headers and sorts their keys into used, left out and refused.
// SPDX-License-Identifier: Apache-2.0
import { aclOfText, isAcl } from './acl.js';
import { refuse } from './errors.js';
import { show } from './tar-header.js';
import { OPAQUE } from './tar-write.js';

/** Raw values by key; keys are byte strings (`latin1`). */
export type PaxRecords = ReadonlyMap<string, Buffer>;

// Up to 20 digits can never overflow the check against the rest that follows.
const lengthPattern = /^([1-9][0-9]{0,9}) /;

/** Parses `LENGTH KEY=VALUE\n` records that fill `data` exactly; a key given twice is refused. */
export function parsePax(data: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  let at = 0;
  while (at < data.length) {
    const match = lengthPattern.exec(data.toString('latin1', at, at + 11));
    const length = Number(match?.[1] ?? 0);
    const end = at + length;
    const body = at + (match?.[0].length ?? 0);
    if (!match || end <= body || end > data.length || data[end - 1] !== 0x0a) {
      throw refuse('header', 'an extended header is damaged: a record has a wrong length');
    }
    const equals = data.indexOf(0x3d, body);
    if (equals < 0 || equals >= end)
      throw refuse('header', 'an extended header is damaged: a record has no "="');
    const key = data.toString('latin1', body, equals);
    if (records.has(key)) throw refuse('header', `an extended header gives ${show(key)} twice`);
    records.set(key, data.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** A byte string value; NUL is refused, since no file name or link holds one. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const text = records.get(key)?.toString('latin1');
  if (text?.includes('\0')) throw refuse('bad-name', `an extended header's ${key} holds a NUL byte`);
  return text;
}

/** A decimal natural number. */
export function paxNumber(records: PaxRecords, key: string): number | undefined {
  const text = records.get(key)?.toString('latin1');
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw refuse('header', `an extended header's ${key} is no number: ${show(text)}`);
  return value;
}

/** Seconds, the fraction left out. */
export function paxTime(records: PaxRecords, key: string): number | undefined {
  const text = records.get(key)?.toString('latin1');
  if (text === undefined) return undefined;
  const match = /^(-?[0-9]{1,15})(?:\.[0-9]*)?$/.exec(text);
  if (!match) throw refuse('header', `an extended header's ${key} is no time: ${show(text)}`);
  return Number(match[1]);
}

const XATTR = 'SCHILY.xattr.';
const CAPABILITY = `${XATTR}security.capability`;

// The kernel's struct vfs_cap_data: revision 2 has 20 bytes, revision 3 adds the user namespace's root.
const REVISION_2 = 0x02000000;
const REVISION_3 = 0x03000000;

/** A file's capabilities in revision 2 form, the container's own root holding them. */
export function paxCapability(records: PaxRecords): Buffer | undefined {
  const value = records.get(CAPABILITY);
  if (value === undefined) return undefined;
  const magic = value.length >= 4 ? value.readUInt32LE(0) : 0;
  const revision = (magic & 0xff000000) >>> 0;
  if (revision === REVISION_2 && value.length === 20) return Buffer.from(value);
  if (revision === REVISION_3 && value.length === 24 && value.readUInt32LE(20) === 0) {
    const plain = Buffer.from(value.subarray(0, 20));
    plain.writeUInt32LE(REVISION_2 | (magic & 0xffffff), 0);
    return plain;
  }
  throw refuse(
    'attribute',
    'a file has capabilities in a form that only a foreign user namespace understands',
  );
}

// The overlay mount that later shows the template to containers would obey these.
const overlayAttribute = /^(?:SCHILY|LIBARCHIVE)\.xattr\.(?:trusted|user)\.overlay\./;
const attribute = /^(?:(?:SCHILY|LIBARCHIVE)\.xattr\.|SCHILY\.acl\.|RHT\.security\.)/;

/** Number of extended attributes and access lists that are not unpacked; overlay's own are refused. */
export function countLeftOut(records: PaxRecords): number {
  let count = 0;
  for (const key of records.keys()) {
    if (overlayAttribute.test(key)) {
      throw refuse(
        'attribute',
        `the archive holds ${show(key)}: it was made of an overlay's inner folder; pack the mounted tree`,
      );
    }
    // libarchive writes each attribute twice.
    if (attribute.test(key) && key !== CAPABILITY && !/^LIBARCHIVE\.xattr\.security\.capability$/.test(key))
      count++;
  }
  return count;
}

/** Attributes that a container's own files keep, with the kinds of members that may have them. */
const layerAttribute = /^SCHILY\.xattr\.(?:user\.[^\0]{1,255}|system\.posix_acl_(?:access|default))$/;
/** By these overlay would show files of other places, or none. */
const misleading = /^(?:SCHILY|LIBARCHIVE)\.xattr\.trusted\.overlay\.(?:redirect|metacopy|upper|protattr)$/;

/** What is kept of the extended header of a layer's member. */
export interface LayerRecords {
  readonly records: readonly (readonly [key: string, value: Buffer])[];
  readonly opaque: boolean;
  /** How many attributes are not kept. */
  readonly leftOut: number;
}

/** Sorts them: attributes of users and access lists, a time's parts of a second, and overlay's word of a folder that covers all. */
export function layerRecords(pax: PaxRecords, kind: string | undefined, maxId?: number): LayerRecords {
  const records: (readonly [string, Buffer])[] = [];
  let [opaque, leftOut] = [false, 0];
  for (const [key, value] of pax) {
    if (misleading.test(key))
      throw refuse('attribute', `a file has ${show(key)}, which only its own file system understands`);
    if (key === OPAQUE) {
      if (kind !== 'directory' || value.toString('latin1') !== 'y')
        throw refuse('attribute', `a member has ${show(key)} in a form that no folder of a layer has`);
      opaque = true;
    } else if (key === 'mtime' && /^-?[0-9]{1,10}\.[0-9]{1,9}$/.test(value.toString('latin1')))
      records.push([key, value]);
    else if (layerAttribute.test(key)) {
      // Those of the file that it names.
      if (kind === 'hardlink') continue;
      const isFile = kind === 'file' || kind === 'sparse' || kind === 'directory';
      if (key.startsWith(ACL)) checkAcl(key, value, { kind, maxId });
      else if (!isFile || value.length > ATTRIBUTE_BYTES)
        throw refuse('attribute', `a member has ${show(key)}, which its kind cannot have, or too long`);
      records.push([key, value]);
    } else if (key === 'SCHILY.acl.access' || key === 'SCHILY.acl.default') {
      if (kind === 'hardlink') continue;
      const list = aclOfText(value, maxId);
      if (list === undefined || !canHave(kind, key)) leftOut++;
      else records.push([`${ACL}${key.slice('SCHILY.acl.'.length)}`, list]);
    } else if (attribute.test(key) && key !== CAPABILITY) leftOut++;
  }
  return { records, opaque, leftOut };
}

/** The longest value that Linux takes. */
const ATTRIBUTE_BYTES = 65_536;
const ACL = 'SCHILY.xattr.system.posix_acl_';

/** No link has any, and none but a folder what is made in it begins with. */
const canHave = (kind: string | undefined, key: string): boolean =>
  kind !== 'symlink' && (kind === 'directory' || !key.endsWith('default'));

/** What the kernel would refuse once it is written. */
function checkAcl(
  key: string,
  value: Buffer,
  { kind, maxId }: { readonly kind: string | undefined; readonly maxId: number | undefined },
): void {
  if (!canHave(kind, key) || !isAcl(value, maxId))
    throw refuse('attribute', `a member has ${show(key)} that is no access list, or none that it can have`);
}
