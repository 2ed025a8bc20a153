// A row of the host's ledger as a gauge.
// SPDX-License-Identifier: Apache-2.0
import type { LedgerRow, ProfileFit } from '@ctvirt/api/browser';
import { bytes, count, percent } from '../format.js';
import { texts } from '../texts.js';
import { Gauge } from './gauge.js';

const words = texts.overview;

/** A number of a row of the ledger, in its unit. */
export const amount = ({ unit }: Pick<LedgerRow, 'unit'>, value: number): string => {
  if (unit === 'bytes') return bytes(value);
  return unit === 'units' ? `${count(value)} ${words.units}` : count(value);
};

type Fitting = Pick<ProfileFit, 'fits' | 'fitsBy' | 'promisesNothing'>;

/** How many more fit, as far as promises go. */
export const Fit = ({ fit: { fits, promisesNothing } }: { readonly fit: Fitting }) =>
  fits === null || promisesNothing ? (
    <span>{words.fitsMany}</span>
  ) : (
    <data value={fits}>{words.fitsCount(fits)}</data>
  );

/** What runs out first; of what promises nothing that it does not, and what the usual share of processors comes to. */
export function whyFits({ fits, fitsBy, promisesNothing }: Fitting): string {
  if (promisesNothing) return words.fitsNothing(fits);
  if (fitsBy === null) return '';
  const { resource, each } = fitsBy;
  const unit = resource === 'cpu' ? 'units' : resource === 'processes' ? 'count' : 'bytes';
  return `${amount({ unit }, each)} ${words.fitsEach}; ${words.fitsWhy(words.resource[resource].toLowerCase())}`;
}

interface PromiseRowProps {
  readonly row: LedgerRow;
  /** What it was before, where that is another. */
  readonly before?: LedgerRow | undefined;
}

/** What of one resource was promised, is used, and can still be promised. */
export function PromiseRow({ row, before }: PromiseRowProps) {
  const { resource, capacity, guaranteed, used, limited, headroom, reserve, unit } = row;
  const isOver = headroom !== null && headroom < 0;
  const isPromise = headroom !== null;
  const text = `${amount(row, isPromise ? guaranteed : used)} / ${amount(row, capacity)}`;
  return (
    <div class="promise">
      <div>
        <div class="title">{words.resource[resource]}</div>
        <div class="soft small">{words.resourceWhat[resource]}</div>
      </div>
      <Gauge
        label={words.resource[resource]}
        text={text}
        value={used}
        end={Math.max(capacity, guaranteed, used)}
        promises={isPromise && guaranteed > 0 ? [guaranteed] : []}
        tone={isOver ? 'orange' : isPromise ? 'blue' : 'grey'}
      >
        {isPromise && (
          <span>
            {words.promised}{' '}
            <b>
              <data value={guaranteed}>{amount(row, guaranteed)}</data>
            </b>{' '}
            ({percent(capacity === 0 ? 0 : guaranteed / capacity)})
          </span>
        )}
        {unit !== 'units' && (
          <span>
            {words.used}{' '}
            <b>
              <data value={used}>{amount(row, used)}</data>
            </b>
          </span>
        )}
        <span>
          {words.capacity} <data value={capacity}>{amount(row, capacity)}</data>
        </span>
        {reserve > 0 && (
          <span>
            {words.reserve} {amount(row, reserve)}
          </span>
        )}
        {!isPromise && limited !== null && (
          <span>
            {words.limited} {amount(row, limited)}
          </span>
        )}
      </Gauge>
      <div class={isOver ? 'room warn' : 'room'}>
        {headroom === null ? (
          <span class="soft small">{words.onlyLimited}</span>
        ) : (
          <>
            <b>
              <data value={headroom}>{amount(row, headroom)}</data>
            </b>
            <span class="soft small">{isOver ? `✕ ${words.over}` : words.headroom}</span>
            {before !== undefined && before.headroom !== headroom && before.headroom !== null && (
              <span class="soft small block">{words.before(amount(before, before.headroom))}</span>
            )}
          </>
        )}
      </div>
    </div>
  );
}
