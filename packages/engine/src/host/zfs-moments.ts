// Moments of datasets of ZFS that streams are made of, kept until both ends of a move have no use for them.
// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { zfs } from './zfs.js';

const SENT = '@ctvirt-sent-';

interface Moment {
  readonly name: string;
  /** The same on every host that has it. */
  readonly guid: string;
}

/** Its name is no other's, on whatever dataset it will be when others are promoted. */
export const newMoment = (dataset: string): string => `${dataset}${SENT}${randomUUID()}`;

export async function keepMoment(dataset: string): Promise<string> {
  const name = newMoment(dataset);
  await zfs(['snapshot', name]);
  return name;
}

/** The oldest first. */
export async function momentsOf(dataset: string): Promise<Moment[]> {
  const words = ['list', '-H', '-p', '-d', '1', '-t', 'snapshot', '-s', 'createtxg', '-o', 'name,guid'];
  const { stdout } = await zfs([...words, dataset]);
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([name, guid]) => (name && guid ? [{ name, guid }] : []));
}

/**
 * The moment that it is a copy of, its origin's or, since others were promoted, its own; undefined of one that is none, or whose moment
 * is gone. Who has not written to the copy may take that for it: what was copied later stands on it, too.
 */
export async function copiedAt(dataset: string): Promise<string | undefined> {
  const { stdout } = await zfs(['get', '-H', '-o', 'value', 'origin', dataset]);
  const names = [stdout.trim(), ...(await momentsOf(dataset)).map(({ name }) => name)];
  return names.find((name) => name.endsWith(`@${basename(dataset)}`));
}

/** Whether a stream of the second one can stand on the first: it is a later one of the same dataset, or of a copy. */
export async function isEarlier(base: string, moment: string): Promise<boolean> {
  const { status } = await zfs(['send', '-n', '-i', base, moment], { allow: [1] });
  return status === 0;
}

/** Those of streams alone. One that copies stand on goes with the last of them. */
export async function forgetMoments(datasets: readonly string[]): Promise<void> {
  for (const dataset of datasets)
    for (const { name } of await momentsOf(dataset)) if (isSent(name)) await forgetMoment(name);
}

export const isSent = (moment: string): boolean => moment.includes(SENT);

export async function forgetMoment(name: string): Promise<void> {
  await zfs(['destroy', '-d', name]);
}

/** Of the module, such as 2.2; undefined where it does not say. */
export function zfsVersion(): readonly [number, number] | undefined {
  let text: string;
  try {
    text = readFileSync('/sys/module/zfs/version', 'utf8');
  } catch {
    return undefined;
  }
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}
