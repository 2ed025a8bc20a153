// Limits that are more than the host has: obeyed, and without any effect, which whoever slipped by a zero wants to hear.
// SPDX-License-Identifier: Apache-2.0
import { type Domain, type Finding, maxVcpus } from '@ctvirt/xml';
import type { Facts } from '../host/facts.js';
import { notKept } from './not-enforced.js';
import { resourcesIn } from './resources.js';

const MiB = 2 ** 20;
const show = (bytes: number): string => `${Math.floor(bytes / MiB)} MiB`;

/** One warning for each; a document without a limit says so on purpose. */
export function beyondHost(
  domain: Domain,
  facts: Pick<Facts, 'pageSize' | 'hostCpus' | 'memoryBytes'>,
): Finding[] {
  return [...memoryBeyond(domain, facts), ...processorsBeyond(domain, facts)];
}

function processorsBeyond(domain: Domain, { hostCpus }: Pick<Facts, 'hostCpus'>): Finding[] {
  const count = domain.vcpu === undefined ? 0 : maxVcpus(domain);
  if (count === undefined || count <= hostCpus) return [];
  return [notKept('/domain/vcpu', `${count} processors limit nothing: this host has ${hostCpus}`)];
}

function memoryBeyond(
  domain: Domain,
  facts: Pick<Facts, 'pageSize' | 'hostCpus' | 'memoryBytes'>,
): Finding[] {
  const { memoryMaxBytes } = resourcesIn(domain, facts);
  const { memoryBytes } = facts;
  if (memoryMaxBytes === undefined || memoryMaxBytes <= memoryBytes) return [];
  const path = domain.memtune?.hardLimitKiB === undefined ? '/domain/memory' : '/domain/memtune/hard_limit';
  return [
    notKept(
      path,
      `a limit of ${show(memoryMaxBytes)} of memory limits nothing: this host has ${show(memoryBytes)}`,
    ),
  ];
}
