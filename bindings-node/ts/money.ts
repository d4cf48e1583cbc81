/**
 * Turns every member whose name ends in `Micro` into a bigint that is not enumerable.
 *
 * Amounts come in pairs: `…Usd`, a number for people, and `…Micro`, the exact count of micro-USDC.
 * A bigint that could be enumerated would make `JSON.stringify` of the object throw.
 */
export function exact<T extends object>(value: T): T {
  for (const [name, member] of Object.entries(value)) {
    if (name.endsWith('Micro')) {
      Object.defineProperty(value, name, { value: BigInt(member), enumerable: false });
    }
  }
  return value;
}
