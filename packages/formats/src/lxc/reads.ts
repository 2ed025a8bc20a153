// Every key of an LXC configuration that is read by itself: identity, init, ids, capabilities, consoles.
// SPDX-License-Identifier: Apache-2.0
import type { CapabilityName, Console, Domain } from '@ctvirt/xml';
import { withAnother } from '../beancounters.js';
import { isCapability, withCapabilities, withOs } from '../edit.js';
import type { HostFacts } from '../format.js';
import { approximated, carried, ignored, type Outcome } from '../outcome.js';
import { notToBeHeld, variableIn } from '../variables.js';
import { archOf, capabilityNamed } from './names.js';
import { readUint } from './numbers.js';
import type { LxcSetting } from './parse.js';
import { filesystemReads } from './read-filesystems.js';
import { resourceReads } from './read-resources.js';
import { type LxcRead, type LxcRows, note, notePrefix } from './row.js';
import { wallReads } from './walls.js';

const idmap: LxcRead = (domain, value) => {
  const match = /^([ugb])\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})$/.exec(value);
  const [, kind = '', start = '', target = '', count = ''] = match ?? [];
  const range = { start: Number(start), target: Number(target), count: Number(count) };
  if (!match || range.count < 1 || Math.max(range.start, range.target, range.count) > 0xffff_ffff)
    return ignored('it is not "u|g INSIDE OUTSIDE COUNT"');
  const add = (key: 'uids' | 'gids', wanted: boolean) =>
    wanted ? { [key]: [...(domain.idmap?.[key] ?? []), range] } : {};
  const map = { ...domain.idmap, ...add('uids', kind !== 'g'), ...add('gids', kind !== 'u') };
  return carried({ ...domain, idmap: map }, 'idmap');
};

const capabilities =
  (policy: 'allow' | 'deny', state: 'on' | 'off'): LxcRead =>
  (domain, value) => {
    const words = value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '' && word !== 'none');
    const named = words.map(capabilityNamed);
    const good = named.filter(isCapability);
    const bad = named.filter((word) => !isCapability(word));
    const result = withCapabilities(
      domain,
      policy,
      good.map((word): [CapabilityName, 'on' | 'off'] => [word, state]),
    );
    if (bad.length === 0) return carried(result, `capabilities, policy ${policy}`);
    return approximated(
      result,
      `capabilities, policy ${policy}, but for ${bad.join(' ')}, which libvirt does not know`,
    );
  };

const environment: LxcRead = (domain, value) => {
  const variable = variableIn(value);
  if (variable === 'no name')
    return note(domain, 'environment', value, 'it takes the value from whoever starts the container');
  if (variable === 'not to be held') return note(domain, 'environment', value, notToBeHeld);
  if (
    variable.name === 'container_uuid' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(variable.value)
  )
    return carried({ ...domain, uuid: variable.value.toLowerCase() }, 'uuid');
  const initenvs = [...(domain.os.initenvs ?? []), variable];
  return carried(withOs(domain, { initenvs }), 'initenv');
};

const initCommand: LxcRead = (domain, value) => {
  const [init, ...initargs] = value.split(/\s+/).filter((word) => word !== '');
  if (init === undefined) return ignored('it is empty');
  return carried(
    withOs(domain, { init, ...(initargs.length === 0 ? {} : { initargs }) }),
    'init and initarg',
  );
};

const owner =
  (part: 'inituser' | 'initgroup'): LxcRead =>
  (domain, value) => {
    const id = readUint(value);
    return id === undefined
      ? ignored(`${value} is no number, and liblxc takes no names`)
      : carried(withOs(domain, { [part]: String(id) }), part);
  };

const seclabel =
  (model: string): LxcRead =>
  (domain, label) =>
    carried(
      { ...domain, seclabels: [...(domain.seclabels ?? []), { type: 'static', model, label }] },
      `seclabel of ${model}`,
    );

const maxConsoles = 64;
const consoles: LxcRead = (domain, value) => {
  const asked = readUint(value);
  if (asked === undefined) return ignored(`${value} is no number`);
  if (asked === 0) return carried(domain, 'no console');
  const count = Math.min(maxConsoles, asked);
  const list = Array.from(
    { length: count },
    (_, port): Console => ({ type: 'pty', target: { type: 'lxc', port } }),
  );
  const result = { ...domain, devices: { ...domain.devices, consoles: list } };
  return count === asked
    ? carried(result, 'console')
    : approximated(result, `${count} consoles, the most there may be`);
};

const shares: Readonly<Record<string, 'sharenet' | 'shareipc' | 'shareuts'>> = {
  net: 'sharenet',
  ipc: 'shareipc',
  uts: 'shareuts',
};
const shareNamespace: LxcRead = (domain, value, rest) => {
  const key = Object.hasOwn(shares, rest) ? shares[rest] : undefined;
  if (key === undefined)
    return note(domain, `namespace.share.${rest}`, value, 'libvirt shares net, ipc and uts only');
  const type = /^\d+$/.test(value) ? 'pid' : 'name';
  return carried(
    { ...domain, lxcNamespace: { ...domain.lxcNamespace, [key]: { type, value } } },
    `lxc:${key}`,
  );
};

const because =
  (why: string): LxcRead =>
  (domain, value, rest) =>
    note(domain, rest, value, why);

/** No document says it, but the domain that is adopted has it. */
const startNumber =
  (name: 'start.order' | 'start.delay', word: string): LxcRead =>
  (domain, value) =>
    readUint(value) === undefined
      ? note(domain, name, value, `${value} is no number`)
      : carried(
          withAnother(domain, notePrefix + name, value),
          `kept by its name, and the ${word} of what is adopted`,
        );

const reads: LxcRows = {
  arch(domain, value) {
    const arch = archOf(value);
    return arch === undefined
      ? ignored(`${value} is no architecture of liblxc`)
      : carried(withOs(domain, { type: { ...domain.os.type, arch } }), `arch of the type: ${arch}`);
  },
  ...filesystemReads,
  idmap,
  'cap.drop': capabilities('allow', 'off'),
  'cap.keep': capabilities('deny', 'on'),
  environment,
  'init.cmd': initCommand,
  'start.order': startNumber('start.order', 'start order'),
  'start.delay': startNumber('start.delay', 'delay after its start'),
  'init.cwd': (domain, value) => carried(withOs(domain, { initdir: value }), 'initdir'),
  'init.uid': owner('inituser'),
  'init.gid': owner('initgroup'),
  ...wallReads,
  'selinux.context': seclabel('selinux'),
  'tty.max': consoles,
  'namespace.share.': shareNamespace,
  'hook.': (domain, value, rest) => note(domain, `hook.${rest}`, value, 'hooks are kept and never run'),
  ...resourceReads,
};

const fallback = because('no element holds it; kept by its name');
const readFamilies = Object.keys(reads).filter((key) => key.endsWith('.'));

/** Reads one setting by its row. */
export function readOne(domain: Domain, setting: LxcSetting, facts: HostFacts): Outcome {
  const { name, value } = setting;
  const exact = Object.hasOwn(reads, name) ? reads[name] : undefined;
  if (exact !== undefined) return exact(domain, value, name, facts);
  const family = readFamilies.find((prefix) => name.startsWith(prefix));
  const read = family === undefined ? undefined : reads[family];
  return read === undefined || family === undefined
    ? fallback(domain, value, name, facts)
    : read(domain, value, name.slice(family.length), facts);
}
