// What the host would have promised with so many more domains of a profile, and what runs out first.
// SPDX-License-Identifier: Apache-2.0
import type { Profile, WhatIfReport } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Icon } from '../parts/icons.js';
import { PromiseRow } from '../parts/promise.js';
import { ask, place } from '../router.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { texts } from '../texts.js';

const words = texts.whatIf;
const mostCount = 10_000;
const mostShown = 24;
/** Who types goes on sooner. */
const typingMs = 300;

function Verdict({ report, profile }: { readonly report: WhatIfReport; readonly profile: string }) {
  const { isKept, count, fits, fitsBy, promisesNothing } = report;
  return (
    <p class={isKept ? 'badge kept many' : 'badge broken many'} role="status">
      <Icon name={isKept ? 'tick' : 'cross'} />
      {isKept ? words.kept(count, profile) : words.broken(count, profile)}
      {promisesNothing && <span class="soft">· {texts.overview.fitsNothing(fits)}</span>}
      {!promisesNothing && fits !== null && <span class="soft">· {words.fits(fits)}</span>}
      {!promisesNothing && fitsBy !== null && (
        <span class="soft">· {words.first(texts.overview.resource[fitsBy.resource].toLowerCase())}</span>
      )}
    </p>
  );
}

function Report({ report, profile }: { readonly report: WhatIfReport; readonly profile: string }) {
  const { rows, after, processors } = report;
  return (
    <>
      <Verdict report={report} profile={profile} />
      <Card title={words.after}>
        {after.map((row) => (
          <PromiseRow
            key={row.resource}
            row={row}
            before={rows.find(({ resource }) => resource === row.resource)}
          />
        ))}
      </Card>
      {processors !== null && (
        <Card title={words.processors}>
          <ul class="names">
            {processors.slice(0, mostShown).map((cpus, at) => (
              <li key={`${at} ${cpus.join()}`}>{words.processorsEach(at + 1, cpus.join(', '))}</li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

/** As far as it is one that may be asked about. */
const countIn = (text: string): number => Math.min(mostCount, Math.max(1, Math.trunc(Number(text)) || 1));

function Asked({ profiles }: { readonly profiles: readonly Profile[] }) {
  const { query } = place.value;
  const profile = query.get('profile') ?? profiles[0]?.name ?? '';
  const count = countIn(query.get('count') ?? '10');
  /** What is typed, before it is asked about. */
  const typed = useSignal<string | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const report = useAsked(
    (signal) => daemon.guarantees.whatIf({ body: { profile, count } }, { signal }),
    [profile, count],
    { onEvent: ({ event }) => event === 'started' || event === 'stopped' },
  );
  const before = useRef<{ readonly report: WhatIfReport; readonly profile: string }>(undefined);
  if (report.value !== undefined) before.current = { report: report.value, profile };
  const isOld = report.value === undefined || (typed.value !== undefined && countIn(typed.value) !== count);
  const now = (): void => {
    clearTimeout(timer.current);
    if (typed.value !== undefined && typed.value !== '') ask({ count: String(countIn(typed.value)) });
  };
  const type = (text: string): void => {
    typed.value = text;
    clearTimeout(timer.current);
    timer.current = setTimeout(now, typingMs);
  };
  return (
    <>
      <div class="filters">
        <label class="field">
          <span>{words.profile}</span>
          <select
            class="input"
            value={profile}
            onChange={({ currentTarget }) => ask({ profile: currentTarget.value })}
          >
            {profiles.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{words.count}</span>
          <input
            class="input"
            type="number"
            min={1}
            max={mostCount}
            value={typed.value ?? count}
            onInput={({ currentTarget }) => type(currentTarget.value)}
            onChange={({ currentTarget }) => {
              // What is asked about is what stands there.
              typed.value = String(countIn(currentTarget.value));
              now();
            }}
          />
        </label>
      </div>
      {isOld && before.current !== undefined && report.error === undefined ? (
        <div class="grid old" aria-busy="true">
          <p class="warn-text small">{words.old}</p>
          <Report {...before.current} />
        </div>
      ) : (
        <Answer of={report} lines={7}>
          {(known) => <Report report={known} profile={profile} />}
        </Answer>
      )}
    </>
  );
}

/** Arithmetic before a promise. */
export function Screen() {
  const profiles = useAsked((signal) => daemon.profiles.list({}, { signal }), []);
  return (
    <>
      <Head title={words.title} sub={words.sub} />
      <Answer of={profiles} lines={7}>
        {(list) =>
          list.length === 0 ? (
            <div class="card">
              <Empty icon="profiles" title={words.none} why={texts.overview.noProfiles}>
                <div class="steps">
                  <Command line="ctvirt guarantees" />
                </div>
              </Empty>
            </div>
          ) : (
            <Asked profiles={list} />
          )
        }
      </Answer>
    </>
  );
}
