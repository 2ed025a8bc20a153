// A table, which on a narrow window becomes a block for each row.
// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

/** The head of a column; a hidden one is told to those who hear it. */
export interface TableHead {
  readonly text: string;
  readonly isEnd?: boolean;
  readonly isHidden?: boolean;
}

interface TableProps {
  readonly heads: readonly TableHead[];
  /** Its rows. */
  readonly children: ComponentChildren;
}

/** Each cell has the head of its column as its `data-label`. */
export const Table = ({ heads, children }: TableProps) => (
  <div class="scroll">
    <table class="stack">
      <thead>
        <tr>
          {heads.map(({ text, isEnd = false, isHidden = false }) => (
            <th key={text} class={isEnd ? 'end' : undefined}>
              {isHidden ? <span class="hidden">{text}</span> : text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
