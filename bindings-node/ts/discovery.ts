import { exact } from './money.js';
import type { DiscoverInput, ResourceOutput } from './native.js';
import * as options from './options.js';
import type { CallOptions } from './types.js';

/** What is looked for, and where. */
export interface DiscoverOptions extends CallOptions {
  /** Words that must all be in address, description, service name or tags, in any case. */
  readonly query?: string | undefined;
  /**
   * Server that lists resources, a gateway, a facilitator or a catalog, at `/discovery/resources` of
   * x402. Default: the client's own.
   */
  readonly url?: string | undefined;
  /** Only what can be paid on this network: a CAIP-2 identifier, or a name of x402 v1. */
  readonly network?: string | undefined;
  /** Only what is offered for at most so many dollars. */
  readonly maxPrice?: number | bigint | string | undefined;
  /** Most results, up to 2,000. Default 20. */
  readonly limit?: number | undefined;
  /** Time for the whole search in milliseconds. Default 30,000. */
  readonly timeout?: number | undefined;
}

/**
 * Something that can be called for a payment.
 *
 * All of it is the listing's word, and none of it is checked but its form: texts are at most 2,000
 * characters without control characters, lists have at most 32 entries.
 */
export interface Resource {
  /** Where it is: https, or http on this machine. */
  readonly url: string;
  /** How it is called, such as `http` or `mcp`. */
  readonly kind: string;
  /** HTTP method, in capitals, where the listing says it. */
  readonly method?: string;
  /** What it does. */
  readonly description?: string;
  /** Name of the service. */
  readonly serviceName?: string;
  /** Labels. */
  readonly tags: readonly string[];
  /** What an answer is. */
  readonly mimeType?: string;
  /** When the listing last looked at it, as the listing writes it. */
  readonly lastUpdated?: string;
  /** How it can be paid. */
  readonly accepts: readonly ResourceOffer[];
  /** The least of its prices in dollars, of those on the network that was searched for. */
  readonly priceUsd?: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly priceMicro?: bigint;
  /** JSON Schema of what it takes: of the body, or of the query of a request without one. */
  readonly inputSchema?: unknown;
  /** An example of it. */
  readonly inputExample?: unknown;
}

/** A way to pay for a resource. What a call really costs is in its 402. */
export interface ResourceOffer {
  /** Scheme of x402, such as `exact`. */
  readonly scheme: string;
  /** A CAIP-2 identifier, or a name of x402 v1. */
  readonly network: string;
  /** Token contract. */
  readonly asset: string;
  /** Account that is paid. */
  readonly payTo: string;
  /** Price in dollars; absent where the token is not the USDC of a network that we know. */
  readonly amountUsd?: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro?: bigint;
}

const DISCOVER_OPTIONS: options.OptionTable<DiscoverOptions> = {
  query: options.text,
  url: options.text,
  network: options.text,
  maxPrice: options.dollars,
  limit: options.whole,
  timeout: options.number,
  signal: options.signal,
};

/** What a search is asked: for the native half, and the signal. */
export function readDiscover(given: DiscoverOptions | undefined) {
  const { signal, ...input } = options.readOptions<DiscoverOptions>(given, DISCOVER_OPTIONS);
  return { input: input as DiscoverInput, signal: signal as AbortSignal | undefined };
}

/** A resource as the native half gives it. */
export function toResource({ inputSchema, inputExample, ...found }: ResourceOutput): Resource {
  const resource = {
    ...found,
    tags: Object.freeze(found.tags),
    accepts: Object.freeze(found.accepts.map((offer) => Object.freeze(exact(offer)))),
    ...(inputSchema && { inputSchema: JSON.parse(inputSchema) }),
    ...(inputExample && { inputExample: JSON.parse(inputExample) }),
  };
  return Object.freeze(exact(resource));
}
