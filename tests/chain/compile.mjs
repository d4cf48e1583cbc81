// Compiles the contracts with npm's solc: `node compile.mjs` writes a .json beside them for each,
// `--check` only compares. The same source gives the same bytes: no metadata is appended.
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const contracts = {
  "TestUSDC.sol": ["TestUSDC"],
  "TestWallet.sol": ["TestWallet", "TestFactory", "TestMulticall"],
};

const at = (name) => new URL(name, import.meta.url);
const source = (name) => [name, { content: readFileSync(at(name), "utf8") }];
const compiled = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: Object.fromEntries(Object.keys(contracts).map(source)),
      settings: {
        evmVersion: "shanghai",
        optimizer: { enabled: true, runs: 200 },
        metadata: { appendCBOR: false },
        outputSelection: { "*": { "*": ["evm.deployedBytecode.object"] } },
      },
    }),
  ),
);
if (compiled.errors?.length) {
  throw new Error(compiled.errors.map((error) => error.formattedMessage).join("\n"));
}

for (const [file, names] of Object.entries(contracts)) {
  for (const name of names) {
    const { evm } = compiled.contracts[file][name];
    const runtime = `0x${evm.deployedBytecode.object}`;
    const text = `${JSON.stringify({ compiler: solc.version(), runtime }, null, 2)}\n`;
    const output = at(`${name}.json`);
    if (!process.argv.includes("--check")) {
      writeFileSync(output, text);
    } else if (readFileSync(output, "utf8") !== text) {
      throw new Error(`${name}.json is not what ${file} compiles to: run compile.mjs`);
    }
  }
}
