// A word with a shape beside it: states and verdicts.
// SPDX-License-Identifier: Apache-2.0
import type { DomainSummary, Verdict } from '@ctvirt/api/browser';
import { texts } from '../texts.js';
import { Icon } from './icons.js';

const shapes = { kept: 'tick', broken: 'cross', unknown: 'question', none: 'dash' } as const;

/** Whether a promise was kept. */
export function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  const kind = verdict ?? 'none';
  return (
    <span class={`badge ${kind}`}>
      <Icon name={shapes[kind]} />
      {texts.verdict[kind]}
    </span>
  );
}

/** What a domain is, and why, where that is not as it should be. */
export function StatePill({ domain }: { readonly domain: DomainSummary }) {
  const { state, reason } = domain;
  if (state === 'shutoff' && (reason === 'crashed' || reason === 'failed'))
    return (
      <span class="pill warn">
        <span aria-hidden="true">✕</span>
        {texts.ends[reason]}
      </span>
    );
  const marks = { running: '●', paused: '❙❙', shutoff: '○' } as const;
  const classes = { running: 'on', paused: 'warn', shutoff: 'off' } as const;
  return (
    <span class={`pill ${classes[state]}`}>
      <span aria-hidden="true">{marks[state]}</span>
      {texts.state[state]}
    </span>
  );
}
