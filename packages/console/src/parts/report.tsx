// What became of each key of a configuration, beside the line that it stands in.
// SPDX-License-Identifier: Apache-2.0
import type { ReportRow } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import type { TextFile } from '../state/pasted.js';
import { texts } from '../texts.js';
import { CheckField } from './field.js';
import { Card } from './frame.js';
import { type JoinedLine, joined, tally } from './joined.js';

const words = texts.takeOver;
const marks = { carried: '✓', approximated: '≈', ignored: '✕' } as const;

const Row = ({ row: { status, key, how, file, line }, hasPlace = false }: RowProps) => (
  <p class="became">
    <span class={status === 'carried' ? 'nowrap' : 'nowrap warn-text'}>
      <span aria-hidden="true">{marks[status]}</span> {words.status[status]}
    </span>{' '}
    <span class="mono wrap">{key}</span> <span class="soft wrap">{how}</span>
    {hasPlace && <span class="soft mono wrap"> {line === 0 ? file : `${file}:${line}`}</span>}
  </p>
);

interface RowProps {
  readonly row: ReportRow;
  readonly hasPlace?: boolean;
}

const Line = ({ line, text, rows }: JoinedLine) => (
  <tr class={rows.length === 0 ? 'mute' : undefined}>
    <td class="end soft mono">{line}</td>
    <td class="mono wrap">{text}</td>
    <td>
      {rows.map((row) => (
        <Row key={row.key + row.how} row={row} />
      ))}
    </td>
  </tr>
);

interface ReportProps {
  readonly title: string;
  readonly sources: readonly TextFile[];
  readonly report: readonly ReportRow[];
}

/** Files with what became of them, line by line; those that lost nothing can be left out. */
export function Report({ title, sources, report }: ReportProps) {
  const isBrief = useSignal(false);
  const isTold = ({ status }: ReportRow): boolean => !isBrief.value || status !== 'carried';
  const { files, others } = joined(sources, report);
  const apart = others.filter(isTold);
  return (
    <Card
      title={title}
      sub={words.tally(tally(report))}
      side={<CheckField label={words.losses} value={isBrief} isSmall />}
      isFlush
    >
      {files.map(({ path, lines }) => (
        <section key={path} aria-label={path}>
          <h3 class="mono wrap path">{path}</h3>
          <table class="joined">
            <thead>
              <tr>
                <th class="end">{words.reportColumns.line}</th>
                <th>{words.reportColumns.source}</th>
                <th>{words.reportColumns.became}</th>
              </tr>
            </thead>
            <tbody>
              {lines
                .filter(({ rows }) => !isBrief.value || rows.some(isTold))
                .map((one) => (
                  <Line key={one.line} {...one} />
                ))}
            </tbody>
          </table>
        </section>
      ))}
      {apart.length > 0 && (
        <section class="apart" aria-label={words.apart}>
          <h3>{words.apart}</h3>
          {apart.map((row, at) => (
            <Row key={`${at} ${row.key}`} row={row} hasPlace />
          ))}
        </section>
      )}
    </Card>
  );
}
