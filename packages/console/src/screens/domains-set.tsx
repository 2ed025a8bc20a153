// Sets a parameter of many domains at once: what each has and holds is told before, and who failed afterwards.
// SPDX-License-Identifier: Apache-2.0
import type { BeancounterReport, BeancounterRow } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { amount, isBelow, wanted } from '../parts/amounts.js';
import { FormDialog } from '../parts/dialog.js';
import { CheckField, TextField } from '../parts/field.js';
import { Promised } from '../parts/promised.js';
import { each } from '../state/actions.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import type { Row } from '../state/domains.js';
import { texts } from '../texts.js';

const words = texts.limits;

/** What may be named: what is counted, and what the first of them has besides. */
async function askFor([first]: readonly Row[], signal: AbortSignal) {
  const domain = first?.uuid ?? '';
  const [reports, counters, parameters] = await Promise.all([
    daemon.beancounters.list({}, { signal }),
    daemon.beancounters.show({ domain }, { signal }),
    daemon.domains.parameters({ domain }, { signal }),
  ]);
  const counted = counters.rows.map(({ resource }) => resource.toUpperCase());
  return {
    reports: new Map(reports.map((report) => [report.uuid, report])),
    keys: [...new Set([...counted, ...parameters.map(({ key }) => key)])].sort(),
  };
}

interface HitProps {
  readonly targets: readonly Row[];
  readonly counterOf: (row: Row) => BeancounterRow | undefined;
  readonly value: string;
}

const holdsMore = (counter: BeancounterRow | undefined, value: string): boolean =>
  counter !== undefined && isBelow(counter, wanted(counter.unit, value)?.[1] ?? null);

/** Whom it hits, with what each has now. */
function Hit({ targets, counterOf, value }: HitProps) {
  const below = targets.filter((row) => holdsMore(counterOf(row), value)).length;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
      <ul class="names told" tabIndex={0} aria-label={texts.domains.title}>
        {targets.map((row) => {
          const counter = counterOf(row);
          const { name, state } = row.is.value;
          return (
            <li key={row.uuid}>
              {name}{' '}
              {counter === undefined ? (
                <span class="soft small">{texts.state[state]}</span>
              ) : (
                <span class={holdsMore(counter, value) ? 'warn-text small' : 'soft small'}>
                  {words.setManyHas(
                    amount(counter.unit, counter.barrier, '∞'),
                    amount(counter.unit, counter.limit, '∞'),
                  )}
                  {counter.held !== null &&
                    ` · ${words.setManyHolds(amount(counter.unit, counter.held, ''))}`}
                </span>
              )}
            </li>
          );
        })}
      </ul>
      {below > 0 && (
        <p class="warn-text small" role="status">
          {words.setManyBelow(below, targets.length)}
        </p>
      )}
    </>
  );
}

const rowOf = (report: BeancounterReport | undefined, key: string): BeancounterRow | undefined =>
  report?.rows.find(({ resource }) => resource === key.toLowerCase());

interface SetManyProps {
  readonly targets: readonly Row[];
  readonly leave: () => void;
}

/** Asks which parameter and what it is to be. */
export function SetMany({ targets, leave }: SetManyProps) {
  const key = useSignal('');
  const value = useSignal('');
  const isStored = useSignal(true);
  const { value: known } = useAsked((signal) => askFor(targets, signal), []);
  const names = targets.map(({ is }) => is.value.name);
  const name = key.value.trim().toUpperCase();
  const typed = value.value.trim();
  const set = () => {
    leave();
    void each(
      targets,
      ({ uuid, is }) => {
        const live = is.peek().state !== 'shutoff';
        const stored = isStored.peek() || !live;
        return daemon.domains.setParameters({
          domain: uuid,
          body: { values: { [name]: typed }, live, stored },
        });
      },
      {
        busy: words.setManyBusy(name, names),
        done: words.setManyDone(name, typed, names),
        failed: (failures) => words.setManyFailed(name, failures, names.length),
      },
    );
  };
  return (
    <FormDialog
      title={words.setManyTitle(names)}
      word={name === '' ? words.set : words.setManyFor(name, names)}
      isReady={name !== '' && typed !== ''}
      send={set}
      leave={leave}
    >
      <TextField label={words.setManyKey} value={key} isFirst isMono offers={known?.keys} />
      <TextField label={words.setValue} value={value} isMono />
      <Hit targets={targets} counterOf={({ uuid }) => rowOf(known?.reports.get(uuid), name)} value={typed} />
      <Promised targets={targets} name={name} value={typed} />
      {targets.some(({ is }) => is.value.state !== 'shutoff') && (
        <CheckField label={words.stored} value={isStored} />
      )}
    </FormDialog>
  );
}
