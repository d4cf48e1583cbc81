import { hook } from './hook.js';
import type { ClientInput } from './native.js';
import * as options from './options.js';
import { signing } from './signer.js';
import { invalidArgument } from './translate.js';
import type { ClientOptions, OnPayment } from './types.js';

const CLIENT_OPTIONS: options.OptionTable<ClientOptions> = {
  privateKey: options.text,
  apiKey,
  signer: signing,
  apiUrl: options.text,
  timeout: options.number,
  model: options.text,
  maxCostPerCall: options.dollars,
  maxSessionCost: options.dollars,
  maxCostPerHour: options.dollars,
  maxCostPerDay: options.dollars,
  payees: options.texts,
  onPayment: (value, name) => hook(options.callback(value, name) as OnPayment),
  onUnresolved: options.text,
  prepay: options.text,
  home: options.text,
  durability: options.text,
  rpcUrl: options.text,
  caFile: options.text,
};

/** Reads the options of a client; it has one who pays. */
export function readClientOptions(given: ClientOptions): ClientInput {
  const { apiKey, signer, ...read } = options.readOptions<ClientOptions>(given, CLIENT_OPTIONS);
  const payers = Object.entries({ privateKey: read.privateKey, apiKey, signer });
  const [first, second] = payers.filter(([, payer]) => payer !== undefined);
  if (first && second) throw invalidArgument(second[0], `is given beside ${first[0]}: who pays?`);
  return {
    ...read,
    ...(signer as object),
    ...(apiKey !== undefined && { privateKey: apiKey }),
  } as ClientInput;
}

/** The core takes it in the place of a private key, so its form is checked under its own name. */
function apiKey(value: unknown, name: string): string {
  const key = (options.text(value, name) as string).trim();
  if (!/^brk_[\w-]+$/.test(key)) {
    throw invalidArgument(name, "must begin with 'brk_', then letters, digits, _ and -");
  }
  return key;
}
