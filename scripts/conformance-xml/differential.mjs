// Random containers as libvirt's own C code reads and writes them, through its test driver, against our normal form.
// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { domain } from '../../packages/xml/dist/domain/index.js';
import { formatDomain, parseDomain } from '../../packages/xml/dist/index.js';
import { fieldsOf } from '../../packages/xml/dist/testing/arbitrary.js';

const python = '/usr/bin/python3';
const oracle = new URL('libvirt-oracle.py', import.meta.url).pathname;

/** Values that mean something to libvirt stay; free texts become plain, and paths absolute. */
const exact = new Set(
  'address peer gateway netmask cpuset nodeset type state mode policy onPoweroff onReboot onCrash family portid'.split(
    ' ',
  ),
);
const paths = new Set('dir file block char path partition init emulator'.split(' '));

/**
 * @param {unknown} value
 * @param {string} [key]
 * @returns {unknown}
 */
function plain(value, key = '') {
  if (Array.isArray(value)) return value.map((item) => plain(item, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v, k)]));
  // libvirt's test driver allocates by some of these numbers.
  if (typeof value === 'number') return value > 1_000_000 ? 1000 + (value % 1000) : value;
  if (typeof value !== 'string' || exact.has(key)) return value;
  return `${paths.has(key) ? '/' : ''}${value.replace(/[^a-zA-Z0-9./_-]/g, 'x').slice(0, 20) || 'x'}`;
}

/** @type {(object: object | undefined, ...keys: readonly string[]) => Record<string, unknown>} */
const without = (object, ...keys) =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => !keys.includes(key)));
/** @type {(object: object | undefined, ...keys: readonly string[]) => Record<string, unknown>} */
const only = (object, ...keys) =>
  Object.fromEntries(Object.entries(object ?? {}).filter(([key]) => keys.includes(key)));

const mac = { address: '52:54:00:12:34:56' };

/**
 * @typedef {import('../../packages/xml/dist/index.js').Domain} Domain
 * @typedef {Domain['devices']} Devices
 */

/**
 * What random values would break by rules of libvirt's that hold between distant elements, or of its other drivers.
 *
 * @type {{ [K in keyof Domain]?: (value: NonNullable<Domain[K]>) => unknown }}
 */
const adapt = {
  memtune: ({ hardLimitKiB, softLimitKiB, minGuaranteeKiB, swapHardLimitKiB }) => ({
    hardLimitKiB: hardLimitKiB && 900,
    softLimitKiB: softLimitKiB && 800,
    minGuaranteeKiB: minGuaranteeKiB && 100,
    swapHardLimitKiB: swapHardLimitKiB && 1000,
  }),
  vcpu: (vcpu) => {
    const value = 1 + (vcpu.value % 8);
    return { ...vcpu, value, current: vcpu.current && 1 + (vcpu.current % value) };
  },
  cputune: (cputune) => without(cputune, 'vcpupins', 'vcpuscheds', 'iothreadpins', 'iothreadscheds'),
  numatune: ({ memory }) => ({ memory: memory && { mode: memory.mode ?? 'strict', nodeset: '0-3,^2' } }),
  // libvirt refuses an empty <resource/> without saying why.
  resource: ({ partition }) => partition && { partition },
  idmap: () => ({ uids: [{ start: 0, target: 9, count: 8 }], gids: [{ start: 0, target: 9, count: 8 }] }),
  clock: () => ({ offset: 'utc' }),
  // libvirt does not know these.
  features: (features) => without(features, 'seccomp', 'apparmor', 'noNewPrivileges'),
  metadata: () => undefined,
  beancounters: () => undefined,
  bootloader: () => undefined,
  bootloaderArgs: () => undefined,
  genid: () => undefined,
  lxcNamespace: () => undefined,
  seclabels: () => undefined,
  id: () => undefined,
};

/** @type {{ [K in keyof Devices]?: (value: NonNullable<Devices[K]>) => unknown }} */
const deviceAdapt = {
  filesystems: (list) =>
    list
      .filter(({ type }) => type !== 'dataset' && type !== 'volume')
      .map((model, index) => ({
        ...without(
          model,
          'multidevs',
          'model',
          'fmode',
          'dmode',
          'address',
          'alias',
          'quotas',
          'spaceSoftLimitBytes',
        ),
        driver: model.driver && model.type === 'file' ? { type: 'loop', format: 'raw' } : undefined,
        target: { dir: `/m${index}` },
      })),
  interfaces: (list) =>
    list
      .filter(({ type }) => ['ethernet', 'bridge', 'network', 'direct'].includes(type))
      .map((model, index) => ({
        ...only(model, 'type', 'source', 'ips', 'routes', 'link', 'mtu', 'bandwidth', 'trustGuestRxFilters'),
        mac: model.mac ?? mac,
        vlan: model.vlan && { ...model.vlan, tags: model.vlan.tags?.slice(0, 1) },
        guest: model.guest?.dev && { dev: `g${index}` },
        target: { dev: `q${index}` },
      })),
  disks: (list) =>
    list
      .filter(({ type }) => type !== 'dir')
      .map(({ type, source, driver, readonly, shareable, transient, iotune, snapshot }, index) => ({
        ...{ type, driver: only(driver, 'name', 'type', 'cache', 'io', 'discard'), readonly, shareable },
        ...{
          transient,
          snapshot,
          iotune: iotune && { ...without(iotune, 'groupName'), ...consistent(iotune) },
        },
        source: source ?? { file: '/d', dev: '/d', pool: 'p', volume: 'v' },
        device: 'disk',
        target: { dev: `${diskNames[(index * 7 + type.length) % diskNames.length]}${'cabdz'[index]}` },
      })),
  controllers: (list) =>
    list
      .filter(({ type }) => ['ide', 'fdc', 'sata', 'scsi'].includes(type))
      .map(({ type }, index) => ({ type, index: index || undefined })),
  consoles: (list) => list.map(() => ({ type: 'pty', target: { type: 'lxc', port: 7 } })),
  hostdevs: (list) =>
    list.filter(({ mode }) => mode === 'capabilities').map((model) => without(model, 'alias', 'address')),
};

const diskNames = ['sd', 'hd', 'vd', 'xvd', 'fd'];

/**
 * Limits for both ways together, or for each.
 *
 * @param {object} iotune
 */
const consistent = (iotune) =>
  Object.fromEntries(
    Object.keys(iotune)
      .filter((key) => key.startsWith('total'))
      .map((key) => [key, undefined]),
  );

/**
 * The object with the values of some keys changed, each by the function of its name.
 *
 * @param {object | undefined} object
 * @param {object} changes
 * @returns {Record<string, unknown>}
 */
function changed(object, changes) {
  /** @type {Readonly<Record<string, (value: unknown) => unknown>>} */
  const known = { ...changes };
  return Object.fromEntries(
    Object.entries(object ?? {}).map(([key, value]) => [
      key,
      value !== undefined && known[key] !== undefined ? known[key](value) : value,
    ]),
  );
}

/**
 * @param {object} random values that the schema has, whatever they mean together
 * @returns {Domain}
 */
function container(random) {
  // Plain values of the same shape: what libvirt says of them is what is compared.
  const model = /** @type {Domain} */ (changed(/** @type {object} */ (plain(random)), adapt));
  const devices = /** @type {Devices} */ ({ ...changed(model.devices, deviceAdapt), emulator: '/e' });
  /** @type {NonNullable<Devices['filesystems']>[number]} */
  const root = { type: 'mount', accessmode: 'passthrough', source: { dir: '/r' }, target: { dir: '/' } };
  const { init, initargs, initenvs, initdir, inituser, initgroup } = model.os ?? {};
  return {
    ...model,
    type: 'lxc',
    name: 'n',
    uuid: '8509a1d4-1569-4467-8b37-4e433a1ac7b1',
    memoryKiB: (model.memoryKiB ?? 0) + 2000,
    os: {
      type: { value: 'exe', arch: 'x86_64' },
      init: init ?? '/i',
      initargs,
      initenvs,
      initdir,
      inituser,
      initgroup,
    },
    devices: { ...devices, filesystems: [root, ...(devices.filesystems ?? [])] },
  };
}

/**
 * Cases for the conformance table; none where Debian's python3-libvirt is not installed.
 *
 * @param {number} count
 * @param {number} seed
 * @returns {[name: string, run: () => string | undefined][]}
 */
export function differentialCases(count, seed) {
  const documents = fc
    .sample(fieldsOf(domain.body.fields, {}), { numRuns: count, seed })
    .map((model) => formatDomain(container(model)))
    .map((text) => ({ text, parsed: parseDomain(text) }));
  const run = spawnSync(python, [oracle], {
    input: documents.map(({ text }) => JSON.stringify(text)).join('\n'),
    maxBuffer: 1e9,
    encoding: 'utf8',
  });
  if (run.status !== 0) return [];
  /** @type {{ xml: string, error?: string }[]} */
  const answers = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return documents.map(({ text, parsed }, index) => [
    `document ${index + 1}`,
    () => {
      const { xml, error } = answers[index] ?? { xml: '', error: 'no answer' };
      if (error !== undefined && parsed.domain === undefined) return undefined;
      if (error !== undefined) return `libvirt refuses what we accept: ${error}\n${text}`;
      if (parsed.domain === undefined)
        return `we refuse what libvirt accepts: ${parsed.findings[0]?.message}\n${text}`;
      const ours = formatDomain(parsed.domain, { libvirt: true })
        .replace("type='lxc'", "type='test'")
        .split('\n');
      const theirs = xml.split('\n');
      const at = theirs.findIndex((line, i) => line !== ours[i]);
      return at < 0 ? undefined : `line ${at + 1}: wanted ${theirs[at]}, got ${ours[at]}`;
    },
  ]);
}
