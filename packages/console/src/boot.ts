// Loads the page again where its program or its styles did not come, as when a network changes meanwhile. It needs nothing of them.
// SPDX-License-Identifier: Apache-2.0
import { isWhole, loadAgain } from './state/again.js';

addEventListener('load', () => {
  const line = document.querySelector('.boot');
  // The way of a link without a script would lose the secret that brought somebody here.
  line?.querySelector('a')?.addEventListener('click', (event) => {
    event.preventDefault();
    location.reload();
  });
  // A browser makes an empty sheet of styles that did not come.
  const isStyled = getComputedStyle(document.documentElement).getPropertyValue('--ink') !== '';
  if (line === null && isStyled) isWhole();
  else void loadAgain();
});
