import { native } from './native.js';
import { signPayment } from './offline.js';
import * as options from './options.js';
import { invalidArgument, translated } from './translate.js';

/** A network whose USDC can be paid with. */
export interface EvmNetwork {
  /** Name for people. */
  readonly name: string;
  /** CAIP-2 identifier. */
  readonly caip2: string;
  /** What x402 v1 calls it. */
  readonly v1Name?: string;
  /** EIP-155. */
  readonly chainId: number;
  /** The USDC contract. */
  readonly usdc: string;
  /** EIP-712 domain of that contract. */
  readonly domainName: string;
  /** Its version. */
  readonly domainVersion: string;
  /** Whether its money is worthless. */
  readonly testnet: boolean;
  /** Public JSON-RPC endpoints; none where none is known. */
  readonly rpcUrls: readonly string[];
}

/** The networks that can be paid on, by CAIP-2 identifier. */
export const EVM_NETWORKS: Readonly<Record<string, EvmNetwork>> = Object.defineProperties(
  {},
  // Read at the first use: importing loads no addon.
  Object.fromEntries(
    ['eip155:8453', 'eip155:84532', 'eip155:5042'].map((id) => [
      id,
      { enumerable: true, get: () => evmNetwork(id) },
    ]),
  ),
);

/** The network of this CAIP-2 identifier or x402 v1 name. */
export function evmNetwork(id: string): EvmNetwork {
  const table: EvmNetwork[] = native().networkTable();
  const network = table.find(({ caip2, v1Name }) => caip2 === id || v1Name === id);
  if (network) return network;
  const known = table.map(({ caip2 }) => caip2).join(', ');
  throw invalidArgument('network', `${JSON.stringify(id)} is not one of ${known}`);
}

/** Throws `InvalidArgumentError` unless this can be the name of a model. */
export function validateModel(model: unknown): void {
  check({ model: options.text(model, 'model') });
}

/** Throws `InvalidArgumentError` unless it is 1 to 1,000,000, or undefined. */
export function validateMaxTokens(maxTokens?: unknown): void {
  if (maxTokens !== undefined) check({ maxTokens: options.whole(maxTokens, 'maxTokens') });
}

/** Throws `InvalidArgumentError` unless it is 0 to 2, or undefined. */
export function validateTemperature(temperature?: unknown): void {
  if (temperature !== undefined) check({ temperature: options.number(temperature, 'temperature') });
}

/** Throws `InvalidArgumentError` unless it is 0 to 1, or undefined. */
export function validateTopP(topP?: unknown): void {
  if (topP !== undefined) check({ topP: options.number(topP, 'topP') });
}

/** A 402 of x402, as far as it is read here. */
export interface PaymentRequired {
  readonly x402Version?: number;
  readonly accepts: readonly Readonly<Record<string, unknown>>[];
  readonly [member: string]: unknown;
}

/** Reads the header of a 402: base64 of JSON, or the JSON itself. Trusts nothing that it says. */
export function parsePaymentRequired(header: string): PaymentRequired {
  const given = (options.text(header, 'header') as string).trim();
  const text = given.startsWith('{') ? given : Buffer.from(given, 'base64').toString('utf8');
  let read: PaymentRequired | undefined;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw invalidArgument('header', 'is not base64 of JSON', cause);
  }
  if (!Array.isArray(read?.accepts)) throw invalidArgument('header', 'has no list `accepts`');
  return read;
}

/** What a requirement asks for. */
export interface PaymentDetails {
  /** In the token's smallest unit. */
  readonly amount: string;
  /** Who would be paid. */
  readonly recipient: string;
  readonly network: string;
  /** The token contract. */
  readonly asset: string | undefined;
  readonly scheme: string;
  readonly maxTimeoutSeconds: number;
  /** The server's word on the EIP-712 domain; nothing here relies on it. */
  readonly extra: unknown;
  /** What is paid for. */
  readonly resource: unknown;
}

/** The first requirement of the scheme `exact`, on a network if one is preferred. */
export function extractPaymentDetails(
  required: PaymentRequired,
  preferredNetwork?: string,
): PaymentDetails {
  const fits = ({ scheme, network }: Readonly<Record<string, unknown>>) =>
    (scheme ?? 'exact') === 'exact' && (!preferredNetwork || network === preferredNetwork);
  const found = required.accepts.find(fits);
  if (!found) {
    const where = preferredNetwork ? ` on ${preferredNetwork}` : '';
    throw invalidArgument('accepts', `has nothing to be paid exactly${where}`);
  }
  return {
    amount: String(found.amount ?? found.maxAmountRequired),
    recipient: String(found.payTo),
    network: String(found.network),
    asset: found.asset as string | undefined,
    scheme: 'exact',
    maxTimeoutSeconds: Number(found.maxTimeoutSeconds ?? 300),
    extra: found.extra,
    resource: required.resource ?? found.resource,
  };
}

/** Options of `createPaymentPayload`. */
export interface PayloadOptions {
  /** The URL that is paid for. */
  readonly resourceUrl?: string | undefined;
  readonly resourceDescription?: string | undefined;
  /** Seconds that the payment is valid, at most 600. Default 300. */
  readonly maxTimeoutSeconds?: number | undefined;
  /** What the server put there; another domain than the contract's is refused. */
  readonly extra?: object | undefined;
  /** The network's USDC, which is also the default. */
  readonly asset?: string | undefined;
  readonly extensions?: object | undefined;
}

/**
 * Signs a payment by hand and returns the value of its `PAYMENT-SIGNATURE` header (x402 v2).
 *
 * Nothing is recorded and no budget asked: whoever gets it can execute it, once. A client pays
 * without it. `amount` is in micro-USDC; `from` must be the account of the key.
 */
export async function createPaymentPayload(
  privateKey: string,
  from: string,
  to: string,
  amount: bigint | number | string,
  network = 'eip155:8453',
  given: PayloadOptions = {},
): Promise<string> {
  const { caip2, usdc, domainName, domainVersion } = evmNetwork(network);
  const { resourceUrl = 'https://blockrun.ai/api/v1/chat/completions' } = given;
  const micro = options.integer(amount, 'amount') as bigint;
  if (micro < 0n) throw invalidArgument('amount', 'is negative');
  const signed = signPayment({
    privateKey,
    url: resourceUrl,
    now: Math.floor(Date.now() / 1000),
    nonce: `0x${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')}`,
    maxCostPerCall: `${micro / 1_000_000n}.${String(micro % 1_000_000n).padStart(6, '0')}`,
    challenge: JSON.stringify({
      x402Version: 2,
      resource: { url: resourceUrl, description: given.resourceDescription ?? '' },
      extensions: given.extensions ?? {},
      accepts: [
        {
          scheme: 'exact',
          network: caip2,
          amount: String(micro),
          asset: given.asset ?? usdc,
          payTo: to,
          maxTimeoutSeconds: given.maxTimeoutSeconds ?? 300,
          extra: given.extra ?? { name: domainName, version: domainVersion },
        },
      ],
    }),
  });
  if (signed.authorization.from.toLowerCase() !== from.toLowerCase()) {
    throw invalidArgument('from', `is not the key's account ${signed.authorization.from}`);
  }
  return signed.headerValue;
}

function check(given: Readonly<Record<string, unknown>>): void {
  translated(() => native().checkChat({ prompt: 'Hi', ...given }));
}
