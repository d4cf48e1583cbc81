// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A wallet that is a contract (EIP-1271), or code that an account delegates to (EIP-7702).
///
/// The last 65 bytes of a signature must be its owner's, whatever is before them. An account that
/// delegates has no owner here: it signs itself, and then something has to be before them, so that the
/// signature of its key alone is none.
contract TestWallet {
    address public owner;
    /// Rounds of wasted gas in every check, for those who would have others pay for it.
    uint256 public waste;

    constructor(address owner_) {
        owner = owner_;
    }

    function setWaste(uint256 rounds) external {
        waste = rounds;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        bytes32 wasted = hash;
        for (uint256 round = 0; round < waste; round++) {
            wasted = keccak256(abi.encode(wasted));
        }
        address signer = owner == address(0) ? address(this) : owner;
        uint256 least = owner == address(0) ? 66 : 65;
        // The comparison keeps the compiler from leaving the waste out.
        bool valid = signature.length >= least && wasted != 0
            && recover(hash, signature[signature.length - 65:]) == signer;
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function recover(bytes32 hash, bytes calldata signature) private pure returns (address) {
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(hash, uint8(signature[64]), r, s);
    }
}

/// Deploys wallets at addresses that are known before.
contract TestFactory {
    function deploy(address owner, bytes32 salt) external returns (address) {
        return address(new TestWallet{salt: salt}(owner));
    }

    /// Where a wallet is, or will be.
    function walletOf(address owner, bytes32 salt) external view returns (address) {
        bytes memory code = abi.encodePacked(type(TestWallet).creationCode, abi.encode(owner));
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(this), salt, keccak256(code)));
        return address(uint160(uint256(hash)));
    }
}

/// The one function of Multicall3 that is used, with its interface and its words.
contract TestMulticall {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) {
            (bool success, bytes memory data) = calls[i].target.call(calls[i].callData);
            require(success || calls[i].allowFailure, "Multicall3: call failed");
            results[i] = Result(success, data);
        }
    }
}
