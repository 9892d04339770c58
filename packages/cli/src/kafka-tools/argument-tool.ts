// A tool whose command line is read as argparse reads it.

import { argumentHelp, argumentProblem } from './argument-help.ts';
import {
  ArgumentError,
  type Arguments,
  HelpAsked,
  type ParserSpec,
  parseArguments,
  VersionAsked,
} from './arguments.ts';
import { widthOf } from './java-text.ts';
import { type ToolContext, ToolEnd, tellFailure, toolVersion, type WordsTool } from './kafka-tool.ts';

export interface ArgumentTool {
  readonly name: string;
  readonly parser: ParserSpec;
  /** Given without anything it shows its help, which is no mistake. */
  readonly helpsWithoutWords?: boolean;
  /** Who asks for help has not said what to do: 1, but for some. */
  readonly helpExitCode?: number;
  readonly endsItself?: boolean;
  /** Returns the exit code. @throws ArgumentError as well */
  run(context: ToolContext, given: Arguments): Promise<number>;
  /** Tells what went wrong otherwise, and returns the exit code. Without it: message and Java's name for it, and 1. */
  failed?(context: ToolContext, error: unknown): number;
}

export function argumentTool(tool: ArgumentTool): WordsTool {
  const { name, parser, endsItself = false } = tool;
  return {
    ...{ name, endsItself },
    async runWords(context, words) {
      try {
        if (words.length === 0 && tool.helpsWithoutWords === true) {
          context.stdout.write(argumentHelp(parser));
          return 0;
        }
        return await tool.run(context, parseArguments(parser, words));
      } catch (error) {
        if (error instanceof HelpAsked) {
          context.stdout.write(error.message);
          return tool.helpExitCode ?? 1;
        }
        if (error instanceof VersionAsked) {
          context.out(toolVersion());
          return 0;
        }
        if (error instanceof ToolEnd || context.signal.aborted) throw error;
        if (tool.failed !== undefined) return tool.failed(context, error);
        return error instanceof ArgumentError
          ? tellArgumentProblem(context, parser, error)
          : tellFailure(context, error);
      }
    },
  };
}

/** With the usage before it. */
export function tellArgumentProblem(
  { stderr }: ToolContext,
  parser: ParserSpec,
  error: ArgumentError,
): number {
  stderr.write(argumentProblem(parser, error));
  return 1;
}

/** Columns as wide as what stands in them, with a tab behind each. */
export function tabbedTable(
  { out }: ToolContext,
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const widths = headers.map((header, column) =>
    widthOf(
      header.length,
      rows.map((row) => row[column]!),
    ),
  );
  for (const row of [headers, ...rows])
    out(row.map((cell, column) => `${cell.padEnd(widths[column]!)}\t`).join(''));
}
