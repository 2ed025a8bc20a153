// The web console: who is before it, and the screen that the bar's address means.
// SPDX-License-Identifier: Apache-2.0
import './tokens.css';
import { render } from 'preact';
import { useEffect, useErrorBoundary, useMemo } from 'preact/hooks';
import { followKeys, Keys } from './keys.js';
import { Questions } from './parts/dialog.js';
import { Empty, Fault } from './parts/frame.js';
import { Notes } from './parts/notes.js';
import { Palette } from './parts/palette.js';
import { Part } from './parts/part.js';
import { match } from './paths.js';
import { followHistory, place } from './router.js';
import { Door } from './screens/login.js';
import type { ScreenProps } from './screens/screen.js';
import { type ScreenRow, screens } from './screens/table.js';
import { Shell } from './shell.js';
import { asApiError } from './state/asked.js';
import { followDomains, load } from './state/domains.js';
import { followEvents } from './state/events.js';
import { enter, followSession, presence } from './state/session.js';
import { restoreTheme } from './state/theme.js';
import { texts } from './texts.js';

type Found = ScreenRow & { readonly params: ScreenProps['params'] };

function found(path: string): Found | undefined {
  for (const screen of screens) {
    const params = match(screen.path, path);
    if (params !== undefined) return { ...screen, params };
  }
  return undefined;
}

/** The screen of an address, loaded when it is first wanted. */
function Current() {
  const { path } = place.value;
  const here = useMemo(() => found(path), [path]);
  const [crash, mend] = useErrorBoundary();
  useEffect(mend, [here?.path]);
  if (crash !== undefined) return <Fault error={asApiError(crash)} isScreen again={mend} />;
  if (here === undefined)
    return <Empty isScreen icon="question" title={texts.error.lost} why={texts.error.lostNext} />;
  return (
    <Part key={here.path} load={here.load} isScreen>
      {({ Screen }) => <Screen params={here.params} />}
    </Part>
  );
}

function App() {
  const isIn = presence.value.kind === 'in';
  useEffect(() => {
    if (!isIn) return;
    const stops = [followDomains(), followEvents()];
    void load();
    return () => {
      for (const stop of stops) stop();
    };
  }, [isIn]);
  if (!isIn) return <Door />;
  return (
    <>
      <Shell>
        <Current />
      </Shell>
      <Palette />
      <Keys />
      <Questions />
      <Notes />
    </>
  );
}

restoreTheme();
followHistory();
followKeys();
followSession();
void enter();
const root = document.getElementById('app');
root?.replaceChildren();
if (root !== null) render(<App />, root);
