// Compiles TestUSDC.sol with npm's solc: `node compile.mjs` writes TestUSDC.json, `--check` only
// compares it with what is there. The same source gives the same bytes: no metadata is appended.
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const at = (name) => new URL(name, import.meta.url);
const output = at("TestUSDC.json");

const compiled = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { "TestUSDC.sol": { content: readFileSync(at("TestUSDC.sol"), "utf8") } },
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

const { evm } = compiled.contracts["TestUSDC.sol"].TestUSDC;
const text = `${JSON.stringify(
  { compiler: solc.version(), runtime: `0x${evm.deployedBytecode.object}` },
  null,
  2,
)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(output, text);
} else if (readFileSync(output, "utf8") !== text) {
  throw new Error("TestUSDC.json is not what TestUSDC.sol compiles to: run compile.mjs");
}
