// Runs @ctvirt/xml over libvirt's own test data and prints what agrees: suite, cases, passed, each deviation with its reason.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';
import { domainRelaxNg, formatDomain, parseDevice, parseDomain } from '../packages/xml/dist/index.js';
import { differentialCases } from './conformance-xml/differential.mjs';
import { filterSuites } from './conformance-xml/filters.mjs';
import { lostNodes } from './conformance-xml/lost-nodes.mjs';
import { lxcCases, openvzCases } from './conformance-xml/native.mjs';
import { version as networksVersion } from './conformance-xml/network-source.mjs';
import { networkSuites } from './conformance-xml/networks.mjs';
import { difference, errorsOf, grammar, parseXml, xmlFiles } from './conformance-xml/texts.mjs';
import { twins } from './conformance-xml/twins.mjs';
import { fetchLibvirtSource } from './libvirt-source.mjs';

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: 'bookworm' },
    random: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
xmlRegisterFsInputProviders();
const { tree, version } = fetchLibvirtSource(values.suite);
const tests = join(tree, 'tests');
/** @typedef {import('./conformance-xml/texts.mjs').Case} Case */

/** By suite, a reason for each pattern of names. @type {Readonly<Record<string, Readonly<Record<string, string>>>>} */
const exceptions = JSON.parse(
  readFileSync(new URL('../packages/xml/conformance/exceptions.json', import.meta.url), 'utf8'),
);

/** @param {string} path */
const relative = (path) => path.slice(tree.length + 1);
/** Each case returns what went wrong. @type {Readonly<Record<string, () => readonly Case[]>>} */
const suites = {
  'LXC XML to XML, byte for byte': () =>
    xmlFiles(join(tests, 'lxcxml2xmldata')).map((path) => [
      relative(path),
      () => {
        const out = join(tests, 'lxcxml2xmloutdata', basename(path));
        const parsed = parseDomain(readFileSync(path, 'utf8'), { strict: true });
        if (parsed.domain === undefined) return errorsOf(parsed).join('; ');
        return difference(
          readFileSync(existsSync(out) ? out : path, 'utf8'),
          formatDomain(parsed.domain, { libvirt: true }),
        );
      },
    ]),
  'LXC configuration to XML: the XML, byte for byte': () =>
    xmlFiles(join(tests, 'lxcconf2xmldata')).map((path) => [
      relative(path),
      () => {
        const text = readFileSync(path, 'utf8');
        const parsed = parseDomain(text, { strict: true });
        if (parsed.domain === undefined) return errorsOf(parsed).join('; ');
        return difference(text, formatDomain(parsed.domain));
      },
    ]),
  'LXC configuration to XML: what the importer says': () => lxcCases(tests),
  'OpenVZ configuration: what the importer says': () => openvzCases(tests),
  'OpenVZ configuration: the devices of the XML': () => {
    const source = readFileSync(join(tests, 'openvzutilstest.c'), 'utf8');
    const literal = [...source.matchAll(/^ +"(.*)\\n"/gm)].map(([, line]) => line).join('\n');
    return [...literal.matchAll(/ *<interface .*?<\/interface>/gs)].map(([xml], index) => [
      `tests/openvzutilstest.c interface ${index + 1}`,
      () => errorsOf(parseDevice(xml, { strict: true })).join('; ') || undefined,
    ]);
  },
  'generic XML to XML: no node lost': () => domainFiles('genericxml2xml').map(roundTrip),
  'every <domain> document: no node lost': () => domainFiles('').map(roundTrip),
  'valid containers accepted, mutated twins refused: parser': () =>
    twinCases((text) => errorsOf(parseDomain(text, { strict: true })).join('; ') || undefined),
  'valid containers accepted, mutated twins refused: our domain.rng': () =>
    twinCases(grammar(domainRelaxNg())),
  "what we write of containers validates against libvirt's domain.rng": () =>
    containerFiles().flatMap((path) =>
      [true, false].map((libvirt) => [
        `${relative(path)}${libvirt ? ' normal form' : ''}`,
        () => {
          const parsed = parseDomain(readFileSync(path, 'utf8'));
          if (parsed.domain === undefined) return errorsOf(parsed).join('; ');
          return libvirtGrammar()(formatDomain(parsed.domain, { libvirt }));
        },
      ]),
    ),
  "every <domain> document that libvirt's domain.rng accepts: accepted when rewritten": () =>
    domainFiles('').flatMap((path) => {
      const text = readFileSync(path, 'utf8');
      if (libvirtGrammar()(text) !== undefined) return [];
      const { domain } = parseDomain(text, { foreign: true });
      if (domain === undefined) return [];
      /** @type {Case} */
      const rewritten = [relative(path), () => libvirtGrammar()(formatDomain(domain))];
      return [rewritten];
    }),
  "random containers: as libvirt's C code writes them": () =>
    differentialCases(Number(values.random), Number(values.seed)),
  ...networkSuites,
  ...filterSuites,
};

const containerFiles = () =>
  ['lxcxml2xmldata', 'lxcxml2xmloutdata', 'lxcconf2xmldata'].flatMap((name) => xmlFiles(join(tests, name)));

/**
 * @param {(text: string) => string | undefined} check
 * @returns {Case[]}
 */
const twinCases = (check) =>
  containerFiles().flatMap((path) =>
    twins(readFileSync(path, 'utf8')).map(({ name, text, isValid }) => [
      `${relative(path)} ${name}`,
      () => {
        const wrong = check(text);
        if (isValid) return wrong;
        return wrong === undefined ? 'a broken document was accepted' : undefined;
      },
    ]),
  );

/** @type {((document: string) => string | undefined) | undefined} */
let libvirtRng;
function libvirtGrammar() {
  const path = join(tree, 'src/conf/schemas/domain.rng');
  libvirtRng ??= grammar(readFileSync(path, 'utf8'), path);
  return libvirtRng;
}

/**
 * @param {string} dir
 * @returns {Generator<string>}
 */
function* walk(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile() && entry.name.endsWith('.xml')) yield path;
  }
}

/** @param {string} prefix */
function domainFiles(prefix) {
  const files = [...walk(tests)].sort();
  return files.filter(
    (path) =>
      relative(path).startsWith(`tests/${prefix}`) &&
      /^(?:\s|<\?.*?\?>|<!--.*?-->)*<domain[\s>]/s.test(readFileSync(path, 'utf8')),
  );
}

/**
 * @param {string} path
 * @returns {Case}
 */
function roundTrip(path) {
  return [
    relative(path),
    () => {
      const text = readFileSync(path, 'utf8');
      const { domain, findings } = parseDomain(text, { foreign: true });
      if (domain === undefined)
        return findings
          .map(({ line, message }) => `${line}: ${message}`)
          .slice(0, 3)
          .join('; ');
      const lost = lostNodes(parseXml(text), parseXml(formatDomain(domain)));
      return lost.length === 0 ? undefined : `lost ${lost.slice(0, 3).join(', ')}`;
    },
  ];
}

/** @type {[suite: string, cases: string, passed: string, deviations: string[]][]} */
const rows = [];
/** @type {string[]} */
const unexplained = [];
for (const [suite, cases] of Object.entries(suites)) {
  if (!suite.includes(values.only)) continue;
  const list = cases();
  const reasons = exceptions[suite] ?? {};
  /** @type {Map<string, number>} */
  const deviations = new Map();
  /** @type {Set<string>} */
  const needed = new Set();
  let passed = 0;
  for (const [name, run] of list) {
    const wrong = run();
    if (wrong === undefined) {
      passed++;
      continue;
    }
    const [pattern, reason] =
      Object.entries(reasons).find(([one]) => new RegExp(`^(?:${one})$`).test(name)) ?? [];
    if (pattern === undefined || reason === undefined) {
      unexplained.push(`${suite}: ${name}: ${wrong}`);
      continue;
    }
    needed.add(pattern);
    deviations.set(reason, (deviations.get(reason) ?? 0) + 1);
  }
  for (const pattern of Object.keys(reasons))
    if (!needed.has(pattern))
      unexplained.push(`${suite}: ${pattern}: an exception that nothing needs any more`);
  rows.push([
    suite,
    String(list.length),
    String(passed),
    [...deviations].map(([reason, n]) => `${n} × ${reason}`),
  ]);
}

console.log(`libvirt ${version} (Debian ${values.suite}), of networks and filters ${networksVersion}\n`);
const width = Math.max(...rows.map(([suite]) => suite.length));
/** @type {typeof rows} */
const lines = [['suite', 'cases', 'passed', ['deviations']], ...rows];
for (const [suite, cases, passed, deviations] of lines) {
  const [first = '', ...more] = deviations;
  console.log(`${suite.padEnd(width)}  ${cases.padStart(5)}  ${passed.padStart(6)}  ${first}`);
  for (const line of more) console.log(`${' '.repeat(width + 17)}${line}`);
}
if (unexplained.length > 0) {
  console.error(`\n${unexplained.length} deviations without a reason:`);
  for (const line of unexplained.slice(0, values.verbose ? undefined : 40)) console.error(`  ${line}`);
  process.exit(1);
}
