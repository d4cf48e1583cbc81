// One purchase with the official axios client, as its documentation uses it.

import { wrapAxiosWithPaymentFromConfig } from '@x402/axios';
import { ExactEvmScheme } from '@x402/evm';
import axios from 'axios';
import { account, BODY, tell, URL } from './purchase.mjs';

const api = wrapAxiosWithPaymentFromConfig(axios.create(), {
  schemes: [{ network: 'eip155:*', client: new ExactEvmScheme(account) }],
});
const response = await api.post(URL, BODY);
tell(response.data, (name) => response.headers[name]);
