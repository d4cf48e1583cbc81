//! The numbered schemas. A step that was published is never changed; a new one gets the next number,
//! for every kind of database.

/// The version of the schema that this program works with.
pub(crate) const VERSION: i64 = 7;

/// What leads to a version from the one before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) version: i64,
    pub(super) sql: &'static str,
}

/// For SQLite. Version 1 was never published.
pub(super) const SQLITE: &[Step] = &[
    Step { version: 2, sql: include_str!("sqlite/2.sql") },
    Step { version: 3, sql: include_str!("sqlite/3.sql") },
    Step { version: 4, sql: include_str!("sqlite/4.sql") },
    Step { version: 5, sql: include_str!("sqlite/5.sql") },
    Step { version: 6, sql: include_str!("sqlite/6.sql") },
    Step { version: 7, sql: include_str!("sqlite/7.sql") },
];

/// For PostgreSQL, which joined at version 4.
#[cfg(feature = "postgres")]
pub(super) const POSTGRES: &[Step] = &[
    Step { version: 4, sql: include_str!("postgres/4.sql") },
    Step { version: 5, sql: include_str!("postgres/5.sql") },
    Step { version: 6, sql: include_str!("postgres/6.sql") },
    Step { version: 7, sql: include_str!("postgres/7.sql") },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_leads_to_the_next_version() {
        for steps in [
            SQLITE,
            #[cfg(feature = "postgres")]
            POSTGRES,
        ] {
            let versions: Vec<_> = steps.iter().map(|step| step.version).collect();
            let first = versions[0];
            assert_eq!(versions, (first..=VERSION).collect::<Vec<_>>());
        }
    }
}
