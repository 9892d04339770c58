// Values of configuration: texts to the broker, whatever they stand for.

export type ConfigValues = Readonly<Record<string, string | number | boolean>>;

export function configTexts(values: ConfigValues): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}
