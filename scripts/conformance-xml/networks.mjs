// Documents of networks over libvirt's test data, and the changes that its test makes to them.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { formatDocument, parseDocument, updateNetwork } from '../../packages/xml/dist/index.js';
import { lostNodes } from './lost-nodes.mjs';
import { documents, relative, testData, tree } from './network-source.mjs';
import { difference, errorsOf, grammar, parseXml } from './texts.mjs';

/** @typedef {import('./texts.mjs').Case} Case */

/** What libvirt writes of a document; there is none of those that its test wants refused. @param {string} path */
const outOf = (path) => testData(join('networkxml2xmlout', basename(path)));
const accepted = () => documents('tests/networkxml2xmlin').filter((path) => existsSync(outOf(path)));
const all = () => [
  ...accepted(),
  ...documents(
    'tests/networkxml2xmlout',
    'tests/networkxml2xmlupdateout',
    'tests/networkxml2confdata',
    'tests/networkxml2firewalldata',
  ),
];

/**
 * What is wrong with the normal form of a document that is read strictly.
 *
 * @param {string} given
 * @param {string} out
 */
function normalFault(given, out) {
  const parsed = parseDocument('network', given, { strict: true });
  if (parsed.model === undefined) return errorsOf(parsed).join('; ');
  return difference(out, formatDocument('network', parsed.model, { libvirt: true }));
}

/** By libvirt's words for them. @type {Readonly<Record<string, import('../../packages/xml/dist/index.js').NetworkUpdateSection>>} */
const sections = {
  IP_DHCP_HOST: 'ip-dhcp-host',
  IP_DHCP_RANGE: 'ip-dhcp-range',
  FORWARD_INTERFACE: 'forward-interface',
  PORTGROUP: 'portgroup',
  DNS_HOST: 'dns-host',
  DNS_TXT: 'dns-txt',
  DNS_SRV: 'dns-srv',
};
/** @type {Readonly<Record<string, import('../../packages/xml/dist/index.js').NetworkUpdateCommand>>} */
const commands = { ADD_FIRST: 'add-first', ADD_LAST: 'add-last', MODIFY: 'modify', DELETE: 'delete' };

/** The changes that libvirt's own test makes, as its table has them. @returns {Case[]} */
function updates() {
  const source = readFileSync(testData('networkxml2xmlupdatetest.c'), 'utf8');
  /** @type {Case[]} */
  const cases = [];
  let section = '';
  for (const [, next, index = '', fails, words = ''] of source.matchAll(
    /section = VIR_NETWORK_SECTION_(\w+);|^ +DO_TEST(_INDEX)?(_FAIL)?\(([^;]*)\);/gm,
  )) {
    if (next !== undefined) section = next;
    const strings = [...words.matchAll(/"([^"]*)"/g)].map(([, word]) => word ?? '');
    const [, command = ''] = /COMMAND_(\w+)/.exec(words) ?? [];
    const list = sections[section];
    const doing = commands[command];
    if (next !== undefined || strings.length < 3 || list === undefined || doing === undefined) continue;
    const [name = '', entry = '', network = '', out = ''] = strings;
    cases.push([
      `${section} ${name} ${entry} in ${network}`,
      () => {
        const path = testData(`networkxml2xmlin/${network}.xml`);
        const { model } = parseDocument('network', readFileSync(path, 'utf8'));
        if (model === undefined) return 'the network cannot be read';
        const text = readFileSync(testData(`networkxml2xmlupdatein/${entry}.xml`), 'utf8');
        // Whatever number the table has: its macro puts it where the flags stand, and the first <ip> is taken.
        const parent = index === '' ? -1 : 0;
        const result = updateNetwork(model, { section: list, command: doing, xml: text, parent });
        if (fails !== undefined) return 'fault' in result ? undefined : 'it was not refused';
        if ('fault' in result) return result.fault.message;
        return difference(
          readFileSync(testData(`networkxml2xmlupdateout/${out}.xml`), 'utf8'),
          formatDocument('network', result.network, { libvirt: true }),
        );
      },
    ]);
  }
  return cases;
}

/** @type {Readonly<Record<string, () => readonly Case[]>>} */
export const networkSuites = {
  'network XML to XML, byte for byte': () =>
    documents('tests/networkxml2xmlin').map((path) => [
      relative(path),
      () => {
        const given = readFileSync(path, 'utf8');
        const out = outOf(path);
        if (existsSync(out)) return normalFault(given, readFileSync(out, 'utf8'));
        const { model } = parseDocument('network', given);
        return model === undefined ? undefined : 'what libvirt refuses was accepted';
      },
    ]),
  'networks in the normal form: as they were': () =>
    documents('tests/networkxml2xmlout', 'tests/networkxml2xmlupdateout').map((path) => [
      relative(path),
      () => {
        const text = readFileSync(path, 'utf8');
        return normalFault(text, text);
      },
    ]),
  'every <network> document: understood, no node lost': () =>
    all().map((path) => [
      relative(path),
      () => {
        const text = readFileSync(path, 'utf8');
        const { model, findings } = parseDocument('network', text, { strict: true });
        if (model === undefined || findings.length > 0)
          return findings.map(({ line, message }) => `${line}: ${message}`).join('; ');
        const lost = lostNodes(parseXml(text), parseXml(formatDocument('network', model)));
        return lost.length === 0 ? undefined : `lost ${lost.slice(0, 3).join(', ')}`;
      },
    ]),
  "what we write of networks validates against libvirt's network.rng": () => {
    const rng = join(tree, 'src/conf/schemas/network.rng');
    const check = grammar(readFileSync(rng, 'utf8'), rng);
    return all().flatMap((path) => {
      const { model } = parseDocument('network', readFileSync(path, 'utf8'));
      if (model === undefined) return [];
      return [true, false].map((libvirt) => {
        /** @type {Case} */
        const one = [
          `${relative(path)}${libvirt ? ' normal form' : ''}`,
          () => check(formatDocument('network', model, { libvirt })),
        ];
        return one;
      });
    });
  },
  'changes of one entry of a network': updates,
  'ports of a network: as they were': () =>
    documents('tests/virnetworkportxml2xmldata').map((path) => [
      relative(path),
      () => {
        const text = readFileSync(path, 'utf8');
        const parsed = parseDocument('networkport', text, { strict: true });
        if (parsed.model === undefined) return errorsOf(parsed).join('; ');
        return difference(text, formatDocument('networkport', parsed.model, { libvirt: true }));
      },
    ]),
};
