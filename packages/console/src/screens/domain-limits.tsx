// What a domain may use: beancounters with what was refused, and parameters that can be set live.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterRow, ParameterRow, WallHit } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { ago, count, moment } from '../format.js';
import { amount, isBelow, wanted } from '../parts/amounts.js';
import { needs } from '../parts/deeds.js';
import { FormDialog } from '../parts/dialog.js';
import { CheckField, TextField } from '../parts/field.js';
import { Answer, Card } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { type Hits, hitsOf } from '../parts/hits.js';
import { Promised } from '../parts/promised.js';
import { Spark } from '../parts/spark.js';
import { Table } from '../parts/table.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.limits;

const isTold = ({ barrier, limit, failcnt }: BeancounterRow): boolean =>
  barrier !== null || limit !== null || (failcnt ?? 0) > 0;

interface HitCellsProps {
  readonly resource: string;
  /** Null: it is not known of any. */
  readonly hits: Hits | null | undefined;
}

/** The last time that it was met, and how often in the last hours. */
function HitCells({ resource, hits }: HitCellsProps) {
  const none = hits === null ? '?' : '–';
  return (
    <>
      <td class="end" data-label={words.columns.last}>
        {hits ? <time dateTime={hits.last}>{moment(hits.last, hostNow())}</time> : none}
      </td>
      <td class="end" data-label={words.columns.inDay}>
        {hits && hits.total > 0 ? (
          <span class="hits">
            <data value={hits.total}>{count(hits.total)}</data>
            <Spark label={words.hitsByHour(resource)} values={hits.hours} />
          </span>
        ) : (
          none
        )}
      </td>
    </>
  );
}

interface CountersProps {
  readonly rows: readonly BeancounterRow[];
  /** Undefined where it is not known which were met. */
  readonly walls: readonly WallHit[] | undefined;
}

function Counters({ rows, walls }: CountersProps) {
  const isAll = useSignal(false);
  const hits = walls && hitsOf(walls, hostNow());
  const shown = isAll.value ? rows : rows.filter((row) => isTold(row) || hits?.has(row.resource));
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
          { text: heads.use, isHidden: true },
          { text: heads.failcnt, isEnd: true },
          { text: heads.last, isEnd: true },
          { text: heads.inDay, isEnd: true },
        ]}
      >
        {shown.map((row) => {
          const { resource, unit, held, maxheld, barrier, limit, failcnt, how, sampled } = row;
          const end = limit;
          const isRefused = (failcnt ?? 0) > 0;
          return (
            <tr key={resource} title={how}>
              <td class="mono">{resource}</td>
              <td class="end" data-label={heads.held}>
                {held === null ? '–' : <data value={held}>{amount(unit, held, '–')}</data>}
              </td>
              <td class="end" data-label={heads.most} title={sampled ? words.sampled : undefined}>
                {amount(unit, maxheld, '–')}
              </td>
              <td class="end" data-label={heads.barrier}>
                {amount(unit, barrier, '∞')}
              </td>
              <td class="end" data-label={heads.limit}>
                {amount(unit, limit, '∞')}
              </td>
              <td class="meter">
                {end !== null && held !== null && (
                  <Gauge
                    label={resource}
                    text={`${amount(unit, held, '')} / ${amount(unit, end, '')}`}
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
              <HitCells resource={resource} hits={hits === undefined ? null : hits.get(resource)} />
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

/** What is typed as it comes to, beside what is held: one sees what would be refused. */
function Arithmetic({ counter, text }: { readonly counter: BeancounterRow; readonly text: string }) {
  const { unit, held, maxheld } = counter;
  const known = wanted(unit, text);
  if (known === undefined) return null;
  const [barrier, limit] = known;
  const tell = (value: number | null) => amount(unit, value, '∞');
  const isLess = isBelow(counter, limit);
  return (
    <p class={isLess ? 'warn-text small' : 'soft small'} role="status">
      {words.comesTo(tell(barrier), tell(limit))}
      {held !== null && ` · ${words.holds(tell(held), amount(unit, maxheld, '–'))}`}
      {isLess && ` · ${words.below}`}
    </p>
  );
}

interface SetProps extends TabProps {
  readonly parameter: ParameterRow;
  /** What is counted by it, where anything is. */
  readonly counter: BeancounterRow | undefined;
  readonly leave: () => void;
}

function SetParameter({ row, parameter: { key, value, how }, counter, leave }: SetProps) {
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
      {counter !== undefined && <Arithmetic counter={counter} text={typed.value} />}
      <Promised targets={[row]} name={key} value={typed.value.trim() === value ? '' : typed.value.trim()} />
      {isLive && <CheckField label={words.stored} value={isStored} />}
    </FormDialog>
  );
}

const marks = { enforced: '✓', approximated: '≈', recorded: '○' } as const;

interface ParametersProps extends TabProps {
  readonly rows: readonly ParameterRow[];
  readonly counters: readonly BeancounterRow[] | undefined;
}

function Parameters({ row, rows, counters }: ParametersProps) {
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
                {...needs('operator')}
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
          counter={counters?.find(({ resource }) => resource === open.value?.key.toLowerCase())}
          leave={() => {
            open.value = undefined;
          }}
        />
      )}
    </>
  );
}

/** So far back the daemon keeps them. */
const hitsSeconds = 32 * 86_400;

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
  // All that is kept of hits; of the numbers none is wanted.
  const history = useAsked(
    (signal) =>
      daemon.history.domain(
        { domain: uuid, series: 'refused', from: ago(hitsSeconds, hostNow()), points: 1 },
        { signal },
      ),
    [uuid],
    { onEvent: (event) => event.event === 'beancounter' && wakes.onEvent(event) },
  );
  const padded = (isThere: boolean) => (isThere ? undefined : { padding: '0 16px 16px' });
  return (
    <>
      <Card title={words.title} isFlush>
        <div style={padded(counters.value !== undefined)}>
          <Answer of={counters} lines={8}>
            {({ rows }) => <Counters rows={rows} walls={history.value?.walls} />}
          </Answer>
        </div>
      </Card>
      <Card title={words.parameters} isFlush>
        <div style={padded(parameters.value !== undefined)}>
          <Answer of={parameters} lines={8}>
            {(rows) => <Parameters row={row} rows={rows} counters={counters.value?.rows} />}
          </Answer>
        </div>
      </Card>
    </>
  );
}
