// Reading to a checked model and writing, in this process, against a bare SAX pass and against libvirt's C code.
// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { formatDomain, parseDomain } from '../../packages/xml/dist/index.js';
import { byTurns, median } from '../measure.mjs';
import { documents } from './documents.mjs';
import { startLibvirt } from './libvirt.mjs';

// A dependency of that package, not of this folder.
const { SaxesParser } = createRequire(new URL('../../packages/xml/package.json', import.meta.url))('saxes');
const nothing = () => {};
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** @param {string} text */
function saxPass(text) {
  const parser = new SaxesParser({ xmlns: false, position: false });
  for (const event of ['opentag', 'closetag', 'text', 'comment', 'cdata', 'processinginstruction'])
    parser.on(event, nothing);
  parser.on('error', (/** @type {Error} */ error) => {
    throw error;
  });
  parser.write(text).close();
}

/**
 * Milliseconds of processor time, threads that collect garbage included: what else the machine does is not in it.
 *
 * @param {number} count
 * @param {() => unknown} work
 */
function repeat(count, work) {
  // Each side clears away its own garbage, not that of the one before.
  collectGarbage({ type: 'minor' });
  const began = process.cpuUsage();
  for (let i = 0; i < count; i++) work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000 / count;
}

/** @param {number} milliseconds */
const us = (milliseconds) => `${(milliseconds * 1000).toFixed(milliseconds < 0.1 ? 1 : 0)} µs`;

/** @type {(what: string, ours: number, theirs: number, most: number) => import('../measure.mjs').Result} */
const row = (what, ours, theirs, most) => ({
  what,
  ours: us(ours),
  theirs: us(theirs),
  ratio: ours / theirs,
  reach: `≤ ${most} ×`,
  ok: ours / theirs <= most,
});

/** @type {import('../measure.mjs').Row} */
export const parseWrite = {
  name: 'parse-write',
  async run({ note, rounds = 15 }) {
    const libvirt = startLibvirt();
    /** @type {import('../measure.mjs').Result[]} */
    const rows = [];
    try {
      for (const [name, text] of Object.entries(documents())) {
        const { domain, findings } = parseDomain(text, { strict: true });
        if (domain === undefined || findings.length > 0) throw new Error(JSON.stringify(findings));
        const count = Math.ceil(1_000_000 / text.length);
        const sides = {
          parse: () => repeat(count, () => parseDomain(text)),
          sax: () => repeat(count, () => saxPass(text)),
          define: () => libvirt.time('define', text, count),
          write: () => repeat(count, () => formatDomain(domain)),
          describe: () => libvirt.time('describe', text, count),
        };
        await byTurns(12, sides, (text) => note(`${name}, warming up: ${text}`));
        const times = await byTurns(rounds, sides, (text) => note(`${name}: ${text}`));
        const of = /** @param {keyof typeof sides} side */ (side) => median(times[side]);
        const [parse, sax, define] = [of('parse'), of('sax'), of('define')];
        const [write, describe] = [of('write'), of('describe')];
        rows.push(
          row(`parse ${name} to a checked model, against a bare SAX pass`, parse, sax, 3),
          row(`parse ${name}, against libvirt's defineXML`, parse, define, 0.6),
          row(`write ${name}, against libvirt's XMLDesc`, write, describe, 1.5),
        );
      }
    } finally {
      libvirt.stop();
    }
    return rows.sort((a, b) => order(a) - order(b));
  },
};

/** @param {import('../measure.mjs').Result} result */
const order = ({ reach = '' }) => ['≤ 3 ×', '≤ 0.6 ×', '≤ 1.5 ×'].indexOf(reach);
