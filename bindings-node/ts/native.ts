import type * as Addon from '../native/index.js';

/** What the native half takes and gives; see `bindings-node/src`. */
export type Native = typeof Addon;
export type {
  AnswerOutput,
  ApiInput,
  ApiOutput,
  CancelHandle,
  ChatInput,
  ClientInput,
  DiscoverInput,
  HeadOutput,
  ImageInput,
  ImportInput,
  JournalOutput,
  NativeChatStream,
  NativeClient,
  NativeHome,
  NativeStream,
  PaymentsInput,
  PollInput,
  ResourceOutput,
  ToolInput,
  ToolOutput,
} from '../native/index.js';

/** Endings of the addon's name, in the order in which they are tried. */
const ABIS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['-gnu', '-musl'],
  win32: ['-msvc'],
};

let loaded: Native | undefined;

/**
 * The native half, loaded at its first use: from this checkout, else from the package that npm
 * installed for the platform.
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  const { platform, arch } = process;
  const causes: unknown[] = [];
  for (const abi of ABIS[platform] ?? ['']) {
    const target = `${platform}-${arch}${abi}`;
    for (const place of [`../native/blockrun-llm.${target}.node`, `blockrun-llm-${target}`]) {
      try {
        return require(place) as Native;
      } catch (cause) {
        causes.push(cause);
      }
    }
  }
  throw new Error(
    `blockrun-llm has no native addon for ${platform}-${arch} here. Installed from npm: run ` +
      '`npm install blockrun-llm --include=optional`. In a checkout: run `npm run build:native`, ' +
      'which needs Rust.',
    { cause: new AggregateError(causes, 'every place that was tried') },
  );
}
