// What is told of copies of domains, and how their making ends.
// SPDX-License-Identifier: Apache-2.0
import type { CopiedDomain, OutsideSource } from '@ctvirt/api';
import type { Context } from '../context.js';
import type { Options } from '../verb.js';
import { describeWait } from './snapshot-words.js';

/** Names of files that are archives of domains. */
export const isDomainArchive = (file: string): boolean => file === '-' || file.endsWith('.ctvirt.tar.zst');

/** Status of what was done, where something of the domain stays with its host. */
const LEFT = 1;

/** Says what is missing; returns the status. */
export function tellMissing(
  context: Context,
  { outside, remarks }: { readonly outside: readonly OutsideSource[]; readonly remarks: readonly string[] },
  where: string,
): number {
  const left = outside.map(
    ({ kind, source, target }) =>
      `${where}, since it is the host's: ${kind} ${source}${target === null ? '' : ` at ${target}`}`,
  );
  for (const remark of [...left, ...remarks]) context.remark(remark);
  return outside.length > 0 ? LEFT : 0;
}

/** What they take. */
export const ofSnapshot = {
  snapshot: {
    type: 'text',
    value: 'SNAPSHOT',
    complete: 'snapshot',
    summary: 'As this snapshot has it, in place of now',
  },
} as const satisfies Options;

/** For a request. */
export const asOf = (snapshot: string | undefined) => (snapshot === undefined ? {} : { snapshot });

/** To be told after what was done. */
export const waited = ({ frozenMs }: { readonly frozenMs: number | null }): string =>
  frozenMs === null ? '' : `; its writes waited ${describeWait(frozenMs)}`;

/** The same of a domain that was made, and of its document. */
export function tellCopied(context: Context, made: CopiedDomain, text: string): number {
  context.warn(made.findings, made.domain.name);
  context.done(made, `${text}${waited(made)}`);
  return tellMissing(context, made, 'not copied');
}
