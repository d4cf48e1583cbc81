import { exact } from './money.js';
import { native } from './native.js';
import * as options from './options.js';
import { translated } from './translate.js';
import type { Dollars } from './types.js';

/** A count or a Unix time: a number, a bigint, or decimal text. */
export type Integer = number | bigint | string;

/** An EIP-3009 authorization: addresses and nonce as 0x-hex, numbers in any exact spelling. */
export interface Authorization<Int = Integer> {
  readonly from: string;
  readonly to: string;
  /** In the token's smallest unit. */
  readonly value: Int;
  readonly validAfter: Int;
  readonly validBefore: Int;
  readonly nonce: string;
}

/** A signed authorization with every intermediate value, each 0x-hex. */
export interface SignedAuthorization {
  signer: string;
  domainSeparator: string;
  structHash: string;
  digest: string;
  signature: string;
}

/** Signs an authorization for USDC on a network of the table, named by its CAIP-2 identifier. */
export function signAuthorization(given: {
  readonly privateKey: string;
  readonly network: string;
  readonly authorization: Authorization;
}): SignedAuthorization {
  const input = options.readFields<typeof given>(given, {
    privateKey: options.text,
    network: options.text,
    authorization: written,
  });
  return translated(() => native().signAuthorization(input as never));
}

/** The account that signed an authorization; compare it with `from`. */
export function recoverSigner(given: {
  readonly network: string;
  readonly authorization: Authorization;
  readonly signature: string;
}): string {
  const input = options.readFields<typeof given>(given, {
    network: options.text,
    authorization: written,
    signature: options.text,
  });
  return translated(() => native().recoverSigner(input as never));
}

/**
 * The nonce of a call, which its idempotency key, wallet, method, origin and path decide: one call,
 * one nonce. Do not put personal data into keys: a guessable one can be confirmed from the nonce.
 */
export function nonce(given: {
  readonly wallet: string;
  readonly key: string;
  readonly method: string;
  readonly url: string;
}): string {
  const input = options.readFields<typeof given>(given, {
    wallet: options.text,
    key: options.text,
    method: options.text,
    url: options.text,
  });
  return translated(() => native().callNonce(input as never));
}

/** The public id of a call, which travels instead of its key. */
export function paymentId(nonce: string): string {
  const text = options.text(nonce, 'nonce') as string;
  return translated(() => native().paymentId(text));
}

/** A payment header ready to send. */
export interface SignedPayment {
  /** `payment-signature` (v2) or `x-payment` (v1). */
  headerName: string;
  /** Base64 of JSON. */
  headerValue: string;
  amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  /** CAIP-2 identifier. */
  network: string;
  authorization: Authorization<string>;
}

/**
 * Answers a 402: chooses the first acceptable way to pay and signs it.
 *
 * Looks at no budget and records nothing: what is signed here can be executed by whoever gets it.
 * Throws `RequirementRejected` or `SpendLimitError` as a client would.
 */
export function signPayment(given: {
  readonly privateKey: string;
  /** The 402: its header, its body, or the body's JSON. */
  readonly challenge: string | object;
  /** The URL that is really called. */
  readonly url: string;
  /** Unix time. */
  readonly now: Integer;
  readonly nonce: string;
  /** Default $1. */
  readonly maxCostPerCall?: Dollars;
}): SignedPayment {
  const input = options.readFields<typeof given>(
    given,
    {
      privateKey: options.text,
      challenge: options.jsonOrText,
      url: options.text,
      now: options.integer,
      nonce: options.text,
      maxCostPerCall: options.dollars,
    },
    ['maxCostPerCall'],
  );
  const signed = translated(() => native().signPayment(input as never));
  return exact({ ...signed, authorization: JSON.parse(signed.authorization) });
}

/** A payment whose signature and terms are good. Only a chain knows whether it can be executed. */
export interface VerifiedPayment {
  /** CAIP-2 identifier. */
  network: string;
  payer: string;
  payee: string;
  amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  nonce: string;
  /** Unix time. */
  validAfter: number;
  /** Unix time. */
  validBefore: number;
  /** What was signed. */
  digest: string;
}

/** Whether a payment is good; if not, the protocol's reason for the first check that fails. */
export type Verification =
  | { readonly valid: true; readonly payment: VerifiedPayment }
  | { readonly valid: false; readonly reason: string; readonly detail: string };

/** Verifies a payment header of either version against an offered requirement, at a time. */
export function verifyPayment(given: {
  readonly headerValue: string;
  /** The entry of `accepts` that the server offers. */
  readonly requirement: string | object;
  /** Unix time. */
  readonly now: Integer;
  /** Protocol version of the requirement. Default 2. */
  readonly version?: 1 | 2;
}): Verification {
  const input = options.readFields<typeof given>(
    { version: 2, ...given },
    {
      headerValue: options.text,
      requirement: options.jsonOrText,
      now: options.integer,
      version: options.integer,
    },
  );
  const { valid, payment, reason, detail } = translated(() =>
    native().verifyPayment(input as never),
  );
  if (!valid) return { valid, reason: reason as string, detail: detail as string };
  return { valid, payment: exact(payment as VerifiedPayment) };
}

/** The parameters of price rule `q1` that a gateway publishes. */
export interface PriceRule {
  /** Margin in hundredths of a percent. Default 1,000. */
  readonly marginBps?: Integer;
  /** The least that a paid call costs, in micro-USDC. Default 1,000. */
  readonly floorMicro?: Integer;
  /** Share of the output maximum that is priced, in thousandths. Default 1,000. */
  readonly outputPermille?: Integer;
  /** Tokens counted for an image that comes as a data URL. Default 1,024. */
  readonly imageTokens?: Integer;
}

/** A price with the counts behind it. */
export interface ChatPrice {
  amountUsd: number;
  /** The same in micro-USDC. Not enumerable. */
  readonly amountMicro: bigint;
  inputTokens: number;
  outputTokens: number;
}

/** Prices a chat request by rule `q1`, as client and gateway do. */
export function quoteChat(
  given: {
    /** The request's body: JSON text as it is sent, or an object. */
    readonly body: string | object;
    /** Micro-USDC for a million input tokens. */
    readonly inputRate: Integer;
    /** Micro-USDC for a million output tokens. */
    readonly outputRate: Integer;
    /** The model's own maximum of output tokens. */
    readonly maxOutput: Integer;
  } & PriceRule,
): ChatPrice {
  const input = options.readFields<typeof given>(
    given,
    {
      body: options.jsonOrText,
      inputRate: options.integer,
      outputRate: options.integer,
      maxOutput: options.integer,
      marginBps: options.integer,
      floorMicro: options.integer,
      outputPermille: options.integer,
      imageTokens: options.integer,
    },
    ['marginBps', 'floorMicro', 'outputPermille', 'imageTokens'],
  );
  return exact(translated(() => native().quoteChat(input as never)));
}

/**
 * The canonical form of a JSON text: keys sorted, no spaces, numbers as received. Nests at most 64
 * levels.
 */
export function canonicalJson(text: string): string {
  const json = options.text(text, 'text') as string;
  return translated(() => native().canonicalJson(json));
}

/** An authorization as the core reads it: numbers as decimal text, which no float has been through. */
function written(given: unknown): string {
  const decimal = (value: unknown, name: string) => String(options.integer(value, name));
  const fields = options.readFields<Authorization>(given, {
    from: options.text,
    to: options.text,
    value: decimal,
    validAfter: decimal,
    validBefore: decimal,
    nonce: options.text,
  });
  return JSON.stringify(fields);
}
