// Feeds the inspection of archives damaged ones: it refuses or writes a sound one, in bounded time, and nothing leaves the root.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mutateBytes, type Random } from '@ctvirt/xml/testing';
import { TemplateError } from '../templates/archive/errors.js';
import { TarInspector } from '../templates/archive/inspect.js';
import { DEFAULT_LIMITS } from '../templates/archive/limits.js';
import { parseHeader, textField } from '../templates/archive/tar-header.js';
import { BLOCK } from '../templates/archive/tar-write.js';
import { mendChecksum } from './hostile-archive.js';
import { HOSTILE } from './hostile-cases.js';

/** A hole costs nothing in an archive: an import weighs what it unpacks against the archive's length, this target has less patience. */
const limits = { ...DEFAULT_LIMITS, unpackedBytes: 8 * 2 ** 20, fileBytes: 4 * 2 ** 20 };

const small = HOSTILE.map(({ bytes }) => bytes).filter(({ length }) => length < 65_536);

/** One damaged archive; returns whether it was taken. */
export async function fuzzTar(
  random: Random,
  corpus: readonly Buffer[],
): Promise<{ given: Buffer; check: () => Promise<boolean> }> {
  const samples = [...corpus, ...small];
  const sample = random.of(samples);
  const given =
    random.below(4) === 0 ? mutateBytes(random, sample, random.of(samples)) : damageFields(random, sample);
  // The damage reaches the fields' own parsers only if the sum is right.
  if (random.below(8) > 0) for (let at = 0; at + BLOCK <= given.length; at += BLOCK) mendChecksum(given, at);
  return { given, check: () => checkTar(given) };
}

/** A few bytes of another value, and now and then a whole member of another archive before it. */
function damageFields(random: Random, sample: Buffer): Buffer {
  const given = Buffer.from(sample);
  for (let count = random.below(4); count > 0; count--) {
    const at = random.below(given.length);
    given[at] = random.below(3) > 0 ? 0x2e + random.below(0x50) : random.below(256);
  }
  if (random.below(3) > 0) return given;
  const other = random.of(small);
  return Buffer.concat([other.subarray(0, BLOCK * (1 + random.below(3))), given]);
}

async function inspected(bytes: Buffer): Promise<Buffer | undefined> {
  async function* once() {
    yield bytes;
  }
  const parts: Buffer[] = [];
  try {
    for await (const block of new TarInspector(once(), limits).blocks()) parts.push(Buffer.from(block));
  } catch (error) {
    if (error instanceof TemplateError && error.code === 'invalid') return undefined;
    throw error;
  }
  return Buffer.concat(parts);
}

export async function checkTar(bytes: Buffer): Promise<boolean> {
  const sound = await inspected(bytes);
  if (sound === undefined) return false;
  assertInside(sound);
  const again = await inspected(sound);
  assert.ok(again?.equals(sound), 'what was written as sound is read as something else');
  return true;
}

/** Each name below the root without a step up, each type one that is no device. */
function assertInside(bytes: Buffer): void {
  let long: string | undefined;
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const header = parseHeader(bytes.subarray(at, at + BLOCK));
    const data = bytes.subarray(at + BLOCK, at + BLOCK + header.size);
    at += BLOCK + Math.ceil(header.size / BLOCK) * BLOCK;
    if (header.type === 'L' || header.type === 'K') {
      if (header.type === 'L') long = textField(data, 0, data.length);
      continue;
    }
    assert.match(header.type, /^[01256]$/);
    const path = long ?? header.name;
    long = undefined;
    assert.ok(
      !path.startsWith('/') && !path.split('/').includes('..'),
      `it leaves the root: ${JSON.stringify(path)}`,
    );
  }
}
