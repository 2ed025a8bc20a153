// A terminal on the page: xterm in the page's colours, which keeps what it shows while another screen is looked at.
// SPDX-License-Identifier: Apache-2.0
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import { HeldTerminal, type Kind } from '../state/terminals.js';

/** What a terminal tells the screen that it is on. */
export interface ViewEvents {
  /** The keys that leave it were pressed. */
  leave(): void;
  /** A link was followed, which a guest wrote. */
  link(target: string): void;
}

const scrollback = 5000;

/** Tabs, lines, scrolling and REP, each of which xterm does as many times as a guest says: up to 2^31. */
const doneTimes = ['I', 'Z', 'L', 'M', 'S', 'T', 'b'];
/** More than any screen has; what says more is no program that draws one, and would hold the page up. */
const mostTimes = 500;

/** One terminal, which is put into one place of the page after the other. */
export class TerminalView {
  readonly held: HeldTerminal;
  readonly #term: Terminal;
  readonly #fit = new FitAddon();
  readonly #box = document.createElement('div');
  readonly #resized = new ResizeObserver(() => this.fit());
  #events: ViewEvents | undefined;

  constructor(domain: string, kind: Kind) {
    this.#box.className = 'terminal-box';
    this.#term = new Terminal({
      scrollback,
      // Whatever a guest prints is nothing to be told in the browser's log.
      logLevel: 'off',
      cursorBlink: false,
      minimumContrastRatio: 4.5,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono'),
      fontSize: 13,
      theme: themeNow(),
      linkHandler: {
        allowNonHttpProtocols: false,
        activate: (_event, target) => this.#events?.link(target),
      },
    });
    this.#term.loadAddon(this.#fit);
    this.#term.attachCustomKeyEventHandler((event) => this.#onKey(event));
    const term = this.#term;
    for (const final of doneTimes)
      term.parser.registerCsiHandler({ final }, ([times]) => typeof times === 'number' && times > mostTimes);
    this.held = new HeldTerminal(domain, kind, {
      get columns() {
        return term.cols;
      },
      get rows() {
        return term.rows;
      },
      write: (bytes, drawn) => term.write(bytes, drawn),
      clear: () => term.reset(),
    });
    term.onData((text) => this.held.type(text));
    // Mouse reports of old programs are bytes and no text.
    term.onBinary((text) => this.held.send(Uint8Array.from(text, (one) => one.charCodeAt(0))));
    term.onResize(() => this.held.resize());
  }

  /** Shows it there; returns what takes it away again. */
  show(place: HTMLElement, events: ViewEvents): () => void {
    this.#events = events;
    place.append(this.#box);
    if (this.#term.element === undefined) this.#term.open(this.#box);
    this.fit();
    this.#resized.observe(place);
    return () => {
      this.#resized.disconnect();
      this.#box.remove();
    };
  }

  focus(): void {
    this.#term.focus();
  }

  /** As large as its place is. */
  fit(): void {
    if (this.#box.isConnected && this.#box.clientWidth > 0) this.#fit.fit();
  }

  /** Takes the colours that the page has now. */
  paint(): void {
    this.#term.options.theme = themeNow();
  }

  /** What is marked, or all that it knows. */
  text(): string {
    const marked = this.#term.getSelection();
    if (marked !== '') return marked;
    const { active } = this.#term.buffer;
    const lines = Array.from(
      { length: active.length },
      (_, at) => active.getLine(at)?.translateToString(true) ?? '',
    );
    return lines.join('\n').trimEnd();
  }

  /** Whether what it shows is told to those who hear it. */
  set isRead(value: boolean) {
    this.#term.options.screenReaderMode = value;
  }

  get isRead(): boolean {
    return this.#term.options.screenReaderMode === true;
  }

  /** False for keys that are not the guest's. */
  #onKey(event: KeyboardEvent): boolean {
    // Tab goes on to the next button where nobody would take it.
    if (this.held.standing.peek().kind !== 'open') return false;
    const { key, ctrlKey, shiftKey, type } = event;
    const isLeave = ctrlKey && ((shiftKey && key === 'Escape') || key === 'F6');
    const isCopy = ctrlKey && shiftKey && key.toLowerCase() === 'c';
    const isPaste = ctrlKey && shiftKey && key.toLowerCase() === 'v';
    if (type === 'keydown' && isLeave) {
      event.preventDefault();
      this.#events?.leave();
    }
    if (type === 'keydown' && isCopy) {
      event.preventDefault();
      navigator.clipboard.writeText(this.text()).catch(() => undefined); // the browser's user said no
    }
    return !(isLeave || isCopy || isPaste);
  }
}

const views = new Map<string, TerminalView>();

/** The terminal of that kind of a domain: the same one as long as the page is there. */
export function viewOf(domain: string, kind: Kind): TerminalView {
  const name = `${kind} ${domain}`;
  const known = views.get(name) ?? new TerminalView(domain, kind);
  views.set(name, known);
  return known;
}

/** A connection that died while the computer slept is noticed by who says something. */
const nudge = (): void => {
  if (!document.hidden) for (const { held } of views.values()) held.resize();
};
addEventListener('online', nudge);
document.addEventListener('visibilitychange', nudge);

/** The page's own colours, as they are now. */
function themeNow(): ITheme {
  const probe = document.createElement('span');
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const ink = colour('ink');
  const theme: ITheme = {
    background: colour('sunken'),
    foreground: ink,
    cursor: ink,
    cursorAccent: colour('sunken'),
    selectionBackground: colour('blue-wash'),
    selectionForeground: ink,
    scrollbarSliderBackground: colour('line'),
    scrollbarSliderHoverBackground: colour('edge'),
    scrollbarSliderActiveBackground: colour('edge'),
  };
  probe.remove();
  return theme;
}
