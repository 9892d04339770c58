// Users to create at the start, from moldau.users: "name:password" with commas or line ends between.

export interface InitialUser {
  readonly name: string;
  readonly password: string;
}

/** A password may hold colons, but no comma. Undefined when the text is something else. */
export function parseInitialUsers(text: string): InitialUser[] | undefined {
  const users: InitialUser[] = [];
  for (const entry of text.split(/[,\n]/).map((each) => each.trim())) {
    if (entry === '') continue;
    const colon = entry.indexOf(':');
    const name = entry.slice(0, Math.max(0, colon));
    const password = entry.slice(colon + 1);
    const isFine = name !== '' && password !== '' && users.every((other) => other.name !== name);
    if (!isFine) return undefined;
    users.push({ name, password });
  }
  return users;
}

/** What is wrong with a value of moldau.users, without any of it. */
export function initialUsersProblem(text: string): string | undefined {
  if (parseInitialUsers(text) !== undefined) return undefined;
  return 'expected name:password for each user, with commas between them and each name once, as in ada:secret,bob:geheim';
}
