// The ways back of a domain: its snapshots, and how its backups stand.
// SPDX-License-Identifier: Apache-2.0
import type { Snapshot } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import { duration, moment } from '../format.js';
import { needs } from '../parts/deeds.js';
import { confirm, FormDialog } from '../parts/dialog.js';
import { TextField } from '../parts/field.js';
import { Answer, Card, Command, Empty } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { type Asked, useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';
import type { TabProps } from './screen.js';

const words = texts.snapshots;

function Take({ row, leave, taken }: TabProps & { readonly leave: () => void; readonly taken: () => void }) {
  const name = useSignal('');
  const description = useSignal('');
  const domain = row.is.value.name;
  const take = async () => {
    leave();
    const body = {
      ...(name.value !== '' && { name: name.value }),
      ...(description.value !== '' && { description: description.value }),
    };
    await told(words.takeBusy(domain), words.takeDone(domain), () =>
      daemon.snapshots.create({ domain: row.uuid, body }),
    );
    taken();
  };
  return (
    <FormDialog title={words.take} word={words.take} send={() => void take()} leave={leave}>
      <TextField label={words.name} value={name} placeholder={words.namePlaceholder} isFirst />
      <TextField label={words.description} value={description} />
    </FormDialog>
  );
}

interface ListProps extends TabProps {
  readonly snapshots: readonly Snapshot[];
  readonly again: () => void;
}

interface LineProps extends TabProps {
  readonly snapshot: Snapshot;
  readonly again: () => void;
}

function Line({ row, snapshot, again }: LineProps) {
  const { name, isCurrent, description, createdAt, state, by, expiresAt } = snapshot;
  const heads = words.columns;
  const now = hostNow();
  const domain = row.is.value.name;
  const of = { domain: row.uuid, snapshot: name };
  const revert = () =>
    confirm({
      title: words.revertTitle(domain, name),
      why: words.revertWhy,
      sure: words.revert,
      run: async () => {
        const work = () => daemon.snapshots.revert({ ...of, body: {} });
        await told(words.revertBusy(domain, name), words.revertDone(domain, name), work);
        again();
      },
    });
  const remove = () =>
    confirm({
      title: words.removeTitle(name),
      why: words.removeWhy,
      sure: words.remove,
      word: name,
      run: async () => {
        await told(words.removeBusy(name), words.removeDone(name), () => daemon.snapshots.delete(of));
        again();
      },
    });
  return (
    <tr>
      <td class="wrap">
        <b>{name}</b> {isCurrent && <span class="pill">{words.current}</span>}
        {description !== null && <div class="soft small">{description}</div>}
      </td>
      <td class="nowrap" data-label={heads.taken}>
        <time dateTime={createdAt}>{moment(createdAt, now)}</time>
      </td>
      <td data-label={heads.state}>{texts.state[state]}</td>
      <td data-label={heads.by}>{words.by[by]}</td>
      <td class="nowrap" data-label={heads.expires}>
        {expiresAt === null ? '–' : moment(expiresAt, now)}
      </td>
      <td class="end nowrap">
        <span class="buttons" style={{ justifyContent: 'flex-end' }}>
          <button type="button" class="button slim" disabled={!may('admin')} onClick={revert}>
            {words.revert}…
          </button>
          <button type="button" class="button slim" disabled={!may('admin')} onClick={remove}>
            {words.remove}…
          </button>
        </span>
      </td>
    </tr>
  );
}

function List({ row, snapshots, again }: ListProps) {
  const heads = words.columns;
  return (
    <Table
      heads={[
        { text: heads.name },
        { text: heads.taken },
        { text: heads.state },
        { text: heads.by },
        { text: heads.expires },
        { text: words.revert, isHidden: true },
      ]}
    >
      {snapshots.toReversed().map((snapshot) => (
        <Line key={snapshot.name} row={row} snapshot={snapshot} again={again} />
      ))}
    </Table>
  );
}

function Backups({ row }: TabProps) {
  const { uuid } = row;
  const status: Asked<Awaited<ReturnType<typeof daemon.backups.status>>> = useAsked(
    async (signal) =>
      (await daemon.backups.repositories({}, { signal })).length === 0
        ? []
        : await daemon.backups.status({ domain: uuid }, { signal }),
    [uuid],
    { onEvent: (event) => event.event === 'job' && event.domain.uuid === uuid },
  );
  const domain = row.is.value.name;
  const now = hostNow();
  return (
    <Card title={words.backups}>
      <Answer of={status} lines={2}>
        {([known]) =>
          known === undefined ? (
            <p class="soft">{words.backupNone}</p>
          ) : (
            <div class="grid" style={{ gap: '12px' }}>
              <dl class="facts">
                <dt>{texts.domains.columns.state}</dt>
                <dd class={['ok', 'waiting', 'none'].includes(known.state) ? undefined : 'warn-text'}>
                  {words.backupState[known.state]}
                  {known.failure !== null && `: ${known.failure.error}`}
                </dd>
                <dt>{words.backupLast}</dt>
                <dd>
                  {known.last === null
                    ? '–'
                    : `${moment(known.last.takenAt, now)} (${duration(known.last.ageSeconds)})`}
                </dd>
                <dt>{words.backupNext}</dt>
                <dd>{known.nextAt === null ? '–' : moment(known.nextAt, now)}</dd>
              </dl>
              <div class="buttons">
                <button
                  type="button"
                  class="button"
                  disabled={!may('operator')}
                  onClick={async () => {
                    await told(words.backupBusy(domain), words.backupDone(domain), () =>
                      daemon.backups.create({ domain: uuid, body: {} }),
                    );
                    status.again();
                  }}
                >
                  {words.backupNow}
                </button>
              </div>
            </div>
          )
        }
      </Answer>
    </Card>
  );
}

export function Tab({ row }: TabProps) {
  const { uuid } = row;
  const isTaking = useSignal(false);
  const snapshots = useAsked((signal) => daemon.snapshots.list({ domain: uuid }, { signal }), [uuid], {
    onEvent: ({ domain }) => domain.uuid === uuid,
  });
  const take = (
    <button
      type="button"
      class="button slim"
      {...needs('operator')}
      onClick={() => {
        isTaking.value = true;
      }}
    >
      {words.take}
    </button>
  );
  return (
    <>
      <Card title={words.title} side={take} isFlush>
        <div style={snapshots.value === undefined ? { padding: '0 16px 16px' } : undefined}>
          <Answer of={snapshots}>
            {(list) =>
              list.length === 0 ? (
                <Empty icon="activity" title={words.empty} why={words.emptyWhy}>
                  <div class="steps">
                    <Command line={words.emptyNext(row.is.value.name)} />
                  </div>
                </Empty>
              ) : (
                <List row={row} snapshots={list} again={snapshots.again} />
              )
            }
          </Answer>
        </div>
      </Card>
      <Backups row={row} />
      {isTaking.value && (
        <Take
          row={row}
          taken={snapshots.again}
          leave={() => {
            isTaking.value = false;
          }}
        />
      )}
    </>
  );
}
