// The view on a terminal, as long as it lasts: takes keys, and draws when there is something new. Leaves the terminal as it was.

import type { CommandContext } from '../command-line/command.ts';
import type { Figures } from './figures.ts';
import type { Pane } from './panes.ts';
import { ENTER_SCREEN, LEAVE_SCREEN, redraw } from './screen.ts';
import { keysIn, pressed, type Size, screenLines, type ViewState } from './view.ts';

interface ScreenStream {
  readonly columns?: number;
  readonly rows?: number;
}
interface KeyStream {
  setRawMode?(isRaw: boolean): void;
}

const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;

export class LiveView implements Disposable {
  readonly #terminal: CommandContext['terminal'];
  readonly #quit: () => void;
  #state: ViewState;
  #figures: Figures | undefined;
  #trouble: string | undefined;
  #shown: readonly string[] = [];

  /** `quit` is called when somebody wants it to end. */
  constructor(terminal: CommandContext['terminal'], pane: Pane, quit: () => void) {
    this.#terminal = terminal;
    this.#quit = quit;
    this.#state = { pane, scroll: 0 };
    const { stdin, stdout } = terminal;
    (stdin as KeyStream).setRawMode?.(true);
    stdin.setEncoding('utf8');
    stdin.on('data', this.#onKeys);
    stdout.on('resize', this.#onResize);
    stdout.write(ENTER_SCREEN);
  }

  show(figures: Figures): void {
    this.#figures = figures;
    this.#trouble = undefined;
    this.#draw();
  }

  /** There are no new figures, and why: it stands above the old ones. */
  showTrouble(text: string): void {
    this.#trouble = text;
    this.#draw();
  }

  [Symbol.dispose](): void {
    const { stdin, stdout } = this.#terminal;
    stdin.off('data', this.#onKeys);
    stdout.off('resize', this.#onResize);
    stdin.pause();
    (stdin as KeyStream).setRawMode?.(false);
    stdout.write(LEAVE_SCREEN);
  }

  get #size(): Size {
    // Terminals that do not know their size say 0.
    const { columns, rows } = this.#terminal.stdout as ScreenStream;
    return { columns: columns || this.#terminal.columns || DEFAULT_COLUMNS, rows: rows || DEFAULT_ROWS };
  }

  readonly #onKeys = (text: string): void => {
    for (const key of keysIn(text)) {
      const rowCount = this.#figures?.[this.#state.pane].length ?? 0;
      const next = pressed(key, this.#state, rowCount, this.#size);
      if (next === 'quit') {
        this.#quit();
        return;
      }
      this.#state = next;
    }
    this.#draw();
  };

  readonly #onResize = (): void => {
    // What was drawn for another size stands anywhere.
    this.#terminal.stdout.write('\x1b[2J');
    this.#shown = [];
    this.#draw();
  };

  #draw(): void {
    if (this.#figures === undefined) return;
    const lines = screenLines(this.#figures, this.#state, this.#size, this.#trouble);
    const text = redraw(this.#shown, lines);
    this.#shown = lines;
    if (text !== '') this.#terminal.stdout.write(text);
  }
}
