//! The token: balances and EIP-3009 authorizations.

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use blockrun_llm::{Usdc, networks::Network, x402::InvalidReason};

use super::block::{self, Block};
use crate::{
    config::Config,
    settlement::Transfer,
    store::{Db, Lock, StoreError, values},
};

/// The rules of one ledger. It holds no state: that is in the database it is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger {
    /// The network it stands for: chain id, token contract, EIP-712 domain.
    pub(crate) network: &'static Network,
    /// Who is paid; the one account that starts empty.
    pub(crate) payee: Address,
    /// What every other account starts with.
    pub(crate) starting_balance: Usdc,
}

/// A transfer that is on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Executed {
    pub(crate) txid: B256,
    pub(crate) block: Block,
}

/// Why the token does not execute a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the authorization's nonce was used before")]
    NonceUsed,
    #[error("the authorization is not valid yet")]
    TooEarly,
    #[error("the authorization has expired")]
    Expired,
    #[error("the payer has {available} test USDC that no other call holds; {needed} are needed")]
    Funds { available: Usdc, needed: Usdc },
}

impl Refusal {
    /// The protocol's reason string (x402 core specification §9).
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::NonceUsed => "invalid_exact_evm_nonce_already_used",
            Self::TooEarly => "invalid_exact_evm_payload_authorization_valid_after",
            Self::Expired => "invalid_exact_evm_payload_authorization_valid_before",
            Self::Funds { .. } => "insufficient_funds",
        }
    }
}

impl From<Refusal> for InvalidReason {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code(), refusal.to_string())
    }
}

impl Ledger {
    pub(crate) const fn of(config: &Config) -> Self {
        Self {
            network: config.network,
            payee: config.payee,
            starting_balance: config.starting_balance,
        }
    }

    /// The id of a transfer's transaction: a hash of everything that makes it what it is, so it is
    /// known before the transfer is executed.
    pub(crate) fn txid(&self, transfer: &Transfer) -> B256 {
        let authorization = (
            transfer.payer,
            transfer.payee,
            U256::from(transfer.value.micro()),
            transfer.valid_after,
            transfer.valid_before,
            transfer.nonce,
        );
        keccak256((self.network.chain_id, self.network.usdc, authorization).abi_encode())
    }

    /// Prepares an empty database: the first block and the payee's empty account.
    pub(crate) fn found(&self, db: &Db, now: u64) -> Result<(), StoreError> {
        block::latest(db, now)?;
        let sql = "INSERT INTO accounts (address, balance) VALUES (?1, 0) ON CONFLICT DO NOTHING";
        db.execute(sql, values![&self.payee]).map(drop)
    }

    /// What an account has now.
    pub(crate) fn balance(&self, db: &Db, account: Address) -> Result<Usdc, StoreError> {
        let sql = "SELECT balance FROM accounts WHERE address = ?1";
        let stored = db.one(sql, values![&account], |row| row.get(0))?;
        stored.map_or(Ok(self.starting_balance), usdc)
    }

    /// What the token would refuse about a transfer, were it executed at `now` while `held` of the
    /// payer's balance belongs to other calls.
    pub(crate) fn check(
        &self,
        db: &Db,
        transfer: &Transfer,
        held: Usdc,
        now: u64,
    ) -> Result<Option<Refusal>, StoreError> {
        if Self::used_in(db, transfer.payer, transfer.nonce)?.is_some() {
            return Ok(Some(Refusal::NonceUsed));
        }
        // Strict on both sides, as in the token contract.
        if now <= transfer.valid_after {
            return Ok(Some(Refusal::TooEarly));
        }
        if now >= transfer.valid_before {
            return Ok(Some(Refusal::Expired));
        }
        let available = self.balance(db, transfer.payer)?.saturating_sub(held);
        let needed = transfer.value;
        Ok((available < needed).then_some(Refusal::Funds { available, needed }))
    }

    /// Executes a transfer in a block of its own, or says why not.
    pub(crate) fn execute(
        &self,
        db: &Db,
        transfer: &Transfer,
        now: u64,
    ) -> Result<Result<Executed, Refusal>, StoreError> {
        db.lock(Lock::Ledger)?;
        let now = now.max(block::latest(db, now)?.time);
        if let Some(refusal) = self.check(db, transfer, Usdc::ZERO, now)? {
            return Ok(Err(refusal));
        }
        let txid = self.txid(transfer);
        let block = block::append(db, now, txid)?;
        let value = amount(transfer.value)?;
        self.credit(db, transfer.payer, -value)?;
        self.credit(db, transfer.payee, value)?;
        db.execute(
            "INSERT INTO transfers (txid, block, payer, payee, value, nonce, purchase)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![
                &txid,
                block.number,
                &transfer.payer,
                &transfer.payee,
                value,
                &transfer.nonce,
                transfer.purchase.as_str(),
            ],
        )?;
        Ok(Ok(Executed { txid, block }))
    }

    /// The number of the block in which an authorization was executed.
    pub(crate) fn used_in(db: &Db, payer: Address, nonce: B256) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT block FROM transfers WHERE payer = ?1 AND nonce = ?2";
        db.one(sql, values![&payer, &nonce], |row| row.get(0))
    }

    /// The newest block; time passes here even when nothing is transferred.
    pub(crate) fn latest(db: &Db, now: u64) -> Result<Block, StoreError> {
        block::latest(db, now)
    }

    /// The block of a number.
    pub(crate) fn block(db: &Db, number: u64) -> Result<Option<Block>, StoreError> {
        block::get(db, number)
    }

    /// The schema refuses a balance below zero, whatever was checked before.
    fn credit(&self, db: &Db, account: Address, change: i64) -> Result<(), StoreError> {
        let balance = amount(self.balance(db, account)?)?;
        let balance = balance.checked_add(change).ok_or(StoreError::Damaged("a balance"))?;
        db.execute(
            "INSERT INTO accounts (address, balance) VALUES (?1, ?2)
             ON CONFLICT (address) DO UPDATE SET balance = excluded.balance",
            values![&account, balance],
        )
        .map(drop)
    }
}

/// An amount as it is kept.
pub(crate) fn amount(value: Usdc) -> Result<i64, StoreError> {
    i64::try_from(value.micro()).map_err(|_| StoreError::Amount(value.micro()))
}

/// An amount that was kept.
pub(crate) fn usdc(stored: i64) -> Result<Usdc, StoreError> {
    let micro = u128::try_from(stored).map_err(|_| StoreError::Damaged("an amount"))?;
    Ok(Usdc::from_micro(micro))
}
