// Shows that no hostile archive passes the inspection and that every sound one comes out canonical.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { refuse, TemplateError } from './errors.js';
import { archive, file, folder, hardlink, longEntry, paxEntry, symlink } from './hostile-archive.js';
import { HOSTILE } from './hostile-cases.js';
import { type Inspection, TarInspector } from './inspect.js';
import { DEFAULT_LIMITS, type ImportLimits, RATIO_FROM } from './limits.js';
import { endOfArchive, type Member, memberHeader, padding } from './tar-write.js';

interface Inspected extends Inspection {
  bytes: Buffer;
}

async function* inPieces(bytes: Buffer, piece: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}

async function inspect(
  bytes: Buffer,
  limits: Partial<ImportLimits> = {},
  piece = 65_536,
): Promise<Inspected> {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const budget = (unpacked: number) => {
    if (unpacked > RATIO_FROM && unpacked > bytes.length * all.ratio) throw refuse('limit', 'ratio');
  };
  const inspector = new TarInspector(inPieces(bytes, piece), all, budget);
  const out: Buffer[] = [];
  for await (const block of inspector.blocks()) out.push(block);
  return { bytes: Buffer.concat(out), ...inspector.result() };
}

for (const hostile of HOSTILE) {
  test(`refused: ${hostile.title}`, async () => {
    await assert.rejects(inspect(hostile.bytes, hostile.limits), (error) => {
      assert.ok(error instanceof TemplateError, String(error));
      assert.deepEqual([error.code, error.details.reason], ['invalid', hostile.reason], error.message);
      return true;
    });
  });
}

test('every form of a long name comes out the same', async () => {
  const path = `${'a'.repeat(90)}/${'b'.repeat(60)}`;
  const forms = [
    archive({ ...file('b'.repeat(60)), prefix: 'a'.repeat(90) }),
    archive(longEntry('L', path), file('x')),
    archive(paxEntry({ path }), file('x')),
    archive(longEntry('L', `./${path}`), file('x')),
  ];
  const [first, ...others] = await Promise.all(forms.map((form) => inspect(form)));
  for (const other of others) assert.deepEqual(other.bytes, first?.bytes);
});

test('devices of an ordinary /dev are left out and told, with hard links to them', async () => {
  const nothing = { name: 'dev/null', type: '3', major: '0000001\0', minor: '0000003\0' };
  const found = await inspect(
    archive(folder('dev/'), nothing, hardlink('dev/void', 'dev/null'), file('bin/sh')),
  );
  assert.equal(found.notes.length, 1);
  // ./ dev proc sys bin bin/sh
  assert.equal(found.inodes, 6);
  assert.ok(!found.bytes.includes('null') && !found.bytes.includes('void'));
});

test('a root closed to others is opened, a setuid file keeps its mode', async () => {
  const found = await inspect(
    archive({ ...folder('./'), mode: '0000700\0' }, { ...file('bin/su'), mode: '0004755\0' }),
  );
  assert.equal(found.bytes.toString('latin1', 100, 107), '0000755');
  assert.equal(found.bytes.toString('latin1', 612, 619), '0004755');
});

test('init, machine and name are read through links, as the container will', async () => {
  const elf = Buffer.alloc(64);
  elf.write('\x7fELF\x02\x01\x01', 'latin1');
  elf.writeUInt16LE(183, 18);
  const found = await inspect(
    archive(
      symlink('sbin', 'usr/sbin'),
      symlink('lib', '/usr/lib'),
      symlink('usr/sbin/init', '../../lib/systemd/systemd'),
      { name: 'usr/lib/systemd/systemd', data: elf },
      symlink('etc/os-release', '/lib/os-release'),
      file('usr/lib/os-release', 'ID=x\nPRETTY_NAME="Some \x1b[31mSystem"\n'),
    ),
  );
  assert.deepEqual([found.arch, found.init, found.os], ['aarch64', 'systemd', 'Some [31mSystem']);
});

test('a sparse file comes out at full length', async () => {
  const map = `2\n0\n4\n1000\n4\n`;
  const found = await inspect(
    archive(
      paxEntry({
        'GNU.sparse.major': '1',
        'GNU.sparse.minor': '0',
        'GNU.sparse.name': 'a',
        'GNU.sparse.realsize': '2000',
      }),
      {
        name: 'GNUSparseFile.1/a',
        data: Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from('headtail')]),
      },
    ),
  );
  assert.equal(found.unpackedBytes, 2000);
  const data = found.bytes.subarray(512, 2512);
  assert.equal(data.toString('latin1', 0, 4) + data.toString('latin1', 1000, 1004), 'headtail');
  assert.ok(data.subarray(4, 1000).every((byte) => byte === 0));
});

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
const soundArchive = fc.array(member, { minLength: 1, maxLength: 8 }).map((members) => {
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

test('a canonical archive passes unchanged, however its bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(soundArchive, fc.integer({ min: 1, max: 5000 }), async (bytes, piece) => {
      assert.deepEqual((await inspect(bytes, {}, piece)).bytes, bytes);
    }),
    { numRuns: 300 },
  );
});

test('a damaged archive is refused or comes out canonical, nothing else happens', async () => {
  const damageAt = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255), fix: fc.boolean() }), {
    minLength: 1,
    maxLength: 6,
  });
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(soundArchive, damageAt, async (sound, damage) => {
      const bytes = Buffer.from(sound);
      for (const { at, byte, fix } of damage) {
        bytes[at % bytes.length] = byte;
        if (fix) mend(bytes, at % bytes.length);
      }
      let once: Inspected;
      try {
        once = await inspect(bytes);
      } catch (error) {
        assert.ok(error instanceof TemplateError && error.code === 'invalid', String(error));
        return;
      }
      passed++;
      assert.deepEqual((await inspect(once.bytes)).bytes, once.bytes);
    }),
    { numRuns: 2000 },
  );
  assert.ok(passed > 100, `only ${passed} damaged archives passed: the property says little`);
});

/** Makes the checksum of the damaged block right again, so that the damage reaches the fields' parsers. */
function mend(bytes: Buffer, at: number): void {
  const start = at - (at % 512);
  const block = bytes.subarray(start, start + 512);
  if (block.toString('latin1', 257, 262) !== 'ustar') return;
  block.write('        ', 148, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
