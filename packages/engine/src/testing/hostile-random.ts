// Random archives, sound and damaged, for property tests.
// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { endOfArchive, type Member, memberHeader, padding } from '../templates/archive/tar-write.js';
import { mendChecksum } from './hostile-archive.js';

const part = fc.stringMatching(/^[a-zA-Z0-9 ._\xe4-]{1,20}$/).filter((text) => text !== '.' && text !== '..');
const long = part.chain((text) =>
  fc.constantFrom(text, text.repeat(Math.ceil(200 / text.length)).slice(0, 200)),
);
const kind = fc.constantFrom('file', 'directory', 'symlink', 'fifo' as const);
const member = fc.record({
  kind,
  parts: fc.array(long, { minLength: 1, maxLength: 4 }),
  mode: fc.nat(0o7777),
  uid: fc.nat(65_535),
  gid: fc.nat(65_535),
  mtime: fc.nat(2 ** 33),
  target: long,
  data: fc.uint8Array({ maxLength: 2000 }),
});

/** Members without clashes, canonical already: each folder before what is in it. */
export const soundArchive = fc.array(member, { minLength: 1, maxLength: 8 }).map((members) => {
  const parts: Buffer[] = [];
  const seen = new Set<string>();
  const add = (entry: Member, data: Buffer) => {
    if (seen.has(entry.path)) return false;
    seen.add(entry.path);
    parts.push(memberHeader(entry), data, padding(data.length));
    return true;
  };
  const plain = { mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };
  for (const path of ['', 'dev', 'proc', 'sys']) add({ kind: 'directory', path, ...plain }, Buffer.alloc(0));
  const folders = new Set(['']);
  for (const { parts: names, data, target, ...rest } of members) {
    const path = names.join('/');
    if (
      names
        .slice(0, -1)
        .some(
          (_, i) =>
            seen.has(names.slice(0, i + 1).join('/')) && !folders.has(names.slice(0, i + 1).join('/')),
        )
    )
      continue;
    for (let i = 1; i < names.length; i++) {
      const parent = names.slice(0, i).join('/');
      if (add({ kind: 'directory', path: parent, ...plain }, Buffer.alloc(0))) folders.add(parent);
    }
    if (path === 'etc' && rest.kind !== 'directory') continue;
    const bytes = rest.kind === 'file' ? Buffer.from(data) : Buffer.alloc(0);
    const entry: Member = { ...rest, path, size: bytes.length };
    if (rest.kind === 'symlink') entry.target = target;
    if (add(entry, bytes) && rest.kind === 'directory') folders.add(path);
  }
  parts.push(endOfArchive());
  return Buffer.concat(parts);
});

const damageAt = fc.record({ at: fc.nat(), byte: fc.nat(255), fix: fc.boolean() });

/** A sound archive with a few bytes changed, the checksums mostly made right again. */
export const damagedArchive = fc
  .tuple(soundArchive, fc.array(damageAt, { minLength: 1, maxLength: 6 }))
  .map(([sound, damage]) => {
    const bytes = Buffer.from(sound);
    for (const { at, byte, fix } of damage) {
      bytes[at % bytes.length] = byte;
      if (fix) mendChecksum(bytes, at % bytes.length);
    }
    // A failing case is told in a form that fits on a screen.
    return { bytes, [fc.toStringMethod]: () => `gunzip ${gzipSync(bytes).toString('base64')}` };
  });
