// Identity keys: the container's name, what its root is made of, its texts, whether it may be started.
// SPDX-License-Identifier: Apache-2.0
import type { Filesystem } from '@ctvirt/xml';
import { parameterValue, withValue } from '../../beancounters.js';
import { rootOf, rootTarget, withFilesystem } from '../../edit.js';
import { approximated, carried, ignored } from '../../outcome.js';
import { inGroup, ownWord } from '../parameter.js';
import { parseBool, parsePath } from '../values.js';

/** Names OpenVZ accepts beside the number. */
export const namePattern = /^[A-Za-z0-9 +_.-]+$/;

function privateRoot(path: string, layout: string | undefined): Filesystem {
  if (layout?.startsWith('ploop') !== true) return { type: 'mount', source: { dir: path }, ...rootTarget };
  return {
    type: 'file',
    driver: { type: 'ploop', format: 'ploop' },
    source: { file: `${path}/root.hdd/root.hds` },
    ...rootTarget,
  };
}

/** In the order of a new file. */
export const identityRows = inGroup('identity', [
  {
    key: 'VE_ROOT',
    syntax: 'path',
    duplicates: 'first',
    profile: false,
    meaning: 'where the root of the running container is mounted',
  },
  {
    key: 'VE_PRIVATE',
    syntax: 'path',
    duplicates: 'first',
    profile: false,
    meaning: 'private area',
    root: 'private',
    read(domain, value, { ctid, values }) {
      if (rootOf(domain) !== undefined)
        return carried(withValue(domain, 'VE_PRIVATE', value), 'parameter ve_private');
      const path = parsePath(value, ctid);
      if (path === undefined) return ignored('it is no absolute path');
      const kept = value.includes('$') ? withValue(domain, 'VE_PRIVATE', value) : domain;
      return carried(withFilesystem(kept, privateRoot(path, values.get('VE_LAYOUT'))), 'source of the root');
    },
    write(domain) {
      const root = rootOf(domain);
      const kept = parameterValue(domain, 'VE_PRIVATE');
      if (kept !== undefined) return kept;
      if (root?.type === 'mount') return root.source.dir;
      return root?.type === 'file' ? /^(.+)\/root\.hdd\/root\.hds$/.exec(root.source.file)?.[1] : undefined;
    },
  },
  { key: 'VE_LAYOUT', syntax: 'word', meaning: 'simfs (a folder) or ploop (an image)' },
  {
    key: 'OSTEMPLATE',
    syntax: 'word',
    duplicates: 'first',
    profile: false,
    meaning: 'template the container was made from',
    root: 'template',
    read(domain, value, { root }) {
      if (value === '') return ignored('it is empty');
      if (root === 'private' || rootOf(domain) !== undefined)
        return carried(
          withValue(domain, 'OSTEMPLATE', value),
          'parameter ostemplate: the root is there already',
        );
      return carried(
        withFilesystem(domain, { type: 'template', source: { name: value }, ...rootTarget }),
        'source of the root, of type template',
      );
    },
    write(domain) {
      const root = rootOf(domain);
      return root?.type === 'template' ? root.source.name : parameterValue(domain, 'OSTEMPLATE');
    },
  },
  { key: 'TEMPLATE', syntax: 'path', duplicates: 'first', profile: false, meaning: 'template area' },
  {
    key: 'ORIGIN_SAMPLE',
    syntax: 'word',
    duplicates: 'first',
    profile: false,
    meaning: 'profile the container was made from',
    read(domain, value) {
      if (value === '') return ignored('it is empty');
      // Not the element <profile>: its values are in this file already, changed since or not.
      return carried(withValue(domain, 'ORIGIN_SAMPLE', value), 'parameter origin_sample');
    },
    write: (domain) => domain.profile ?? parameterValue(domain, 'ORIGIN_SAMPLE'),
  },
  {
    key: 'NAME',
    syntax: 'text',
    duplicates: 'first',
    profile: false,
    meaning: 'name beside the number',
    read(domain, value) {
      return namePattern.test(value) ? carried({ ...domain, name: value }, 'name') : ignored('it is no name');
    },
    write: (domain, { ctid }) =>
      domain.name === String(ctid) || !namePattern.test(domain.name) ? undefined : domain.name,
  },
  {
    key: 'DESCRIPTION',
    syntax: 'text',
    duplicates: 'first',
    profile: false,
    meaning: 'free text',
    read(domain, value) {
      if (domain.description !== undefined) return ownWord;
      return carried(value === '' ? domain : { ...domain, description: value }, 'description');
    },
    // A value is one line.
    write: (domain) => domain.description?.replace(/[\r\n]+/g, ' ') || undefined,
  },
  { key: 'ONBOOT', syntax: 'bool', duplicates: 'first', meaning: 'start with the node' },
  {
    key: 'BOOTORDER',
    syntax: 'ulong',
    unit: 'count',
    duplicates: 'first',
    meaning: 'higher starts earlier',
    read: (domain, value) =>
      carried(
        withValue(domain, 'BOOTORDER', value),
        'parameter bootorder, and the start order of what is adopted',
      ),
    write: (domain) => parameterValue(domain, 'BOOTORDER'),
  },
  {
    key: 'DISABLED',
    syntax: 'bool',
    duplicates: 'first',
    meaning: 'may not be started',
    read(domain, value) {
      const kept = withValue(domain, 'DISABLED', value);
      return parseBool(value) === true
        ? approximated(kept, 'parameter disabled: kept, but only autostart heeds it')
        : carried(kept, 'parameter disabled');
    },
    write: (domain) => parameterValue(domain, 'DISABLED'),
  },
  {
    key: 'STOP_TIMEOUT',
    syntax: 'ulong',
    unit: 'seconds',
    duplicates: 'first',
    meaning: 'grace before a hard stop; 0 is 120',
  },
  {
    key: 'LOCAL_UID',
    syntax: 'ulong',
    unit: 'count',
    duplicates: 'first',
    meaning: 'first host user id of the user namespace; 0 is none',
  },
  {
    key: 'LOCAL_GID',
    syntax: 'ulong',
    unit: 'count',
    duplicates: 'first',
    meaning: 'first host group id of the user namespace',
  },
  {
    key: 'VEID',
    syntax: 'word',
    profile: false,
    meaning: 'container number or UUID, informational',
    read(domain, value, { ctid }) {
      return ctid === undefined || value === String(ctid)
        ? carried(withValue(domain, 'VEID', value), 'parameter veid')
        : ignored(`the file is that of ${ctid}, and its name counts`);
    },
    write: (domain) => parameterValue(domain, 'VEID'),
  },
  {
    key: 'DISTRIBUTION',
    syntax: 'word',
    profile: false,
    meaning: 'distribution, where OSTEMPLATE does not tell',
  },
]);
