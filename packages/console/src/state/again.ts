// Loading the page again where a part of it did not come: a browser asks for no file again that failed once, and of a later daemon they are called otherwise.
// SPDX-License-Identifier: Apache-2.0

const keptAs = 'ctvirt-again';
const mostTimes = 3;
const firstWaitMs = 500;
const longestWaitMs = 8000;
/** A page that lacks nothing for so long has come whole. */
const standsMs = 30_000;

const isAnswered = (): Promise<boolean> =>
  fetch('/', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Loads it when the daemon answers, unless that was done too often already or nobody wants it any more. */
export async function loadAgain(left?: AbortSignal): Promise<void> {
  const times = Number(sessionStorage.getItem(keptAs));
  if (times >= mostTimes) return;
  let waitMs = firstWaitMs;
  do {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  } while (!(await isAnswered()));
  if (left?.aborted) return;
  sessionStorage.setItem(keptAs, String(times + 1));
  location.reload();
}

let isBegun = false;
let lacking = 0;
let standing: ReturnType<typeof setTimeout> | undefined;

function stand(): void {
  clearTimeout(standing);
  if (isBegun && lacking === 0) standing = setTimeout(() => sessionStorage.removeItem(keptAs), standsMs);
}

/** Program and styles are there: what fails after a while fails for the first time. */
export function isWhole(): void {
  isBegun = true;
  stand();
}

/** A part is on its way, however long, or did not come: until what is answered is called, the page does not stand whole. */
export function lack(): () => void {
  lacking++;
  stand();
  return () => {
    lacking--;
    stand();
  };
}
