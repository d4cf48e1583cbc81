//! Looking things up: transfers by id or by filter, and balances of the past.

use alloy::primitives::{Address, B256};
use blockrun_llm::Usdc;

use super::token::{Ledger, usdc};
use crate::store::{Db, Row, StoreError, values};

/// A transfer with its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) txid: B256,
    pub(crate) payer: Address,
    pub(crate) payee: Address,
    pub(crate) value: Usdc,
    pub(crate) nonce: B256,
    pub(crate) purchase: String,
    pub(crate) block: u64,
    pub(crate) block_hash: B256,
    pub(crate) time: u64,
}

/// Which transfers to list: of these blocks, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) from_block: u64,
    pub(crate) to_block: u64,
    pub(crate) payer: Option<Address>,
    /// Most rows wanted.
    pub(crate) limit: u32,
}

const COLUMNS: &str = "t.txid, t.payer, t.payee, t.value, t.nonce, t.purchase, b.number, b.hash, \
                       b.time FROM transfers t JOIN blocks b ON b.number = t.block";

impl Record {
    /// The transfer of a transaction id.
    pub(crate) fn get(db: &Db, txid: B256) -> Result<Option<Self>, StoreError> {
        let sql = format!("SELECT {COLUMNS} WHERE t.txid = ?1");
        db.one(&sql, values![&txid], Self::read)
    }

    /// The transfer of a block, if it has one.
    pub(crate) fn of_block(db: &Db, number: u64) -> Result<Option<Self>, StoreError> {
        let filter = Filter { from_block: number, to_block: number, payer: None, limit: 1 };
        Ok(Self::list(db, filter)?.pop())
    }

    /// The transfers that pass a filter, oldest first.
    pub(crate) fn list(db: &Db, filter: Filter) -> Result<Vec<Self>, StoreError> {
        let Filter { from_block, to_block, payer, limit } = filter;
        let of = if payer.is_some() { "AND t.payer = ?4" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} WHERE t.block BETWEEN ?1 AND ?2 {of} ORDER BY t.block LIMIT ?3"
        );
        let (bounds, payer) = (values![from_block, to_block, u64::from(limit)], payer.as_ref());
        let values: Vec<_> = bounds.iter().copied().chain(payer.map(Into::into)).collect();
        db.all(&sql, &values, Self::read)
    }

    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            txid: row.get(0)?,
            payer: row.get(1)?,
            payee: row.get(2)?,
            value: usdc(row.get(3)?)?,
            nonce: row.get(4)?,
            purchase: row.get(5)?,
            block: row.get(6)?,
            block_hash: row.get(7)?,
            time: row.get(8)?,
        })
    }
}

impl Ledger {
    /// What an account had when a block was the newest.
    pub(crate) fn balance_at(
        &self,
        db: &Db,
        account: Address,
        block: u64,
    ) -> Result<Usdc, StoreError> {
        let later = |column: &str| {
            format!(
                "SELECT coalesce(sum(value), 0) FROM transfers WHERE {column} = ?1 AND block > ?2"
            )
        };
        // One statement: nothing is transferred in its middle.
        let sql = format!(
            "SELECT (SELECT balance FROM accounts WHERE address = ?1),
                    CAST(({}) AS BIGINT), CAST(({}) AS BIGINT)",
            later("payee"),
            later("payer")
        );
        let read = |row: &Row<'_>| Ok((row.get::<Option<i64>>(0)?, row.get(1)?, row.get(2)?));
        let found = db.one(&sql, values![&account, block], read)?;
        let (balance, received, spent) = found.ok_or(StoreError::Damaged("a balance"))?;
        let balance = balance.map_or(Ok(self.starting_balance), usdc)?;
        Ok(balance.saturating_add(usdc(spent)?).saturating_sub(usdc(received)?))
    }
}

#[cfg(test)]
mod tests {
    use blockrun_llm::networks::BASE_SEPOLIA;

    use super::*;
    use crate::{
        ledger::Refusal,
        settlement::{Signed, Transfer},
    };

    const NOW: u64 = 1_800_000_000;
    const PAYER: Address = Address::repeat_byte(1);
    const PAYEE: Address = Address::repeat_byte(2);

    fn ledger() -> (Db, Ledger) {
        let db = Db::for_test();
        let starting_balance = Usdc::from_micro(10_000_000);
        let ledger = Ledger { network: &BASE_SEPOLIA, payee: PAYEE, starting_balance };
        ledger.found(&db, NOW).unwrap();
        (db, ledger)
    }

    fn transfer(nonce: u8, micro: u128) -> Transfer {
        Transfer {
            payer: PAYER,
            payee: PAYEE,
            value: Usdc::from_micro(micro),
            valid_after: NOW - 1,
            valid_before: NOW + 60,
            nonce: B256::repeat_byte(nonce),
            signed: Signed::default(),
            purchase: "test".into(),
            resource: String::new(),
        }
    }

    #[test]
    fn money_moves_once_and_leaves_a_record() {
        let (db, ledger) = ledger();
        let executed = ledger.execute(&db, &transfer(1, 3_000), NOW).unwrap().unwrap();
        assert_eq!(ledger.balance(&db, PAYER).unwrap().micro(), 9_997_000);
        assert_eq!(ledger.balance(&db, PAYEE).unwrap().micro(), 3_000);
        let record = Record::get(&db, executed.txid).unwrap().unwrap();
        assert_eq!((record.value.micro(), record.block), (3_000, executed.block.number));
        assert_eq!(record.block_hash, executed.block.hash);
        let again = ledger.execute(&db, &transfer(1, 3_000), NOW).unwrap();
        assert_eq!(again, Err(Refusal::NonceUsed));
    }

    #[test]
    fn the_window_is_open_on_both_sides() {
        let (db, ledger) = ledger();
        let at = |now| ledger.check(&db, &transfer(1, 1), Usdc::ZERO, now).unwrap();
        assert_eq!(at(NOW - 1), Some(Refusal::TooEarly));
        assert_eq!(at(NOW), None);
        assert_eq!(at(NOW + 59), None);
        assert_eq!(at(NOW + 60), Some(Refusal::Expired));
    }

    #[test]
    fn what_others_hold_is_not_available() {
        let (db, ledger) = ledger();
        let held = Usdc::from_micro(9_999_000);
        assert_eq!(ledger.check(&db, &transfer(1, 1_000), held, NOW).unwrap(), None);
        let refusal = ledger.check(&db, &transfer(1, 1_001), held, NOW).unwrap().unwrap();
        assert_eq!(refusal.code(), "insufficient_funds");
    }

    #[test]
    fn the_past_can_be_asked() {
        let (db, ledger) = ledger();
        let first = ledger.execute(&db, &transfer(1, 1_000), NOW).unwrap().unwrap().block.number;
        ledger.execute(&db, &transfer(2, 500), NOW).unwrap().unwrap();
        let at = |block| ledger.balance_at(&db, PAYER, block).unwrap().micro();
        assert_eq!((at(first - 1), at(first), at(first + 1)), (10_000_000, 9_999_000, 9_998_500));
        assert_eq!(ledger.balance_at(&db, PAYEE, first).unwrap().micro(), 1_000);
    }

    #[test]
    fn time_goes_on_without_transactions() {
        let (db, _) = ledger();
        let first = Ledger::latest(&db, NOW + 1).unwrap();
        let next = Ledger::latest(&db, NOW + 100).unwrap();
        assert_eq!((first.number, next.number), (0, 1));
        assert_eq!((next.parent, next.time), (first.hash, NOW + 100));
        assert_eq!(Ledger::block(&db, 1).unwrap(), Some(next));
        // A clock that was set back does not turn the chain's time back.
        assert_eq!(Ledger::latest(&db, NOW).unwrap().time, NOW + 100);
    }
}
