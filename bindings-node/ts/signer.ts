import { got } from './options.js';
import { invalidArgument } from './translate.js';
import type { Signer, TypedData } from './types.js';

/** An application's signer as the native half calls it, with JSON. */
export function signing(value: unknown, name: string) {
  const signer = value as Signer;
  if (typeof signer?.address !== 'string' || typeof signer.signTypedData !== 'function') {
    throw invalidArgument(name, `must have an address and signTypedData, ${got(value)}`);
  }
  const sign = async (text: string): Promise<string> => {
    const signature: unknown = await signer.signTypedData(read(text));
    if (typeof signature === 'string') return signature;
    throw new TypeError(`signTypedData must answer a string, ${got(signature)}`);
  };
  return { signerAddress: signer.address, sign };
}

/** JSON writes its integers as text; who signs wants them as bigints. */
function read(text: string): TypedData {
  const { message, ...data } = JSON.parse(text) as TypedData;
  const whole = new Set(
    data.types[data.primaryType]?.filter(({ type }) => type === 'uint256').map(({ name }) => name),
  );
  const members = Object.entries(message).map(([name, value]) => [
    name,
    whole.has(name) ? BigInt(value as string) : value,
  ]);
  return { ...data, message: Object.fromEntries(members) };
}
