// Named sets of limits: what each says, who has it, how many more of it fit.
// SPDX-License-Identifier: Apache-2.0
import { count } from '../format.js';
import { Answer, Card, Command, Empty, Head } from '../parts/frame.js';
import { Link } from '../router.js';
import { useAsked } from '../state/asked.js';
import { daemon } from '../state/daemon.js';
import { rows } from '../state/domains.js';
import { texts } from '../texts.js';

const words = texts.profiles;

async function askProfiles(signal: AbortSignal) {
  const [profiles, fits] = await Promise.all([
    daemon.profiles.list({}, { signal }),
    daemon.guarantees.fits({}, { signal }),
  ]);
  return profiles.map((one) => ({ ...one, fit: fits.find(({ profile }) => profile === one.name) }));
}

export function Screen() {
  const profiles = useAsked(askProfiles, [], {
    onEvent: ({ event }) => event === 'started' || event === 'stopped',
  });
  const all = rows.value ?? [];
  return (
    <>
      <Head title={words.title} />
      <Answer of={profiles} lines={8}>
        {(list) =>
          list.length === 0 ? (
            <div class="card">
              <Empty icon="profiles" title={words.empty} why={words.emptyWhy}>
                <div class="steps">
                  <Command line={words.emptyNext} />
                </div>
              </Empty>
            </div>
          ) : (
            <div class="grid two">
              {list.map(({ name, path, text, findings, fit }) => {
                const users = all.filter(({ is }) => is.value.profile === name).length;
                return (
                  <Card
                    key={name}
                    title={name}
                    sub={
                      <Link href={`/domains?profile=${encodeURIComponent(name)}`}>{words.usedBy(users)}</Link>
                    }
                    side={
                      <Link class="num" href={`/what-if?profile=${encodeURIComponent(name)}`}>
                        {fit !== undefined && fit.fits !== null && !fit.promisesNothing
                          ? words.fits(fit.fits)
                          : texts.overview.fitsMany}
                      </Link>
                    }
                  >
                    <p class="soft small mono wrap">{path}</p>
                    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
                    <pre class="console" tabIndex={0}>
                      {text}
                    </pre>
                    {findings.length > 0 && (
                      <p class="warn-text small">
                        ✕ {words.findings}:{' '}
                        {findings.map(({ line, message }) => `${count(line)}: ${message}`).join('; ')}
                      </p>
                    )}
                  </Card>
                );
              })}
            </div>
          )
        }
      </Answer>
    </>
  );
}
