// The search of the site: its index comes when somebody first asks, from a file beside the page.
// SPDX-License-Identifier: Apache-2.0
const { up } = document.documentElement.dataset;
const input = document.querySelector('search input');
const list = document.querySelector('search ol');
const most = 12;

/** Scripts and not modules or fetches: those a page that is opened as a file may not have. */
const load = (name) =>
  new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${up}/${name}`;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

let loading;
const index = () => {
  loading ??= Promise.all([load('minisearch.js'), load('search-index.js')]).then(() => {
    const { MiniSearch, ctvirtSearch } = globalThis;
    return MiniSearch.loadJS(ctvirtSearch.index, ctvirtSearch.options);
  });
  return loading;
};

const entryOf = ({ id, page, heading }) => {
  const link = document.createElement('a');
  link.href = `${up}/${id}`;
  link.append(heading);
  if (heading !== page) {
    const where = document.createElement('small');
    where.append(page);
    link.append(where);
  }
  const entry = document.createElement('li');
  entry.append(link);
  return entry;
};

const show = async () => {
  const words = input.value.trim();
  const found = words === '' ? [] : (await index()).search(words).slice(0, most);
  if (input.value.trim() !== words) return;
  list.replaceChildren(...found.map(entryOf));
  list.hidden = found.length === 0;
};

input.addEventListener('input', show);
input.addEventListener('focus', show);
input.addEventListener('keydown', ({ key }) => {
  if (key === 'Enter') list.querySelector('a')?.click();
  if (key === 'Escape') input.blur();
});
document.addEventListener('click', ({ target }) => {
  if (!target.closest('search')) list.hidden = true;
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === input) return;
  event.preventDefault();
  input.focus();
});
