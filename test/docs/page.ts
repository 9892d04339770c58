// Reads a page of the documentation: what in it can be run, in the order in which a reader comes to it.
//
// Fences say by their first line what is to be done with them; a reader sees nothing of it but the language:
//
//     sh                  run with bash; every command has to succeed
//     sh exit=1           the last one ends with this code
//     sh background       goes on while what follows is run, until `<!-- stop -->` (Ctrl-C), `<!-- stop KILL -->` or the end of the page
//     sh no-run: REASON   needs what a test does not have; the reason is told with the results
//     text                when it comes next to commands, in the same section: what they print, those in the background before
//                         anything else is run; see expected.ts
//     text background     what those in the background have printed in the end
//     LANGUAGE file=NAME  is written into a file of this name
//
// `<!-- sh` or `<!-- sh background`, up to `-->`, holds commands that are run and not shown: what a page takes for granted.

const LANGUAGES = new Set([
  ...['sh', 'text', 'ts', 'js', 'python', 'java', 'json', 'yaml', 'ini', 'properties', 'promql', 'markdown'],
]);

export interface Commands {
  readonly kind: 'commands' | 'background';
  readonly line: number;
  readonly text: string;
  readonly exitCode: number;
  readonly expected: string | undefined;
  /** Of those in the background. */
  readonly expectedInTheEnd: string | undefined;
}

export interface NotRun {
  readonly kind: 'not-run';
  readonly line: number;
  readonly text: string;
  readonly reason: string;
}

export interface Stop {
  readonly kind: 'stop';
  readonly line: number;
  readonly signal: NodeJS.Signals;
}

export interface SavedFile {
  readonly kind: 'file';
  readonly line: number;
  readonly name: string;
  readonly text: string;
}

const NOTHING_SHOWN = { expected: undefined, expectedInTheEnd: undefined };

export type Step = Commands | NotRun | Stop | SavedFile;

const BLOCK =
  /^```(?<info>.*)\n(?<body>[\s\S]*?)^```$|^<!-- sh(?<kind> background)?\n(?<hidden>[\s\S]*?)^-->$|^<!-- stop(?: (?<signal>\w+))? -->$|^#+ (?<heading>.*)$/gm;

/** @throws Error with the line of what cannot be understood, so that no command escapes by a slip of the pen. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  /** The commands that the next block of text is the output of. */
  let open: number | undefined;
  for (const match of page.matchAll(BLOCK)) {
    const line = page.slice(0, match.index).split('\n').length;
    const { info, body = '', hidden, signal, heading } = match.groups!;
    if (heading !== undefined) {
      open = undefined;
    } else if (hidden !== undefined) {
      const kind = match.groups!.kind === undefined ? 'commands' : 'background';
      steps.push({ kind, line, text: hidden, exitCode: 0, ...NOTHING_SHOWN });
    } else if (info === undefined) {
      steps.push({
        kind: 'stop',
        line,
        signal: signal === undefined ? 'SIGINT' : (`SIG${signal}` as NodeJS.Signals),
      });
    } else if (info === 'text' || info === 'text background') {
      const of = info === 'text' ? open : steps.findLastIndex(({ kind }) => kind === 'background');
      const commands = of === undefined ? undefined : steps[of];
      if (commands?.kind === 'commands' || commands?.kind === 'background')
        steps[of!] = { ...commands, [info === 'text' ? 'expected' : 'expectedInTheEnd']: body };
      if (info === 'text') open = undefined;
    } else {
      const step = stepOf(info, body, line);
      if (step === undefined) continue;
      steps.push(step);
      open = step.kind === 'file' ? open : steps.length - 1;
    }
  }
  return steps;
}

function stepOf(info: string, text: string, line: number): Step | undefined {
  const [language = '', ...words] = info.split(' ');
  if (!LANGUAGES.has(language))
    throw new Error(`line ${line}: a block of what? (${info === '' ? 'no language' : info})`);
  const rest = words.join(' ');
  if (language !== 'sh') {
    if (rest === '') return undefined;
    const name = /^file=([\w./-]+)$/.exec(rest)?.[1];
    if (name === undefined) throw new Error(`line ${line}: ${rest} is not understood`);
    return { kind: 'file', line, name, text };
  }
  const reason = /^no-run: (.+)$/.exec(rest)?.[1];
  if (reason !== undefined) return { kind: 'not-run', line, text, reason };
  const exitCode = /^exit=(\d+)$/.exec(rest)?.[1];
  if (rest !== '' && rest !== 'background' && exitCode === undefined)
    throw new Error(`line ${line}: ${rest} is not understood`);
  return {
    ...{ kind: rest === 'background' ? 'background' : 'commands', line, text },
    ...{ exitCode: Number(exitCode ?? 0), ...NOTHING_SHOWN },
  };
}
