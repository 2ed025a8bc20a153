// Whether the host could keep what domains would be promised with other parameters: arithmetic before they are set.
// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import type { Row } from '../state/domains.js';
import { texts } from '../texts.js';
import { amount } from './promise.js';

const words = texts.limits;
/** Who types goes on sooner. */
const typingMs = 300;

interface PromisedProps {
  readonly targets: readonly Row[];
  readonly name: string;
  readonly value: string;
}

/** Asked once nobody types any more; nothing is said where no promise changes. */
export function Promised({ targets, name, value }: PromisedProps) {
  const settled = useSignal({ name, value });
  useEffect(() => {
    const timer = setTimeout(() => {
      settled.value = { name, value };
    }, typingMs);
    return () => clearTimeout(timer);
  }, [name, value]);
  const { name: key, value: typed } = settled.value;
  const { value: report, error } = useAsked(
    async (signal) => {
      if (key === '' || typed === '') return undefined;
      const domains = targets.map(({ uuid }) => uuid);
      return await daemon.guarantees.whatIf({ body: { domains, values: { [key]: typed } } }, { signal });
    },
    [key, typed],
  );
  if (key !== name || typed !== value) return null;
  if (error !== undefined) return <p class="warn-text small">{error.message}</p>;
  if (report === undefined) return null;
  const { rows, after, isKept, policy } = report;
  const isOn = targets.some(({ is }) => is.value.state !== 'shutoff');
  return (
    <div class="small" role="status">
      {after.map((row, at) => {
        const before = rows[at]?.headroom ?? null;
        if (row.headroom === null || before === null || row.headroom === before) return null;
        return (
          <p key={row.resource} class={row.headroom < 0 ? 'warn-text' : 'soft'}>
            {row.headroom < 0 && '✕ '}
            {texts.overview.resource[row.resource]}:{' '}
            <data value={row.headroom}>{amount(row, row.headroom)}</data>{' '}
            {words.headroomThen(amount(row, before))}
          </p>
        );
      })}
      {!isKept && <p class="warn-text">{words.unkept(policy, isOn)}</p>}
    </div>
  );
}
