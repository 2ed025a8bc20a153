// The web console: who is before it, and the screen that the bar's address means.
// SPDX-License-Identifier: Apache-2.0
import './tokens.css';
import { useSignal } from '@preact/signals';
import { type ComponentType, render } from 'preact';
import { useEffect, useErrorBoundary, useMemo } from 'preact/hooks';
import { followKeys, Keys } from './keys.js';
import { Questions } from './parts/dialog.js';
import { Bones, Empty, Fault } from './parts/frame.js';
import { Notes } from './parts/notes.js';
import { Palette } from './parts/palette.js';
import { match } from './paths.js';
import { followHistory, place } from './router.js';
import { Door } from './screens/login.js';
import type { ScreenProps } from './screens/screen.js';
import { screens } from './screens/table.js';
import { Shell } from './shell.js';
import { asApiError } from './state/asked.js';
import { followDomains, load } from './state/domains.js';
import { followEvents } from './state/events.js';
import { enter, followSession, presence } from './state/session.js';
import { restoreTheme } from './state/theme.js';
import { texts } from './texts.js';

type Found = { readonly index: number; readonly params: ScreenProps['params'] };

function found(path: string): Found | undefined {
  for (const [index, screen] of screens.entries()) {
    const params = match(screen.path, path);
    if (params !== undefined) return { index, params };
  }
  return undefined;
}

/** The screen of an address, loaded when it is first wanted. */
function Current() {
  const { path } = place.value;
  const here = useMemo(() => found(path), [path]);
  const loaded = useSignal<
    { readonly load: unknown; readonly Screen: ComponentType<ScreenProps> } | undefined
  >(undefined);
  const fault = useSignal<unknown>(undefined);
  const [crash, mend] = useErrorBoundary();
  const load = here === undefined ? undefined : screens[here.index]?.load;
  useEffect(() => {
    mend();
    if (load === undefined || loaded.value?.load === load) return;
    let isLeft = false;
    fault.value = undefined;
    load().then(
      ({ Screen }) => {
        if (!isLeft) loaded.value = { load, Screen };
      },
      (error) => {
        if (!isLeft) fault.value = error;
      },
    );
    return () => {
      isLeft = true;
    };
  }, [load]);
  if (crash !== undefined) return <Fault error={asApiError(crash)} again={mend} />;
  if (here === undefined)
    return <Empty isScreen icon="question" title={texts.error.lost} why={texts.error.lostNext} />;
  if (fault.value !== undefined)
    return <Fault error={asApiError(fault.value)} again={() => location.reload()} />;
  if (loaded.value === undefined || loaded.value.load !== load) return <Bones lines={6} />;
  const { Screen } = loaded.value;
  return <Screen params={here.params} />;
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
if (root !== null) render(<App />, root);
