/**
 * What is made when it is first asked for, and then kept: for what costs tens of milliseconds to make, as `Intl` does, and
 * that many processes never need. A process that starts at little cost is one that a crash costs little.
 */
export function lazily<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
