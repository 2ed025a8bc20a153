// libvirt's tests of its importers of LXC and OpenVZ configurations, run on ours.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, formats } from '../../packages/formats/dist/index.js';
import { compareImport } from '../../packages/formats/dist/testing/compare-import.js';

const host = { pageSize: 4096, cpus: 1 };

/** @typedef {[name: string, run: () => string | undefined]} Case */

/**
 * One case for each configuration: the domain says what libvirt's says, or libvirt refuses and ours reports why.
 *
 * @param {string} tests
 * @returns {Case[]}
 */
export function lxcCases(tests) {
  const folder = join(tests, 'lxcconf2xmldata');
  const names = readdirSync(folder).filter((name) => name.endsWith('.config'));
  return names.sort().map((name) => [
    `tests/lxcconf2xmldata/${name}`,
    () => {
      const config = readFileSync(join(folder, name), 'utf8');
      const wanted = join(folder, name.replace(/(?:-v3)?\.config$/, '.xml'));
      if (!existsSync(wanted)) return refused(config);
      const differences = compareImport(config, readFileSync(wanted, 'utf8'));
      if (differences === undefined) return 'not recognised';
      const told = differences.map((one) => `${one.aspect}: ${JSON.stringify(one.ours)}`);
      return told.length === 0 ? undefined : told.join('; ');
    },
  ]);
}

/**
 * libvirt cannot follow a relative path of an fstab; ours goes on, and reports the line.
 *
 * @param {string} config
 */
function refused(config) {
  const files = filesOf([['config', config]]);
  const [unit] = formats.lxc.detect(files);
  const { report } = formats.lxc.read(files, unit, host);
  return report.some(({ status, key }) => status === 'ignored' && key.startsWith('lxc.mount'))
    ? undefined
    : 'what libvirt refuses is read without a word';
}

/**
 * The interfaces that libvirt's test expects of its sample of a ctid.conf.
 *
 * @param {string} tests
 * @returns {Case[]}
 */
export function openvzCases(tests) {
  const path = join(tests, 'openvzutilstest.conf');
  const sample = readFileSync(path, 'utf8');
  /** @param {string} text */
  const read = (text) => {
    const files = filesOf([['105.conf', text]]);
    return formats.openvz.read(files, formats.openvz.detect(files)[0], host);
  };
  /** @typedef {NonNullable<import('../../packages/xml/dist/index.js').Domain['devices']['interfaces']>[number]} Interface */
  /** @type {(text: string, isWanted: (one: Interface) => boolean) => boolean} */
  const has = (text, isWanted) => (read(text).domain.devices.interfaces ?? []).some(isWanted);
  return [
    [
      'tests/openvzutilstest.conf IP_ADDRESS',
      () =>
        has(sample, ({ type, ips }) => type === 'ethernet' && ips?.[0]?.address === '194.44.18.88')
          ? undefined
          : 'no interface with the address',
    ],
    [
      'tests/openvzutilstest.conf NETIF',
      () => (has(sample, ({ mac }) => mac !== undefined) ? undefined : 'the interface is not read'),
    ],
    [
      'tests/openvzutilstest.conf NETIF, its quote closed',
      () =>
        has(
          `${sample.trimEnd()}"\n`,
          ({ mac, target }) => mac?.address === '00:18:51:c1:05:ee' && target?.dev === 'veth105.10',
        )
          ? undefined
          : 'no such interface',
    ],
    [
      'tests/openvzutilstest.conf OSTEMPLATE',
      () =>
        read(sample).domain.devices.filesystems?.some(
          ({ source }) => 'name' in source && source.name === 'rhel-5-lystor',
        )
          ? undefined
          : 'no root from the template',
    ],
  ];
}
