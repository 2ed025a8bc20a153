// Whole commands: ten thousand small documents against xmllint with libvirt's schema, and one against an idle Node.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byTurns, median, ms, timed } from '../measure.mjs';
import { documents, smallDocument } from './documents.mjs';

const ctvirt = new URL('../../packages/cli/dist/ctvirt.cjs', import.meta.url).pathname;
const schema = '/usr/share/libvirt/schemas/domain.rng';

/**
 * Milliseconds of a whole command that must succeed.
 *
 * @param {string} file
 * @param {string[]} args
 */
const run = (file, ...args) =>
  timed(() => {
    const { status, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (status !== 0) throw new Error(`${file} ended with status ${status}: ${stderr.slice(0, 2000)}`);
  });

/**
 * @template T
 * @param {(folder: string) => Promise<T>} work
 */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'ctvirt-bench-xml-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @type {import('../measure.mjs').Row} */
export const many = {
  name: 'many',
  run: ({ note, rounds = 5, count = 10_000 }) =>
    withFolder(async (folder) => {
      if (!existsSync(schema)) throw new Error(`${schema} is missing: install libvirt0`);
      const files = Array.from({ length: count }, (_, index) => {
        const file = join(folder, `${index}.xml`);
        writeFileSync(file, smallDocument(index));
        return file;
      });
      const sides = {
        ours: () => run(process.execPath, ctvirt, 'xml', 'validate', ...files),
        theirs: () => run('/usr/bin/xmllint', '--noout', '--relaxng', schema, ...files),
      };
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      return [
        {
          what: `${count} small documents from disk, against one xmllint --relaxng`,
          ours: ms(ours),
          theirs: ms(theirs),
          ratio: ours / theirs,
          reach: '≤ 0.5 ×',
          ok: ours / theirs <= 0.5,
          times,
        },
      ];
    }),
};

/** @type {import('../measure.mjs').Row} */
export const cold = {
  name: 'cold',
  run: ({ note, rounds = 21 }) =>
    withFolder(async (folder) => {
      const file = join(folder, 'one.xml');
      writeFileSync(file, documents()['1.4 KB']);
      const sides = {
        ours: () => run(process.execPath, ctvirt, 'xml', 'validate', file),
        theirs: () => run(process.execPath, '-e', '0'),
      };
      await byTurns(2, sides);
      const times = await byTurns(rounds, sides, note);
      const [ours, theirs] = [median(times.ours), median(times.theirs)];
      const figures = { ours: ms(ours), theirs: ms(theirs), ratio: ours / theirs };
      return [
        {
          what: 'cold ctvirt xml validate FILE, against node -e 0',
          ...figures,
          reach: '≤ 2.5 ×',
          ok: ours / theirs <= 2.5,
        },
        {
          what: 'cold ctvirt xml validate FILE',
          ...figures,
          ratio: undefined,
          theirs: '',
          reach: '≤ 150 ms',
          ok: ours <= 150,
        },
      ];
    }),
};
