//! One connection and its prepared statements.

use std::{
    cell::{RefCell, RefMut},
    collections::HashMap,
    fmt,
};

use postgres::{
    Client, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

use crate::store::{Row, StoreError, Value};

/// A connection. No statement is parsed twice.
pub(in crate::store) struct Connection {
    client: RefCell<Client>,
    prepared: RefCell<HashMap<String, Statement>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self { client: RefCell::new(client), prepared: RefCell::default() }
    }

    /// Runs statements without parameters.
    pub(in crate::store) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.client.borrow_mut().batch_execute(sql)?)
    }

    /// The id of the transaction, if it has written anything.
    pub(in crate::store) fn transaction(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT CAST(pg_current_xact_id_if_assigned() AS TEXT)";
        Ok(self.query(sql, &[], |row| row.get(0))?.pop().flatten())
    }

    /// What became of a transaction: `committed`, `aborted`, `in progress`; `None` when that is not
    /// known any more.
    pub(in crate::store) fn outcome(
        &self,
        transaction: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT pg_xact_status(CAST(CAST(?1 AS TEXT) AS xid8))";
        Ok(self.query(sql, &[Value::Text(transaction)], |row| row.get(0))?.pop().flatten())
    }

    pub(in crate::store) fn execute(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        let mut client = self.client.borrow_mut();
        let statement = self.prepare(&mut client, sql, values)?;
        Ok(client.execute(&statement, &parameters(values))?)
    }

    pub(in crate::store) fn query<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut client = self.client.borrow_mut();
        let statement = self.prepare(&mut client, sql, values)?;
        let rows = client.query(&statement, &parameters(values))?;
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    fn prepare(
        &self,
        client: &mut RefMut<'_, Client>,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Statement, StoreError> {
        if let Some(statement) = self.prepared.borrow().get(sql) {
            return Ok(statement.clone());
        }
        // No text of ours has a question mark but before the number of a parameter.
        let types: Vec<_> = values.iter().map(kind).collect();
        let statement = client.prepare_typed(&sql.replace('?', "$"), &types)?;
        self.prepared.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A type as it is, not as the server would guess it from what is next to it.
const fn kind(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

fn parameters<'a>(values: &'a [Value<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        let Some(refused) = error.as_db_error() else {
            return Self::Unavailable(error.to_string());
        };
        let (code, text) = (refused.code(), refused.to_string());
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Again,
            // What would belong to this process: it was taken for dead.
            SqlState::FOREIGN_KEY_VIOLATION => Self::Lost,
            // Shut down, failed over, out of connections or of time: another attempt may find it well.
            SqlState::LOCK_NOT_AVAILABLE
            | SqlState::QUERY_CANCELED
            | SqlState::READ_ONLY_SQL_TRANSACTION => Self::Unavailable(text),
            _ if matches!(&code.code()[..2], "08" | "53" | "57") => Self::Unavailable(text),
            _ => Self::Database(text),
        }
    }
}
