// What the host holds of ours, and what of it nobody owns.
// SPDX-License-Identifier: Apache-2.0
import type { Asset } from '@ctvirt/api/browser';
import { count } from '../format.js';
import { confirm } from '../parts/dialog.js';
import { Answer, Card, Empty, Head } from '../parts/frame.js';
import { Table } from '../parts/table.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { may } from '../state/session.js';
import { told } from '../state/told.js';
import { texts } from '../texts.js';

const words = texts.check;

function Assets({ assets }: { readonly assets: readonly Asset[] }) {
  const heads = words.columns;
  return (
    <Table heads={[{ text: heads.kind }, { text: heads.what }, { text: heads.owner }]}>
      {assets.map(({ kind, what, owner }) => (
        <tr key={`${kind} ${what}`}>
          <td class="nowrap">{kind}</td>
          <td class="mono wrap" data-label={heads.what}>
            {what}
          </td>
          <td class="wrap" data-label={heads.owner}>
            {owner ?? '–'}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** So many are shown; who wants all asks the command line. */
const mostOwned = 200;

export function Screen() {
  const report = useAsked((signal) => daemon.check.list({}, { signal }), []);
  const strays = report.value?.stray.length ?? 0;
  const clean = () =>
    confirm({
      title: words.cleanTitle(strays),
      why: words.cleanWhy,
      sure: words.clean,
      word: words.cleanWord,
      run: async () => {
        await told(words.cleanBusy, words.cleanDone, () => daemon.check.clean());
        report.again();
      },
    });
  return (
    <>
      <Head title={words.title}>
        <button type="button" class="button" onClick={report.again}>
          {words.again}
        </button>
        {strays > 0 && (
          <button type="button" class="button danger" disabled={!may('admin')} onClick={clean}>
            {words.clean}…
          </button>
        )}
      </Head>
      <Answer of={report} lines={8}>
        {({ owned, stray, remarks }) => (
          <>
            {remarks.length > 0 && (
              <Card title={words.remarks}>
                <ul class="lines">
                  {remarks.map((remark) => (
                    <li key={remark}>
                      <span class="what">{remark}</span>
                    </li>
                  ))}
                </ul>
              </Card>
            )}
            <Card title={words.stray} sub={count(stray.length)} isFlush>
              {stray.length === 0 ? (
                <Empty icon="check" title={words.none} why={words.noneWhy} />
              ) : (
                <Assets assets={stray} />
              )}
            </Card>
            <Card
              title={words.owned}
              sub={words.shownOf(Math.min(mostOwned, owned.length), owned.length)}
              isFlush
            >
              <Assets assets={owned.slice(0, mostOwned)} />
            </Card>
          </>
        )}
      </Answer>
    </>
  );
}
