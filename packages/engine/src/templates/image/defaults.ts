// What a domain of an image starts, worked out of what the image says and of what its files are.
// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path';
import type { UnpackedTree } from '../archive/inspect.js';
import type { ImageConfig } from './config.js';
import { hostMachine } from './machines.js';

/** What a domain made of an image starts, as the image has it. */
export interface ImageDefaults {
  /** The program by its whole path, and its arguments; empty where it names none. */
  command: readonly string[];
  environment: readonly { name: string; value: string }[];
  /** Working directory, if not the root. */
  folder?: string;
  /** Whom the program runs as, if not as root. */
  user?: number;
  group?: number;
  /** Folders whose contents are meant to outlive the container. */
  volumes: readonly string[];
  /** Ports that it listens on, such as `80/tcp`. */
  ports: readonly string[];
  /** By which its program wants to be asked to end, if not SIGTERM: `SIGQUIT`. */
  stopSignal?: string;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Numbers beyond are none of a container's. */
const ID_MAX = 65_535;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what no document holds
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\p{Cs}\ufffe\uffff]/u;

/** Nor does what has to be one line there. */
const unsound = /[\p{Cc}\p{Cs}\ufffe\uffff]/u;

const isSound = (text: string): boolean => !unsound.test(text);

/** The defaults, and what of the image cannot be kept. */
export function defaultsOf(
  config: ImageConfig,
  tree: UnpackedTree,
): { image: ImageDefaults; notes: string[] } {
  const notes: string[] = [];
  const environment = variablesOf(config.environment, notes);
  const folder = folderOf(config) ?? '/';
  if (folderOf(config) === undefined)
    notes.push('the working directory of the image cannot stand in a document, so it is /');
  const command = commandOf(config.command, environment, folder, tree, notes);
  const ids = idsOf(config.user, tree, notes);
  const stopSignal = stopSignalOf(config.stopSignal);
  if (config.architecture !== '' && config.architecture !== hostMachine())
    notes.push(
      `the image is for ${JSON.stringify(config.architecture.slice(0, 60))}, and this machine is ${hostMachine()}`,
    );
  const image: ImageDefaults = {
    command,
    environment,
    ...(folder !== '/' && { folder }),
    ...ids,
    volumes: config.volumes.filter(isSound).map((path) => posix.join('/', path)),
    ports: config.ports.filter(isSound),
    ...(stopSignal !== undefined && { stopSignal }),
  };
  return { image, notes };
}

function variablesOf(environment: readonly string[], notes: string[]): ImageDefaults['environment'] {
  const kept: { name: string; value: string }[] = [];
  const leftOut: string[] = [];
  for (const word of environment) {
    const [, name = '', value = ''] = /^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s.exec(word) ?? [];
    if (name !== '' && !unsound.test(value)) kept.push({ name, value });
    else leftOut.push(word);
  }
  const [first, ...others] = leftOut;
  if (first !== undefined)
    notes.push(
      `a variable of the image is left out, since it cannot stand in a document: ${JSON.stringify(first.slice(0, 60))}${others.length > 0 ? `, and ${others.length} more` : ''}`,
    );
  return kept;
}

/** Where the program is started; undefined where no document can say it. */
export const folderOf = ({ folder }: ImageConfig): string | undefined =>
  unsound.test(folder) ? undefined : posix.resolve('/', folder);

/** As names stand in archives. */
const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** The program by its whole path: process 1 is looked for in no PATH. */
function commandOf(
  [program, ...words]: readonly string[],
  environment: ImageDefaults['environment'],
  folder: string,
  tree: UnpackedTree,
  notes: string[],
): string[] {
  if (program === undefined) return [];
  if (unsound.test(program) || words.some((word) => unwritable.test(word))) {
    notes.push('the program that the image starts cannot stand in a document: it has control characters');
    return [];
  }
  const path = environment.find(({ name }) => name === 'PATH')?.value ?? PATH;
  const places = program.includes('/') ? [folder] : path.split(':');
  const all = places.map((place) => posix.resolve('/', place, program));
  const found = all.find((one) => {
    const reached = tree.resolve(bytesOf(one));
    return reached !== undefined && tree.isFile(reached);
  });
  if (found === undefined)
    notes.push(`the program that the image starts is not in it: ${JSON.stringify(program)}`);
  return [found ?? all[0] ?? program, ...words];
}

/** `SIGQUIT`, `QUIT`, `RTMIN+3`, or a number, which stays one. */
function stopSignalOf(word: string): string | undefined {
  const [, name] = /^(?:SIG)?([A-Z][A-Z0-9]{1,9}(?:[+-]\d{1,2})?)$/.exec(word.toUpperCase()) ?? [];
  const signal = name === undefined ? /^\d{1,2}$/.exec(word)?.[0] : `SIG${name}`;
  return signal === 'SIGTERM' || signal === '15' ? undefined : signal;
}

function idsOf(user: string, tree: UnpackedTree, notes: string[]): { user?: number; group?: number } {
  const [name = '', group = ''] = user.split(':');
  if (name === '' && group === '') return {};
  const who = name || '0';
  const entry = entryOf(tree.text('etc/passwd'), who);
  const uid = idOf(isNumber(who) ? who : entry?.[2]);
  // Without a group of its own it is root's, as where images come from.
  const gid = idOf(
    group === '' ? (entry?.[3] ?? '0') : (entryOf(tree.text('etc/group'), group)?.[2] ?? group),
  );
  if (uid !== undefined && gid !== undefined) return uid === 0 && gid === 0 ? {} : { user: uid, group: gid };
  notes.push(
    `the user that the image names is not in it, so its program is root's: ${JSON.stringify(user.slice(0, 60))}`,
  );
  return {};
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

/** Of its digits alone: a field that is empty is not root's number. */
const idOf = (text = ''): number | undefined =>
  isNumber(text) && Number(text) <= ID_MAX ? Number(text) : undefined;

/** A line of passwd or group by its name, or its number. */
const entryOf = (text: string | undefined, who: string): string[] | undefined =>
  (text ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === who || (fields.length > 2 && fields[2] === who));
