// What lies beside a domain's files while it goes to another host: the one place that says whose it is.
// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeAtomically } from '../host/files.js';
import { parseJson, readOr } from './folders.js';

const FILE = 'moving.json';

/** `here`: it is this host's; a move that is under way, or that the other one is to be told the end of. `given`: it is the other's. */
export interface Moving {
  readonly version: 1;
  readonly job: string;
  readonly to: string;
  readonly keeper: 'here' | 'given';
  /** Whether it ran before: it does again, wherever it is. */
  readonly ran: boolean;
  /** Whether the other host has said that it has it: then what is left here is of no use but to look at. */
  readonly answered?: true;
  /** When it ended here, by this host's clock; missing as long as it did not. */
  readonly endedAt?: string;
  /** Links of this host that answered for its addresses when the move began: they do again if it stays. */
  readonly proxies?: readonly { readonly address: string; readonly link: string }[];
}

/** Undefined where no move was begun. */
export function readMoving(folder: string): Moving | undefined {
  const path = join(folder, FILE);
  return existsSync(path) ? parseJson(readFileSync(path, 'utf8'), path, isMoving, 'a move') : undefined;
}

/** On the disk when it resolves. */
export const writeMoving = (folder: string, moving: Moving): Promise<void> =>
  writeAtomically(join(folder, FILE), `${JSON.stringify(moving)}\n`);

export async function forgetMoving(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  await syncDirectory(folder);
}

function isMoving(value: unknown): value is Moving {
  if (typeof value !== 'object' || value === null) return false;
  const { version, job, to, keeper, ran, proxies } = value as Partial<Record<keyof Moving, unknown>>;
  return (
    version === 1 &&
    typeof job === 'string' &&
    typeof to === 'string' &&
    (keeper === 'here' || keeper === 'given') &&
    typeof ran === 'boolean' &&
    (proxies === undefined || (Array.isArray(proxies) && proxies.every(isProxy)))
  );
}

function isProxy(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return typeof Reflect.get(value, 'address') === 'string' && typeof Reflect.get(value, 'link') === 'string';
}

/** The host whose it is, if that is another one, as far as that can be read. */
export function givenTo(folder: string): string | undefined {
  const moving = readOr([], join(folder, FILE), (text, path) => parseJson(text, path, isMoving, 'a move'));
  return moving?.keeper === 'given' ? moving.to : undefined;
}
