// Who may come in by browser, or is in.
// SPDX-License-Identifier: Apache-2.0
import type { WebSession } from '@ctvirt/api/browser';
import { moment } from '../format.js';
import { confirm } from '../parts/dialog.js';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { useAsked } from '../state/asked.js';
import { hostNow } from '../state/clock.js';
import { daemon } from '../state/daemon.js';
import { may, presence } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.sessions;

function Line({ session, again }: { readonly session: WebSession; readonly again: () => void }) {
  const { id, role, state, createdAt, lastUsedAt, expiresAt } = session;
  const heads = words.columns;
  const now = hostNow();
  const isOwn = presence.value.kind === 'in' && presence.value.session.id === id;
  const revoke = () =>
    confirm({
      title: words.revokeTitle(role),
      why: words.revokeWhy,
      sure: words.revoke,
      run: async () => {
        await told(words.revokeBusy, words.revokeDone, () => daemon.web.revoke({ session: id }));
        again();
      },
    });
  return (
    <tr>
      <td>
        {role} {isOwn && <span class="pill on">{words.yours}</span>}
      </td>
      <td data-label={heads.state}>{words.state[state]}</td>
      <td class="nowrap" data-label={heads.began}>
        <time dateTime={createdAt}>{moment(createdAt, now)}</time>
      </td>
      <td class="nowrap" data-label={heads.used}>
        {lastUsedAt === null ? '–' : moment(lastUsedAt, now)}
      </td>
      <td class="nowrap" data-label={heads.ends}>
        <time dateTime={expiresAt}>{moment(expiresAt, now)}</time>
      </td>
      <td class="end">
        <button type="button" class="button slim" onClick={revoke}>
          {words.revoke}…
        </button>
      </td>
    </tr>
  );
}

function List() {
  const sessions = useAsked((signal) => daemon.web.list({}, { signal }), [], { onBeat: true });
  const heads = words.columns;
  return (
    <Card title={words.title} isFlush>
      <div style={sessions.value === undefined ? { padding: '0 16px 16px' } : undefined}>
        <Answer of={sessions}>
          {(list) =>
            list.length === 0 ? (
              <Empty icon="sessions" title={words.empty} why={words.emptyWhy} />
            ) : (
              <Table
                heads={[
                  { text: heads.role },
                  { text: heads.state },
                  { text: heads.began },
                  { text: heads.used },
                  { text: heads.ends },
                  { text: words.revoke, isHidden: true },
                ]}
              >
                {list.map((session) => (
                  <Line key={session.id} session={session} again={sessions.again} />
                ))}
              </Table>
            )
          }
        </Answer>
      </div>
    </Card>
  );
}

export function Screen() {
  return (
    <>
      <Head title={words.title} />
      {may('admin') ? <List /> : <p class="soft">{texts.deeds.noRole('admin')}</p>}
      <Card title={words.more}>
        <Command line={words.emptyNext} />
      </Card>
    </>
  );
}
