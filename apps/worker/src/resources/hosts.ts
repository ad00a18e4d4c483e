/** Which hosts files may be fetched from. */

/** Tells whether a host (as `URL.host` has it: a port only where it is not the scheme's own) is among those that are allowed. */
export class AllowedHosts {
  readonly #hosts: ReadonlySet<string>;
  readonly #domains: readonly string[];

  /**
   * @param hosts such as `files.example.org`, `files.example.org:8443`; `*.example.org` allows every host below it, not
   *   `example.org` itself
   */
  constructor(hosts: readonly string[]) {
    const all = hosts.map((host) => host.toLowerCase());
    this.#hosts = new Set(all.filter((host) => !host.startsWith('*.')));
    this.#domains = all.filter((host) => host.startsWith('*.')).map((host) => host.slice(1));
  }

  allows({ host }: URL): boolean {
    return (
      this.#hosts.has(host) || this.#domains.some((domain) => host.endsWith(domain) && host.length > domain.length)
    );
  }
}
