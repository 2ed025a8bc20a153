// Long operations, under way and over, and what happens as it happens.
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api/browser';
import { useEffect } from 'preact/hooks';
import { duration, moment, percent } from '../format.js';
import { confirm } from '../parts/dialog.js';
import { EventLines } from '../parts/events.js';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { Table } from '../parts/table.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { events } from '../state/events.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.activity;
const marks = { running: '●', done: '✓', failed: '✕', cancelled: '○' } as const;

/** Of what it is, in words. */
const ofWhat = ({ domain, template, repository }: Job): string =>
  domain ??
  (template !== null ? words.template(template) : repository !== null ? words.repository(repository) : '');

function Progress({ job }: { readonly job: Job }) {
  const { kind, progress, percent: part, exclusive } = job;
  return (
    <span class="small soft block">
      {progress?.phase}
      {exclusive && ` · ${words.alone}`}
      {part !== null && (
        <Gauge
          label={`${words.kind(kind)} ${ofWhat(job)}`}
          text={percent(part / 100)}
          value={part}
          end={100}
          isThin
        />
      )}
    </span>
  );
}

const lasted = (ms: number): string => (ms < 1000 ? `${ms} ms` : duration(ms / 1000));

function JobLine({ job, again }: { readonly job: Job; readonly again: () => void }) {
  const { id, domain, kind, state, startedAt, elapsedMs, waitedMs, error, by } = job;
  const heads = words.columns;
  const what = words.kind(kind);
  const abort = () =>
    confirm({
      title: words.abortTitle(what, ofWhat(job)),
      why: words.abortWhy,
      sure: words.abort,
      run: async () => {
        await told(words.abortBusy(what, ofWhat(job)), words.abortDone(what, ofWhat(job)), () =>
          daemon.jobs.cancel({ job: id }),
        );
        again();
      },
    });
  return (
    <tr>
      <td>{what}</td>
      <td class="wrap" data-label={heads.of}>
        {domain === null ? ofWhat(job) : <Link href={pathOf('domains', domain)}>{domain}</Link>}
      </td>
      <td class="wrap" data-label={heads.state}>
        <span>
          <span class={state === 'failed' ? 'warn-text' : undefined}>
            <span aria-hidden="true">{marks[state]}</span> {words.state[state]}
          </span>
          {state === 'running' && <Progress job={job} />}
          {error !== null && <span class="small soft block">{error}</span>}
        </span>
      </td>
      <td class="wrap soft small" data-label={heads.by}>
        {by ?? '–'}
      </td>
      <td class="nowrap" data-label={heads.began}>
        <time dateTime={startedAt}>{moment(startedAt, hostNow())}</time>
      </td>
      <td class="end nowrap" data-label={heads.took}>
        {lasted(Math.max(0, elapsedMs - waitedMs))}
        {waitedMs >= 50 && <span class="small soft block">{words.waited(lasted(waitedMs))}</span>}
      </td>
      <td class="end">
        {state === 'running' && (
          <button type="button" class="button slim" disabled={!may('operator')} onClick={abort}>
            {words.abort}…
          </button>
        )}
      </td>
    </tr>
  );
}

/** Of those that are no domain's no event tells. */
const lookMs = 1000;

/** Long operations, and what happens. */
export function Screen() {
  const jobs = useAsked((signal) => daemon.jobs.list({}, { signal }), [], {
    onEvent: ({ event }) => event === 'job',
    onBeat: true,
  });
  const isUnderWay = jobs.value?.some(({ state }) => state === 'running') === true;
  useEffect(() => {
    if (!isUnderWay) return;
    const timer = setInterval(jobs.again, lookMs);
    return () => clearInterval(timer);
  }, [isUnderWay]);
  const heads = words.columns;
  return (
    <>
      <Head title={words.title} />
      <Card title={words.jobs} sub={texts.usage.time} isFlush>
        <div style={jobs.value === undefined ? { padding: '0 16px 16px' } : undefined}>
          <Answer of={jobs}>
            {(list) =>
              list.length === 0 ? (
                <Empty icon="activity" title={words.empty} why={words.emptyWhy}>
                  <div class="steps">
                    <Command line={words.emptyNext} />
                  </div>
                </Empty>
              ) : (
                <Table
                  heads={[
                    { text: heads.what },
                    { text: heads.of },
                    { text: heads.state },
                    { text: heads.by },
                    { text: heads.began },
                    { text: heads.took, isEnd: true },
                    { text: words.abort, isHidden: true },
                  ]}
                >
                  {list.map((job) => (
                    <JobLine key={job.id} job={job} again={jobs.again} />
                  ))}
                </Table>
              )
            }
          </Answer>
        </div>
      </Card>
      <Card title={words.events} sub={texts.usage.time}>
        <EventLines events={events.value} none={words.eventsNone} />
      </Card>
    </>
  );
}
