import type { ClientOptions } from './types.js';

/** What is known of a wallet without its passphrase. */
export interface WalletFile {
  /** Its account; absent for a keystore that does not say. */
  readonly address?: string;
  /** Where it is. */
  readonly path: string;
  /** Whether it takes a passphrase to use it. */
  readonly encrypted: boolean;
}

/** A wallet of another program. It is not used. */
export interface DiscoveredWallet {
  /** The account of its key. */
  readonly address: string;
  /** Its file. */
  readonly source: string;
}

/** What a wallet has. */
export interface WalletStatus {
  /** The wallet. */
  readonly address: string;
  /** The network whose USDC was counted, as a CAIP-2 identifier. */
  readonly network: string;
  /** What it holds there, in dollars. */
  readonly balanceUsd: number;
  /** The same in micro-USDC. */
  readonly balanceMicro: bigint;
}

/** How USDC gets into a wallet. */
export interface Funding {
  /** The wallet. */
  readonly address: string;
  /** The network it is funded on, as a CAIP-2 identifier. */
  readonly network: string;
  /** The suggested amount in dollars. */
  readonly amountUsd?: number;
  /** The same in micro-USDC. */
  readonly amountMicro?: bigint;
  /** Link for a wallet app (EIP-681). */
  readonly uri: string;
  /** Page that shows the account to anybody, where one is known. */
  readonly explorer?: string;
  /** What to do, in plain words. */
  readonly instructions: string;
  /** The link as a QR code, in a PNG file. */
  qrPng(): Uint8Array;
  /** The same for a terminal that writes light on dark or, with `darkBlocks`, dark on light. */
  qrText(options?: { darkBlocks?: boolean }): string;
}

/** How a key is brought in. */
export interface ImportOptions {
  /** That of the keystore, or of the phrase, which few phrases have. */
  readonly passphrase?: string | undefined;
  /** The account of a phrase. Default `m/44'/60'/0'/0/0`. */
  readonly path?: string | undefined;
  /** Whether a wallet that is there gives way; it is kept beside the new one. */
  readonly replace?: boolean | undefined;
}

/** Options of a client, and whether a new wallet is announced. */
export interface AgentOptions extends ClientOptions {
  /** Print nothing. */
  readonly silent?: boolean | undefined;
}
