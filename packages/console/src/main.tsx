// The web console: the screen that the bar's address means.
// SPDX-License-Identifier: Apache-2.0
import './tokens.css';
import { type ComponentType, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Bones, Empty } from './parts/frame.js';
import { match } from './paths.js';
import { followHistory, place } from './router.js';
import { type ScreenProps, screens } from './screens/table.js';
import { startStream } from './state/stream.js';
import { restoreTheme } from './state/theme.js';
import { texts } from './texts.js';

function App() {
  const { path } = place.value;
  const screen = screens.find((row) => match(row.path, path) !== undefined);
  const [Screen, show] = useState<ComponentType<ScreenProps> | undefined>(undefined);
  useEffect(() => {
    screen?.load().then((loaded) => show(() => loaded.Screen));
  }, [screen]);
  if (screen === undefined)
    return <Empty icon="question" title={texts.error.lost} why={texts.error.lostNext} />;
  return Screen === undefined ? <Bones /> : <Screen params={match(screen.path, path) ?? {}} />;
}

restoreTheme();
followHistory();
startStream();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
