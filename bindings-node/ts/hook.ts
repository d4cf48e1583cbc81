import { exact } from './money.js';
import { got } from './options.js';
import type { OnPayment, PaymentRequest } from './types.js';

/**
 * The application's `onPayment` as the native half calls it. What is neither a yes nor a no is an
 * error, and with an error nothing is paid: a slip such as `return limit && price < limit` must not
 * agree by accident.
 */
export function hook(onPayment: OnPayment) {
  return async (request: PaymentRequest): Promise<boolean> => {
    const answer: unknown = await onPayment(exact(request));
    if (answer === undefined || answer === true) return true;
    if (answer === false) return false;
    throw new TypeError(`onPayment must answer true, false or nothing, ${got(answer)}`);
  };
}
