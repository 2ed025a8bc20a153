// Shows that no hostile archive passes the inspection and that every sound one comes out canonical.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  archive,
  file,
  folder,
  hardlink,
  longEntry,
  paxEntry,
  symlink,
} from '../../testing/hostile-archive.js';
import { HOSTILE } from '../../testing/hostile-cases.js';
import { damagedArchive, soundArchive } from '../../testing/hostile-random.js';
import { inPieces } from '../../testing/pieces.js';
import { refuse, TemplateError } from './errors.js';
import { type Inspection, TarInspector } from './inspect.js';
import { DEFAULT_LIMITS, type ImportLimits, RATIO_FROM } from './limits.js';

/** More with `CTVIRT_FUZZ_RUNS`, for a long run by hand. */
const DAMAGED_RUNS = Number(process.env.CTVIRT_FUZZ_RUNS ?? 2000);

interface Inspected extends Inspection {
  bytes: Buffer;
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

test('all devices of an old /dev are left out, as the templates of OpenVZ have them', async () => {
  const node = (name: string, type: string, major: string) => ({ name, type, major, minor: '0000001\0' });
  const found = await inspect(
    archive(
      node('dev/ram1', '4', '0000001\0'),
      node('dev/mem', '3', '0000001\0'),
      node('lib/udev/devices/loop1', '4', '0000007\0'),
      file('bin/sh'),
    ),
  );
  assert.match(found.notes.join(), /^3 device nodes were left out/);
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

test('a canonical archive passes unchanged, however its bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(soundArchive, fc.integer({ min: 1, max: 5000 }), async (bytes, piece) => {
      assert.deepEqual((await inspect(bytes, {}, piece)).bytes, bytes);
    }),
    { numRuns: 300 },
  );
});

test('a damaged archive is refused or comes out canonical, nothing else happens', async () => {
  let passed = 0;
  await fc.assert(
    fc.asyncProperty(damagedArchive, async ({ bytes }) => {
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
    { numRuns: DAMAGED_RUNS },
  );
  assert.ok(passed > DAMAGED_RUNS / 20, `only ${passed} damaged archives passed: the property says little`);
});
