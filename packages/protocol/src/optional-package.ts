// Loads packages with native code. They are quicker than what stands here in their place, and may be missing: an install
// with --omit=optional, a platform nobody compiled them for, a bundle in one file.

/** What `load` requires, or undefined when it cannot be loaded here. */
export function optionalPackage<T>(load: () => T): T | undefined {
  try {
    return load();
  } catch {
    return undefined;
  }
}
