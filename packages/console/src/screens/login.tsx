// What one sees who is not in: how to get a link.
// SPDX-License-Identifier: Apache-2.0
import { useEffect } from 'preact/hooks';
import { Bones, Command, Fault } from '../parts/frame.js';
import { Mark } from '../parts/icons.js';
import { enter, presence } from '../state/session.js';
import { texts } from '../texts.js';

/** The way in. */
export function Door() {
  const here = presence.value;
  useEffect(() => {
    document.title = texts.title(texts.login.title, location.hostname);
  }, []);
  if (here.kind === 'in') return null;
  const port = location.port === '' ? '80' : location.port;
  return (
    <main class="door">
      <div class="card">
        <div class="brand">
          <Mark />
          {texts.product}
          <span class="host">{location.hostname}</span>
        </div>
        {here.kind === 'asking' ? (
          <>
            <h1>{texts.login.asking}</h1>
            <Bones lines={3} />
          </>
        ) : (
          <>
            <h1>{texts.login.title}</h1>
            {typeof here.why === 'string' ? (
              <p>{texts.login[here.why]}</p>
            ) : (
              <Fault error={here.why} again={() => void enter()} />
            )}
            <p class="soft">{texts.login.how}</p>
            <Command line="ctvirt web" />
            <p class="soft">{texts.login.afar}</p>
            <Command
              line={`ssh -L ${port}:127.0.0.1:${port} root@${location.hostname === '127.0.0.1' ? 'HOST' : location.hostname}`}
            />
          </>
        )}
      </div>
    </main>
  );
}
