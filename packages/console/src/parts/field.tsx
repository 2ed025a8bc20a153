// What is typed into dialogs.
// SPDX-License-Identifier: Apache-2.0
import type { Signal } from '@preact/signals';

interface TextFieldProps {
  readonly label: string;
  readonly value: Signal<string>;
  readonly placeholder?: string | undefined;
  /** Whether it is typed into when the dialog opens. */
  readonly isFirst?: boolean;
  readonly isMono?: boolean;
  /** What may be meant; all else can be typed, too. */
  readonly offers?: readonly string[] | undefined;
}

/** One line of text. */
export const TextField = ({
  label,
  value,
  placeholder,
  isFirst = false,
  isMono = false,
  offers,
}: TextFieldProps) => (
  <label class="field">
    <span>{label}</span>
    <input
      class={isMono ? 'input mono' : 'input'}
      autocomplete="off"
      placeholder={placeholder}
      autofocus={isFirst}
      list={offers && label}
      value={value.value}
      onInput={({ currentTarget }) => {
        value.value = currentTarget.value;
      }}
    />
    {offers !== undefined && (
      <datalist id={label}>
        {offers.map((offer) => (
          <option key={offer} value={offer} />
        ))}
      </datalist>
    )}
  </label>
);

interface CheckFieldProps {
  readonly label: string;
  readonly value: Signal<boolean>;
  readonly isSmall?: boolean;
}

/** Yes or no. */
export const CheckField = ({ label, value, isSmall = false }: CheckFieldProps) => (
  <label class={isSmall ? 'check small' : 'check'}>
    <input
      type="checkbox"
      checked={value.value}
      onChange={({ currentTarget }) => {
        value.value = currentTarget.checked;
      }}
    />
    {label}
  </label>
);

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: Signal<T>;
  /** Each with what it is called here. */
  readonly options: readonly (readonly [value: T, text: string])[];
}

/** One of several. */
export const Choice = <T extends string>({ label, value, options }: ChoiceProps<T>) => (
  <label class="field">
    <span>{label}</span>
    <select
      class="input"
      value={value.value}
      onChange={({ currentTarget }) => {
        const [chosen] = options.find(([one]) => one === currentTarget.value) ?? [];
        if (chosen !== undefined) value.value = chosen;
      }}
    >
      {options.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  </label>
);
