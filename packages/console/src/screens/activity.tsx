// Long operations, under way and over, and what happens as it happens.
// SPDX-License-Identifier: Apache-2.0
import type { Job } from '@ctvirt/api/browser';
import { duration, moment, percent } from '../format.js';
import { confirm } from '../parts/dialog.js';
import { EventLines } from '../parts/events.js';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Gauge } from '../parts/gauge.js';
import { pathOf } from '../paths.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { events } from '../state/events.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.activity;
const marks = { running: '●', done: '✓', failed: '✕', cancelled: '○' } as const;

/** What it is of: a domain, a template or a repository. */
const subjectOf = ({ domain, template, repository }: Job): string => domain ?? template ?? repository ?? '';

function Progress({ job }: { readonly job: Job }) {
  const { kind, progress } = job;
  if (progress === null) return null;
  const { phase, done, total } = progress;
  return (
    <div class="small soft">
      {phase}
      {total !== undefined && total > 0 && (
        <Gauge
          label={`${words.kind[kind]} ${subjectOf(job)}`}
          text={percent(done / total)}
          value={done}
          end={total}
          isThin
        />
      )}
    </div>
  );
}

function JobLine({ job, again }: { readonly job: Job; readonly again: () => void }) {
  const { id, domain, kind, state, startedAt, elapsedMs, error } = job;
  const subject = subjectOf(job);
  const heads = words.columns;
  const abort = () =>
    confirm({
      title: words.abortTitle(words.kind[kind], subject),
      why: words.abortWhy,
      sure: words.abort,
      run: async () => {
        await told(words.abortBusy(subject), words.abortDone(subject), () => daemon.jobs.cancel({ job: id }));
        again();
      },
    });
  return (
    <tr>
      <td>{words.kind[kind]}</td>
      <td class="wrap" data-label={heads.domain}>
        {domain === null ? subject : <Link href={pathOf('domains', domain)}>{domain}</Link>}
      </td>
      <td class="wrap" data-label={heads.state}>
        <span>
          <span class={state === 'failed' ? 'warn-text' : undefined}>
            <span aria-hidden="true">{marks[state]}</span> {words.state[state]}
          </span>
          {state === 'running' && <Progress job={job} />}
          {error !== null && <div class="small soft">{error}</div>}
        </span>
      </td>
      <td class="nowrap" data-label={heads.began}>
        <time dateTime={startedAt}>{moment(startedAt, new Date())}</time>
      </td>
      <td class="end nowrap" data-label={heads.took}>
        {elapsedMs < 1000 ? `${elapsedMs} ms` : duration(elapsedMs / 1000)}
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

export function Screen() {
  const jobs = useAsked((signal) => daemon.jobs.list({}, { signal }), [], {
    onEvent: ({ event }) => event === 'job',
    onBeat: true,
  });
  const heads = words.columns;
  return (
    <>
      <Head title={words.title} />
      <Card title={words.jobs} isFlush>
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
                <div class="scroll">
                  <table class="stack">
                    <thead>
                      <tr>
                        <th>{heads.what}</th>
                        <th>{heads.domain}</th>
                        <th>{heads.state}</th>
                        <th>{heads.began}</th>
                        <th class="end">{heads.took}</th>
                        <th>
                          <span class="hidden">{words.abort}</span>
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {list.map((job) => (
                        <JobLine key={job.id} job={job} again={jobs.again} />
                      ))}
                    </tbody>
                  </table>
                </div>
              )
            }
          </Answer>
        </div>
      </Card>
      <Card title={words.events}>
        <EventLines events={events.value} none={words.eventsNone} />
      </Card>
    </>
  );
}
