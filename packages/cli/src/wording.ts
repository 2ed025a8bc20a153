// States and sizes in the words and units people read, virsh's where it has them.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary, NetworkSummary } from '@ctvirt/api';

const stateWords: Readonly<Record<DomainSummary['state'], string>> = {
  running: 'running',
  paused: 'paused',
  shutoff: 'shut off',
};

/** virsh's word for a state: `shut off` is of two words. */
export const describeState = ({ state }: DomainSummary): string => stateWords[state];

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const GIB = binaryUnits.indexOf('GiB');

/** `1.5 GiB`: one decimal below ten, and of gibibytes and more below a hundred, where it is not nought. */
export function describeBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < binaryUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  const isExact =
    unit > 0 && (value < 10 || (unit >= GIB && value < 100 && !value.toFixed(1).endsWith('.0')));
  const text = isExact ? value.toFixed(1) : String(Math.round(value));
  return `${text} ${binaryUnits[unit]}`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** `3d 4h`, `12m 5s`: the two largest units. */
export function describeDuration(seconds: number): string {
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return '0s';
  let left = seconds;
  return units
    .slice(first, first + 2)
    .map(([unit, length]) => {
      const count = Math.floor(left / length);
      left -= count * length;
      return `${count}${unit}`;
    })
    .join(' ');
}

/** As virsh answers what is true or false of a domain. */
export const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

/** The first word of a sentence. */
export const capitalise = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** What a new document's effect waits for, where the domain runs. */
export const later = 'from its next start on';
export const sinceWhen = ({ id }: DomainSummary): string => (id === null ? '' : ` (${later})`);
export const sinceWhenNetwork = ({ active }: NetworkSummary): string => (active ? ` (${later})` : '');

/** virsh's words for the state of a network. */
export const describeActive = ({ active }: NetworkSummary): string => (active ? 'active' : 'inactive');

/** `192.168.122.1/24, fd00::1/64`: the host's own address in each. */
export const describeSubnets = ({ subnets }: NetworkSummary): string =>
  subnets.length === 0 ? '-' : subnets.map(({ address, prefix }) => `${address}/${prefix}`).join(', ');
