// A promise as a picture: what was delivered fills it, what was promised is a pale part with a notch at its end, its end is the limit.
// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

/** What a gauge shows, all in one unit. */
export interface GaugeProps {
  /** What it is of, for who hears it. */
  readonly label: string;
  /** The same in words, with its unit. */
  readonly text: string;
  readonly value: number;
  /** Where it ends: a limit, or what the host has. */
  readonly end: number;
  /** What was promised: a notch; a second one is hollow. */
  readonly promises?: readonly number[] | undefined;
  /** The most it ever was: a thin line. */
  readonly peak?: number | undefined;
  /** What lies from there on is no part of what is promised, and hatched. */
  readonly over?: number | undefined;
  readonly tone?: 'blue' | 'orange' | 'grey' | undefined;
  readonly isThin?: boolean | undefined;
  readonly children?: ComponentChildren;
}

/** Part of the whole, in percent of its width. */
export const part = (value: number, end: number): number =>
  end <= 0 ? 0 : Math.min(100, Math.max(0, (value / end) * 100));

/** Drawn of shapes, so that it is told apart without colours. */
export function Gauge({
  label,
  text,
  value,
  end,
  promises = [],
  over,
  peak,
  tone = 'blue',
  isThin = false,
  children,
}: GaugeProps) {
  const full = part(value, end);
  const [first = 0] = promises;
  const plain = over === undefined ? full : Math.min(full, part(over, end));
  return (
    <div class={isThin ? 'gauge thin' : 'gauge'}>
      {/* biome-ignore lint/a11y/useSemanticElements: a meter of HTML has no notches */}
      <div
        class="track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(end, value, 1)}
        aria-valuenow={value}
        aria-valuetext={text}
      >
        {first > 0 && <span class={`fill promised ${tone}`} style={{ inlineSize: `${part(first, end)}%` }} />}
        <span class={`fill ${tone}`} style={{ inlineSize: `${plain}%` }} />
        {full > plain && (
          <span
            class={`fill hatched ${tone}`}
            style={{ insetInlineStart: `${plain}%`, inlineSize: `${full - plain}%` }}
          />
        )}
        {peak !== undefined && peak > 0 && (
          <span class="notch peak" style={{ insetInlineStart: `${part(peak, end)}%` }} />
        )}
        {promises.map((promise, index) => (
          <span
            key={promise}
            class={index === 0 ? 'notch' : 'notch second'}
            style={{ insetInlineStart: `${part(promise, end)}%` }}
          />
        ))}
      </div>
      {children !== undefined && <div class="legend">{children}</div>}
    </div>
  );
}
