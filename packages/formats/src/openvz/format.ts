// The OpenVZ format: /etc/vz/conf/CTID.conf beside vz.conf.
// SPDX-License-Identifier: Apache-2.0
import type { Domain } from '@ctvirt/xml';
import { parameterValue } from '../beancounters.js';
import { FormatError } from '../errors.js';
import { baseName, type FileSet, folderOf } from '../files.js';
import { foreignIn } from '../foreign.js';
import type { Format, NativeUnit } from '../format.js';
import { effectiveValues, isUuid, parseConf } from './conf-file.js';
import { readCtidConf, writeCtidConf } from './ctid-conf.js';
import { parameterOf } from './parameters.js';

/** Numbers up to 100 are OpenVZ's own. */
const firstCtid = 101;
const ctidPattern = /^([1-9]\d{0,9}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const isCtid = (word: string): boolean => ctidPattern.test(word);
/** The file that OpenVZ 7 keeps in the container's own folder. */
const ownFile = 've.conf';

/** What a container is called by the place of its file: by its name, or by that of the folder it is the file of. */
function nameAt(path: string): string | undefined {
  const file = baseName(path);
  const name = file === ownFile ? baseName(folderOf(path)) : /^(.+)\.conf$/.exec(file)?.[1];
  return name !== undefined && isCtid(name) ? name : undefined;
}

/** What a configuration calls itself: OpenVZ 7 writes that. */
function nameIn(text: string): string | undefined {
  const { values } = effectiveValues(parseConf(text));
  return ['VEID', 'UUID']
    .map((key) => values.get(key)?.value)
    .find((word) => word !== undefined && isCtid(word));
}

const hostFiles = new Set(['vz.conf', '0.conf']);

/** Files named by a number; one file alone may have any name if it holds OpenVZ's keys. */
function detect(files: FileSet): NativeUnit[] {
  const units: NativeUnit[] = [];
  for (const [path, { text }] of files) {
    const name = nameAt(path);
    if (text !== undefined && name !== undefined && foreignIn(text) === undefined) units.push({ name, path });
  }
  const [first] = files;
  if (units.length > 0 || first === undefined || files.size > 1) return units;
  const [path, { text = '' }] = first;
  // The host's own settings look much like a container's.
  if (hostFiles.has(baseName(path))) return units;
  const known = parseConf(text).entries.filter(({ key }) => parameterOf(key) !== undefined);
  return known.length >= 3 ? [{ name: nameIn(text) ?? String(firstCtid), path }] : [];
}

/** vz.conf stands in the folder, or in the one above it. */
function vzConfOf(files: FileSet, path: string): { vzConf: string; vzConfFile: string } | undefined {
  const folder = folderOf(path);
  for (const place of [folder, folderOf(folder)]) {
    const vzConfFile = place === '' ? 'vz.conf' : `${place}/vz.conf`;
    const vzConf = files.get(vzConfFile)?.text;
    if (vzConf !== undefined) return { vzConf, vzConfFile };
  }
  return undefined;
}

/** The number or UUID that the name is, the one noted beside the name, or the first number there may be. */
function ctidOf(domain: Domain): string {
  return (
    [domain.name, parameterValue(domain, 'VEID')].find((word) => word !== undefined && isCtid(word)) ??
    String(firstCtid)
  );
}

/** Reads and writes containers of OpenVZ up to version 7; the host's `vz.conf` counts where the container's file is silent. */
export const openvzFormat: Format = {
  name: 'openvz',
  doc: 'OpenVZ configuration, CTID.conf beside vz.conf',
  files: {
    // Of /etc/vz the folder with the containers, of OpenVZ 7's /vz/private those of the containers.
    enters: (path, depth) => depth === 1 && (baseName(path) === 'conf' || isUuid(baseName(path))),
    wants: (name) => name === 'vz.conf' || name === ownFile || nameAt(name) !== undefined,
    keepsLinks: false,
    shared: ['vz.conf', '../vz.conf'],
    hasTemplates: true,
    text: 'imported',
    home: {
      at: (name) => (isCtid(name) ? `/etc/vz/conf/${name}.conf` : undefined),
      isFolder: false,
      linkOf: (name) => `/etc/vz/names/${name}`,
      nameAt,
    },
  },
  detect,
  references: () => [],
  read(files, unit, host) {
    const text = files.get(unit.path)?.text;
    if (text === undefined)
      throw new FormatError('missing', `${unit.path} was not given`, { file: unit.path });
    return readCtidConf(text, {
      ctid: unit.name,
      pageSize: host.pageSize,
      hostCpus: host.cpus,
      file: unit.path,
      ...(host.root === undefined ? {} : { root: host.root }),
      ...vzConfOf(files, unit.path),
    });
  },
  write(domain, { pageSize, cpus, autostart, known }) {
    const ctid = ctidOf(domain);
    const path = `${ctid}.conf`;
    const { text, report } = writeCtidConf(known?.get(path)?.text, domain, {
      ctid,
      pageSize,
      hostCpus: cpus,
      ...(autostart === undefined ? {} : { autostart }),
    });
    return { files: new Map([[path, { text }]]), report };
  },
};
