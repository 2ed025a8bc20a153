// What differs between two texts, with a few lines around each change.
// SPDX-License-Identifier: Apache-2.0
import { type ComparedLine, compareTexts } from '@ctvirt/xml';
import { texts } from '../texts.js';

const around = 3;
const signs = { same: ' ', gone: '−', new: '+' } as const;

/** Lines near a change, and undefined where some were left out. */
function near(lines: readonly ComparedLine[]): readonly (ComparedLine | undefined)[] {
  const shown = new Set<number>();
  for (const [at, { kind }] of lines.entries())
    if (kind !== 'same') for (let by = -around; by <= around; by++) shown.add(at + by);
  return lines.flatMap((line, at) => (shown.has(at) ? [line] : shown.has(at - 1) ? [undefined] : []));
}

/** Lines that went and came. */
export function Difference({
  before,
  after,
  label,
}: {
  readonly before: string;
  readonly after: string;
  readonly label: string;
}) {
  const lines = near(compareTexts(before, after));
  if (lines.length === 0) return <p class="soft">{texts.document.same}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys
    <section class="difference" tabIndex={0} aria-label={label}>
      {lines.map((line, at) =>
        line === undefined ? (
          <div key={at} class="soft">
            ⋯
          </div>
        ) : (
          <div key={at} class={line.kind}>
            <span class="sign">{signs[line.kind]}</span>
            {line.kind !== 'same' && <span class="hidden">{texts.document.lineKind[line.kind]}</span>}
            {line.text}
          </div>
        ),
      )}
    </section>
  );
}
