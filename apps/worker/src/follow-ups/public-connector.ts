/**
 * Connections to public addresses alone. The name is resolved once, the answer is checked, and exactly the checked
 * address is connected to: a name that resolves differently a moment later (DNS rebinding) gains nothing.
 */
import dns, { type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './addresses.js';

/** A host has none but private addresses. The message names the host as it was asked for, not what it resolves to. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  constructor(host: string) {
    super(`${host} is not a public address`);
  }
}

export interface PublicConnectorOptions {
  /** Lets every address through: for networks of one's own, and tests. */
  allowPrivate: boolean;
  /** Time to connect, in milliseconds, TLS included. */
  timeoutMs: number;
  /** Resolver of names, by default the system's. */
  lookup?: Resolve;
  /** Certificates (PEM) to trust in place of those that Node trusts. */
  ca?: string;
}

/** Every address of a name, in the order of preference. */
export type Resolve = (
  hostname: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Makes the `connect` of an undici agent. Connecting fails with {@link PrivateAddressError} where nothing public is left. */
export function publicConnector(options: PublicConnectorOptions): buildConnector.connector {
  const permitted = (address: string) => options.allowPrivate || isPublicAddress(address);
  const connect = buildConnector({
    timeout: options.timeoutMs,
    ...(options.ca && { ca: options.ca }),
    lookup: checkedLookup(options.lookup ?? dns.lookup, permitted),
  } as buildConnector.BuildOptions);
  return (target, callback) => {
    // A literal address is never looked up, so that it is checked here.
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !permitted(host)) callback(new PrivateAddressError(host), null);
    else connect(target, callback);
  };
}

function checkedLookup(lookup: Resolve, permitted: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true } as dns.LookupAllOptions, (error, found) => {
      if (error) return callback(error, '');
      const addresses = found.filter(({ address }) => permitted(address));
      const [first] = addresses;
      if (!first) return callback(new PrivateAddressError(hostname), '');
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
