import { LLMClient } from './client.js';
import { type ImportInput, type NativeHome, native } from './native.js';
import * as options from './options.js';
import { fromNative, translated } from './translate.js';
import type { AgentOptions, DiscoveredWallet, ImportOptions, WalletFile } from './wallet-types.js';

const IMPORT_OPTIONS: options.OptionTable<ImportOptions> = {
  passphrase: options.text,
  path: options.text,
  replace: options.flag,
};

/**
 * The folder in which an account keeps its wallet: one at a time.
 *
 * Files are written whole or not at all, for their owner only from the first byte, and never over a
 * key that is not kept somewhere else. A key file that others could read or change is refused.
 *
 * A passphrase that is not given is that of `BLOCKRUN_WALLET_PASSPHRASE`, or what the command in
 * `BLOCKRUN_WALLET_PASSPHRASE_COMMAND` prints; a new wallet is encrypted when there is one. What
 * takes its time because of it is done on another thread.
 */
export class WalletHome {
  readonly #native: NativeHome;

  /** `home`, else `BLOCKRUN_HOME`, then `~/.blockrun`. Nothing need be there yet. */
  constructor(home?: string) {
    const folder = home === undefined ? undefined : (options.text(home, 'home') as string);
    this.#native = translated(() => new (native().NativeHome)(folder));
  }

  /** The folder. */
  get folder(): string {
    return this.#native.folder;
  }

  /** The wallet that is there, without opening it. Throws for a file that cannot be used. */
  file(): WalletFile | undefined {
    return translated(() => this.#native.file()) ?? undefined;
  }

  /** Makes a new wallet. Rejects when there is one: it is never overwritten. */
  create(passphrase?: string): Promise<WalletFile> {
    return rejected(() => this.#native.create(optional(passphrase, 'passphrase')));
  }

  /**
   * Brings in a key: 64 hexadecimal digits, a phrase of BIP-39 in English, or the JSON of a keystore
   * (Web3 Secret Storage, version 3).
   */
  importKey(key: string, given?: ImportOptions): Promise<WalletFile> {
    return rejected(() => {
      const read = options.readOptions<ImportOptions>(given, IMPORT_OPTIONS);
      return this.#native.importKey({ ...read, key: options.text(key, 'key') } as ImportInput);
    });
  }

  /** Takes over the wallet of another program; see `listDiscoveredWallets`. */
  importDiscovered(address: string, given?: { replace?: boolean }): Promise<WalletFile> {
    return rejected(() => {
      const { replace } = options.readOptions<{ replace?: boolean }>(given, {
        replace: options.flag,
      });
      const named = options.text(address, 'address') as string;
      return this.#native.importDiscovered(named, replace === true);
    });
  }

  /** The key itself, `0x` and 64 digits. Whoever has it has the money. */
  exportKey(passphrase?: string): Promise<string> {
    return rejected(() => this.#native.exportKey(optional(passphrase, 'passphrase')));
  }

  /** Writes an encrypted copy, a keystore, to a file that is not there yet. */
  backup(file: string, passphrase?: string): Promise<void> {
    return rejected(() => {
      const named = options.text(file, 'file') as string;
      return this.#native.backup(named, optional(passphrase, 'passphrase'));
    });
  }
}

/** Wallets that other programs keep in this account's home folder, the newest first. None is used. */
export function listDiscoveredWallets(): DiscoveredWallet[] {
  return native().discoveredWallets();
}

/**
 * A client for an agent: with what is configured, else with a new wallet.
 *
 * With a key among the options, in the environment (an API key too) or in the home folder no wallet
 * is made. A new one is encrypted when the environment has a passphrase, see `WalletHome`. Processes
 * that do this at once get one wallet. Unless `silent`, a new one is announced on standard error,
 * with its address and how to fund it; never with its key.
 */
export function setupAgentWallet(given: AgentOptions = {}): LLMClient {
  const { silent, ...rest } = given;
  const quiet = silent !== undefined && options.flag(silent, 'silent') === true;
  const payer = rest.privateKey ?? rest.apiKey ?? rest.signer;
  const made = payer === undefined ? translated(() => native().ensureWallet(rest.home)) : undefined;
  const client = new LLMClient(rest);
  if (made && !quiet) process.stderr.write(`${client.welcome(made)}\n`);
  return client;
}

/**
 * Prints the wallet's address and balance, and returns them. Without a client: those of the wallet
 * that `new LLMClient()` pays from; none is made.
 */
export async function status(client?: LLMClient): Promise<{ address: string; balance: number }> {
  const asked = client ?? new LLMClient();
  try {
    const { address, balanceUsd } = await asked.status();
    process.stdout.write(`Wallet: ${address}\nBalance: $${balanceUsd.toFixed(2)} USDC\n`);
    return { address, balance: balanceUsd };
  } finally {
    if (client === undefined) asked.close();
  }
}

function optional(value: string | undefined, name: string): string | undefined {
  return value === undefined ? undefined : (options.text(value, name) as string);
}

/** Runs something of the native half; whatever it throws, at once or later, is a rejection. */
async function rejected<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (caught) {
    throw fromNative(caught);
  }
}
