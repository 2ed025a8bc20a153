// What a domain may use: beancounters with what was refused, and parameters that can be set live.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow, ParameterRow } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { bytes, count } from '../format.js';
import { FormDialog } from '../parts/dialog.js';
import { CheckField, TextField } from '../parts/field.js';
import { Answer, Card } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { Table } from '../parts/table.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.limits;
const pageBytes = 4096;

/** In the unit of its row: pages are told as what they come to. */
function amount({ unit }: Pick<BeancounterRow, 'unit'>, value: number | null, none: string): string {
  if (value === null) return none;
  if (unit === 'count') return count(value);
  return bytes(unit === 'pages' ? value * pageBytes : value);
}

const isTold = ({ barrier, limit, failcnt }: BeancounterRow): boolean =>
  barrier !== null || limit !== null || (failcnt ?? 0) > 0;

function Counters({ rows }: { readonly rows: readonly BeancounterRow[] }) {
  const isAll = useSignal(false);
  const shown = isAll.value ? rows : rows.filter(isTold);
  const heads = words.columns;
  return (
    <>
      <div style={{ padding: '0 16px 4px' }}>
        <label class="check small">
          <input
            type="checkbox"
            checked={!isAll.value}
            onChange={() => {
              isAll.value = !isAll.value;
            }}
          />
          {words.onlyLimited}
        </label>
      </div>
      <Table
        heads={[
          { text: heads.resource },
          { text: heads.held, isEnd: true },
          { text: heads.most, isEnd: true },
          { text: heads.barrier, isEnd: true },
          { text: heads.limit, isEnd: true },
          { text: heads.held, isHidden: true },
          { text: heads.failcnt, isEnd: true },
        ]}
      >
        {shown.map((row) => {
          const { resource, held, maxheld, barrier, limit, failcnt, how, sampled } = row;
          const end = limit;
          const isRefused = (failcnt ?? 0) > 0;
          return (
            <tr key={resource} title={how}>
              <td class="mono">{resource}</td>
              <td class="end" data-label={heads.held}>
                {held === null ? '–' : <data value={held}>{amount(row, held, '–')}</data>}
              </td>
              <td class="end" data-label={heads.most} title={sampled ? words.sampled : undefined}>
                {amount(row, maxheld, '–')}
              </td>
              <td class="end" data-label={heads.barrier}>
                {amount(row, barrier, '∞')}
              </td>
              <td class="end" data-label={heads.limit}>
                {amount(row, limit, '∞')}
              </td>
              <td class="meter">
                {end !== null && held !== null && (
                  <Gauge
                    label={resource}
                    text={`${amount(row, held, '')} / ${amount(row, end, '')}`}
                    value={held}
                    end={Math.max(end, held)}
                    peak={maxheld ?? undefined}
                    tone={isRefused || held > end * 0.9 ? 'orange' : 'grey'}
                    isThin
                  />
                )}
              </td>
              <td class={isRefused ? 'end warn-text' : 'end'} data-label={heads.failcnt}>
                {isRefused && '✕ '}
                {failcnt === null ? '–' : <data value={failcnt}>{count(failcnt)}</data>}
              </td>
            </tr>
          );
        })}
      </Table>
      {shown.length === 0 && (
        <p class="soft" style={{ padding: '8px 16px 16px' }}>
          {words.none}
        </p>
      )}
    </>
  );
}

interface SetProps extends TabProps {
  readonly parameter: ParameterRow;
  readonly leave: () => void;
}

function SetParameter({ row, parameter: { key, value, how }, leave }: SetProps) {
  const typed = useSignal(value);
  const isStored = useSignal(true);
  const { name, state } = row.is.value;
  const isLive = state !== 'shutoff';
  const set = async () => {
    leave();
    await told(words.setBusy(key), words.setDone(key, typed.value), () =>
      daemon.domains.setParameters({
        domain: row.uuid,
        body: { values: { [key]: typed.value }, live: isLive, stored: isStored.value || !isLive },
      }),
    );
  };
  return (
    <FormDialog
      title={words.setTitle(key, name)}
      word={words.set}
      isReady={typed.value.trim() !== '' && typed.value !== value}
      send={() => void set()}
      leave={leave}
    >
      <p class="soft small">{how}</p>
      <TextField label={words.setValue} value={typed} isFirst isMono />
      {isLive && <CheckField label={words.stored} value={isStored} />}
    </FormDialog>
  );
}

const marks = { enforced: '✓', approximated: '≈', recorded: '○' } as const;

function Parameters({ row, rows }: TabProps & { readonly rows: readonly ParameterRow[] }) {
  const open = useSignal<ParameterRow | undefined>(undefined);
  const heads = words.parameterColumns;
  return (
    <>
      <Table
        heads={[
          { text: heads.key },
          { text: heads.value },
          { text: heads.status },
          { text: heads.how },
          { text: words.edit, isHidden: true },
        ]}
      >
        {rows.map((parameter) => (
          <tr key={parameter.key}>
            <td class="mono">{parameter.key}</td>
            <td class="mono nowrap" data-label={heads.value}>
              {parameter.value}
            </td>
            <td class="nowrap" data-label={heads.status}>
              <span aria-hidden="true">{marks[parameter.status]}</span> {words.status[parameter.status]}
            </td>
            <td class="soft small">{parameter.how}</td>
            <td class="end">
              <button
                type="button"
                class="button slim"
                disabled={!may('operator')}
                title={may('operator') ? undefined : texts.deeds.noRole('operator')}
                aria-label={`${words.edit} ${parameter.key}`}
                onClick={() => {
                  open.value = parameter;
                }}
              >
                {words.edit}
              </button>
            </td>
          </tr>
        ))}
      </Table>
      {open.value !== undefined && (
        <SetParameter
          row={row}
          parameter={open.value}
          leave={() => {
            open.value = undefined;
          }}
        />
      )}
    </>
  );
}

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const wakes = {
    onEvent: (event: { readonly domain: { readonly uuid: string } }) => event.domain.uuid === uuid,
    onBeat: true,
  };
  const counters = useAsked(
    (signal) => daemon.beancounters.show({ domain: uuid }, { signal }),
    [uuid],
    wakes,
  );
  const parameters = useAsked((signal) => daemon.domains.parameters({ domain: uuid }, { signal }), [uuid], {
    onEvent: wakes.onEvent,
  });
  const padded = (isThere: boolean) => (isThere ? undefined : { padding: '0 16px 16px' });
  return (
    <>
      <Card title={words.title} isFlush>
        <div style={padded(counters.value !== undefined)}>
          <Answer of={counters} lines={8}>
            {({ rows }) => <Counters rows={rows} />}
          </Answer>
        </div>
      </Card>
      <Card title={words.parameters} isFlush>
        <div style={padded(parameters.value !== undefined)}>
          <Answer of={parameters} lines={8}>
            {(rows) => <Parameters row={row} rows={rows} />}
          </Answer>
        </div>
      </Card>
    </>
  );
}
