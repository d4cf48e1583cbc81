// The shortest paid call in Swift. The key is read from BLOCKRUN_WALLET_KEY.

import BlockRunLLM
import Foundation

let client = try LLMClient(privateKey: ProcessInfo.processInfo.environment["BLOCKRUN_WALLET_KEY"])
let response = try await client.chat("Hello!")
// Payment handled automatically via x402. What it cost:
let payment = try await client.payments().last

print("reply       ", response)
print("model       ", payment?.model ?? "")
print("price       ", payment?.amount ?? "0", "USDC")
print("transaction ", payment?.transaction ?? "")
