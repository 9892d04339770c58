// Patterns of configuration values that Kafka gives to Java's regular expressions. Where JavaScript reads one in another way, or not at all, it is
// refused rather than read wrongly.

export interface JavaPattern {
  /** Fits a whole text only. */
  readonly whole: RegExp;
  /** Finds every place where it fits. */
  readonly each: RegExp;
}

/** What Java's patterns have beyond JavaScript's: classes by property, quotes, other anchors, possessive counts, flags in mid-pattern, sets of sets. */
const JAVA_ONLY = /\\[pPQEAzZGhHvVRX]|[*+?}]\+|\(\?[a-zA-Z-]+[:)]|\(\?>|&&|\[[^\]\\]*\[/;

/** @throws Error that says what is wrong with the pattern */
export function compileJavaPattern(pattern: string): JavaPattern {
  const flags = pattern.startsWith('(?i)') ? 'i' : '';
  const source = flags === '' ? pattern : pattern.slice('(?i)'.length);
  if (JAVA_ONLY.test(source)) {
    throw new Error(
      `the pattern ${JSON.stringify(pattern)} uses what only Java's regular expressions have: write it with plain classes, groups and counts`,
    );
  }
  try {
    return { whole: new RegExp(`^(?:${source})$`, flags), each: new RegExp(source, `${flags}g`) };
  } catch (error) {
    throw new Error(`the pattern ${JSON.stringify(pattern)} is wrong: ${(error as Error).message}`);
  }
}
