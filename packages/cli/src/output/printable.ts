// Texts that others made up, as names of groups and clients, may hold what a terminal obeys, or what turns the direction of writing round. People see
// them as they are written in JSON.

/** Line feeds and tabs stay. */
const COMMANDS = /(?![\n\t])[\p{Control}\p{Bidi_Control}\u2028\u2029]/gu;
const OF_ONE_LINE = /[\p{Control}\p{Bidi_Control}\u2028\u2029]/gu;

export function printable(text: string): string {
  return text.replaceAll(COMMANDS, escaped);
}

export function printableLine(text: string): string {
  return text.replaceAll(OF_ONE_LINE, escaped);
}

function escaped(character: string): string {
  const json = JSON.stringify(character).slice(1, -1);
  return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
}
