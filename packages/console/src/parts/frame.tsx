// What every screen is made of: a head, cards, and what stands where there is nothing, nothing yet, or a failure.
// SPDX-License-Identifier: Apache-2.0
import type { ApiError } from '@ctvirt/api/browser';
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Asked } from '../state/asked.js';
import { texts } from '../texts.js';
import { Icon, type IconName } from './icons.js';

interface HeadProps {
  readonly title: string;
  readonly sub?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** The head of a screen, with its buttons; the tab of the browser is called the same. */
export function Head({ title, sub, children }: HeadProps) {
  useEffect(() => {
    document.title = texts.title(title, location.hostname);
  }, [title]);
  return (
    <div class="head">
      <div class="grow">
        <h1 class="wrap">{title}</h1>
        {sub !== undefined && <div class="sub small">{sub}</div>}
      </div>
      {children !== undefined && <div class="buttons">{children}</div>}
    </div>
  );
}

interface CardProps {
  readonly title: string;
  readonly sub?: ComponentChildren;
  readonly side?: ComponentChildren;
  readonly isFlush?: boolean;
  readonly children: ComponentChildren;
}

/** One matter, with its name. */
export const Card = ({ title, sub, side, isFlush = false, children }: CardProps) => (
  <section class="card" aria-label={title}>
    <header>
      <h2>{title}</h2>
      <span class="grow soft small">{sub}</span>
      {side}
    </header>
    <div class={isFlush ? 'flush' : 'body'}>{children}</div>
  </section>
);

/** Copies a text. */
export function Copy({ text }: { readonly text: string }) {
  const isCopied = useSignal(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    isCopied.value = true;
    setTimeout(() => {
      isCopied.value = false;
    }, 1500);
  };
  return (
    <button type="button" class="button quiet slim" onClick={copy}>
      <Icon name={isCopied.value ? 'tick' : 'copy'} />
      {isCopied.value ? texts.copied : texts.copy}
    </button>
  );
}

/** A line for a shell, to be copied. */
export const Command = ({ line }: { readonly line: string }) => (
  <div class="command">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keys */}
    <code tabIndex={0}>{line}</code>
    <Copy text={line} />
  </div>
);

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly why: string;
  /** Whether it stands in the place of a whole screen. */
  readonly isScreen?: boolean;
  readonly children?: ComponentChildren;
}

/** What is for what, and the next step. */
export const Empty = ({ icon, title, why, isScreen = false, children }: EmptyProps) => (
  <div class="empty">
    <Icon name={icon} />
    {isScreen ? <h1>{title}</h1> : <h2>{title}</h2>}
    <p>{why}</p>
    {children}
  </div>
);

interface BonesProps {
  readonly lines?: number;
  /** Whether it is a whole screen, whose heading comes with it. */
  readonly isScreen?: boolean;
}

/** Something is on its way. */
export const Bones = ({ lines = 4, isScreen = false }: BonesProps) => (
  <>
    {isScreen && <h1 class="hidden">{texts.loading}</h1>}
    <div class="bones" role="status" aria-label={texts.loading}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} style={{ inlineSize: `${92 - ((index * 23) % 50)}%` }} />
      ))}
    </div>
  </>
);

interface FaultProps {
  readonly error: ApiError;
  /** Whether it stands in the place of a whole screen. */
  readonly isScreen?: boolean;
  readonly again?: () => void;
}

/** Why something did not come, in the daemon's own words. */
export function Fault({ error, isScreen = false, again }: FaultProps) {
  const Heading = isScreen ? 'h1' : 'h2';
  return (
    <div class="fault" role="alert">
      <Heading>
        <Icon name="warning" />
        {error.code === 'unreachable' ? texts.error.unreachable : texts.error.title}
      </Heading>
      <p class="wrap">{error.message}</p>
      {again !== undefined && (
        <button type="button" class="button" onClick={again}>
          {texts.retry}
        </button>
      )}
    </div>
  );
}

interface AnswerProps<T> {
  readonly of: Asked<T>;
  readonly lines?: number;
  readonly children: (value: T) => ComponentChildren;
}

/** What was answered, or what stands in its place. */
export function Answer<T>({ of: { value, error, again }, lines = 4, children }: AnswerProps<T>) {
  if (value !== undefined) return <>{children(value)}</>;
  return error === undefined ? <Bones lines={lines} /> : <Fault error={error} again={again} />;
}
