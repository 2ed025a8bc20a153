// What may stand at the cursor, and the scripts by which three shells ask for it.
// SPDX-License-Identifier: Apache-2.0
import { globalOptions } from './command-line.js';
import { printable } from './printable.js';
import type { Completion, Options, Verb } from './verb.js';

/** One word that may stand at the cursor. */
export interface Candidate {
  readonly word: string;
  readonly summary: string;
}

/** Candidates, or what the shell itself shall complete. */
export type Completed =
  | { readonly candidates: readonly Candidate[] }
  | { readonly shell: 'file' | 'directory' };

/** Names that a daemon or another package knows, by what is to be completed and the arguments that stand before it. */
export type Names = (
  kind: Exclude<Completion, 'file' | 'directory' | 'verb'>,
  before: readonly string[],
) => Promise<readonly string[]>;

const words = (list: readonly string[]): readonly Candidate[] => list.map((word) => ({ word, summary: '' }));

/** What may follow; the last of the given words is the unfinished one. */
export async function complete(
  given: readonly string[],
  verbs: readonly Verb[],
  names: Names,
): Promise<Completed> {
  const partial = given.at(-1) ?? '';
  const before = given.slice(0, -1);
  const shown = verbs.filter(({ hidden }) => !hidden);
  const state = walk(before, shown);
  const found = await candidatesAt(state, partial, shown, names);
  return 'shell' in found
    ? found
    : { candidates: found.candidates.filter(({ word }) => word.startsWith(partial)) };
}

interface State {
  readonly verb: Verb | undefined;
  /** A noun such as `template` whose action is still to come. */
  readonly noun: string | undefined;
  /** The arguments before the cursor. */
  readonly args: readonly string[];
  /** The option whose value is at the cursor. */
  readonly pending: Options[string] | undefined;
  readonly isRest: boolean;
  /** The word before the cursor. */
  readonly last: string | undefined;
}

const longOf = (word: string, options: Options): Options[string] | undefined =>
  word.startsWith('--')
    ? options[word.slice(2)]
    : Object.values(options).find(({ short }) => short !== undefined && word === `-${short}`);

const optionsOf = (verb: Verb | undefined): Options => ({ ...globalOptions, ...verb?.options });

function walk(before: readonly string[], verbs: readonly Verb[]): State {
  let verb: Verb | undefined;
  let noun: string | undefined;
  const args: string[] = [];
  let pending: Options[string] | undefined;
  let isOver = false;
  for (const word of before) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word === '--') {
      isOver = true;
    } else if (!isOver && word.startsWith('-')) {
      const option = longOf(word, optionsOf(verb));
      pending = option === undefined || option.type === 'flag' ? undefined : option;
    } else if (verb === undefined) {
      const name = noun === undefined ? word : `${noun} ${word}`;
      verb = verbs.find((each) => each.name === name || each.aliases?.includes(name));
      noun = verb === undefined ? name : undefined;
    } else {
      args.push(word);
    }
  }
  const rest = Object.values(verb?.args ?? {}).findIndex((argument) => argument.rest === true);
  return {
    verb,
    noun,
    args,
    pending,
    isRest: isOver || (rest >= 0 && args.length > rest),
    last: before.at(-1),
  };
}

async function candidatesAt(
  state: State,
  partial: string,
  verbs: readonly Verb[],
  names: Names,
): Promise<Completed> {
  const { verb, noun, args, pending, isRest, last } = state;
  const position = args.length;
  const namesHere = async (kind: Parameters<Names>[0]) => await names(kind, args);
  if (pending !== undefined) return valuesOf(pending.complete, namesHere);
  if (partial.startsWith('-') && !isRest) {
    const options = Object.entries(optionsOf(verb));
    return { candidates: options.map(([name, { summary }]) => ({ word: `--${name}`, summary })) };
  }
  if (verb === undefined) return { candidates: verbWords(verbs, noun) };
  const declared = Object.values(verb.args);
  const argument = declared[Math.min(position, declared.length - 1)];
  if (
    argument === undefined ||
    (position >= declared.length && argument.rest !== true && argument.many !== true)
  )
    return { candidates: [] };
  if (argument.complete === 'verb')
    return { candidates: verbWords(verbs, position === 0 ? undefined : last) };
  return valuesOf(argument.complete, namesHere);
}

/** The first words of all verbs, or after a noun its actions. */
function verbWords(verbs: readonly Verb[], noun: string | undefined): readonly Candidate[] {
  const seen = new Map<string, Candidate>();
  for (const { name, summary } of verbs) {
    const [first = '', second] = name.split(' ');
    if (noun === undefined && !seen.has(first))
      seen.set(first, { word: first, summary: second === undefined ? summary : `${first} ...` });
    if (noun === first && second !== undefined) seen.set(second, { word: second, summary });
  }
  return [...seen.values()];
}

async function valuesOf(
  kind: Completion | readonly string[] | undefined,
  names: (kind: Parameters<Names>[0]) => Promise<readonly string[]>,
): Promise<Completed> {
  if (kind === undefined) return { candidates: [] };
  if (typeof kind !== 'string') return { candidates: words(kind) };
  if (kind === 'file' || kind === 'directory') return { shell: kind };
  return { candidates: kind === 'verb' ? [] : words(await names(kind)) };
}

/** The answer as the scripts below read it: a line per candidate, or `:file`. */
export const formatCompleted = (completed: Completed): string =>
  'shell' in completed
    ? `:${completed.shell}\n`
    : completed.candidates.map(({ word, summary }) => `${printable(word)}\t${printable(summary)}\n`).join('');

/** What each shell sources. All ask ctvirt itself, so that they never know less than it does. */
export const completionScripts = {
  bash: `# bash completion of ctvirt: eval "$(ctvirt completion bash)"
_ctvirt() {
  local line lines
  COMPREPLY=()
  mapfile -t lines < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case "\${lines[0]}" in
    :file) mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"); compopt -o filenames; return ;;
    :directory) mapfile -t COMPREPLY < <(compgen -d -- "\${COMP_WORDS[COMP_CWORD]}"); compopt -o filenames; return ;;
  esac
  for line in "\${lines[@]}"; do
    COMPREPLY+=("$(printf %q "\${line%%$'\\t'*}")")
  done
}
complete -F _ctvirt ctvirt
`,
  zsh: `#compdef ctvirt
# zsh completion of ctvirt: eval "$(ctvirt completion zsh)"
_ctvirt() {
  local -a lines candidates
  lines=("\${(@f)$(\${words[1]} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case "$lines[1]" in
    :file) _files; return ;;
    :directory) _files -/; return ;;
  esac
  local line
  for line in $lines; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe ctvirt candidates
}
# As a file in zsh's folder of completions this is itself the function, at its first call.
if [ "\${funcstack[1]}" = _ctvirt ]; then _ctvirt "$@"; else compdef _ctvirt ctvirt; fi
`,
  fish: `# fish completion of ctvirt: ctvirt completion fish | source
function __ctvirt_complete
  set -l given (commandline -opc) (commandline -ct)
  set -l lines (command $given[1] complete -- $given[2..-1] 2>/dev/null)
  switch "$lines[1]"
    case :file
      __fish_complete_path (commandline -ct)
    case :directory
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\\n' $lines
  end
end
complete -c ctvirt -f -a '(__ctvirt_complete)'
`,
} as const;
