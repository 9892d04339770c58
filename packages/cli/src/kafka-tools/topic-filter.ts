// Which topics a text of Kafka's tools means: a regular expression over the whole name, in which commas stand between alternatives.

import { JavaError } from './java-errors.ts';

/** @throws JavaError when it is no regular expression */
export function topicFilter(text: string): (topic: string) => boolean {
  const pattern = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '');
  try {
    const expression = new RegExp(`^(?:${pattern})$`);
    return (topic) => expression.test(topic);
  } catch {
    throw new JavaError('java.lang.RuntimeException', `${pattern} is an invalid regex.`);
  }
}
