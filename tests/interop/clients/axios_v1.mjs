// One purchase with the axios client of version 1, as its documentation uses it.

import axios from 'axios';
import { createWalletClient, http } from 'viem';
import { baseSepolia } from 'viem/chains';
import { withPaymentInterceptor } from 'x402-axios';
import { account, BODY, tell, URL } from './purchase.mjs';

const wallet = createWalletClient({ account, chain: baseSepolia, transport: http() });
const api = withPaymentInterceptor(axios.create(), wallet);
const response = await api.post(URL, BODY);
tell(response.data, (name) => response.headers[name]);
