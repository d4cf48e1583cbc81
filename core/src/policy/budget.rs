//! How much may be spent, in which window. Pure: the sums come from the journal.

use std::collections::BTreeMap;

use crate::money::Usdc;

/// Seconds of the hour window.
pub const HOUR: u64 = 3_600;
/// Seconds of the day window, which model and origin budgets use too.
pub const DAY: u64 = 86_400;

/// Limits over many calls, all inclusive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    /// For one client object and its clones, over its life.
    pub session: Option<Usdc>,
    /// For the wallet home, in the last 3,600 seconds.
    pub hour: Option<Usdc>,
    /// For the wallet home, in the last 86,400 seconds.
    pub day: Option<Usdc>,
    /// For a model, in the last 86,400 seconds.
    pub models: BTreeMap<String, Usdc>,
    /// For an origin (`https://host:port`), in the last 86,400 seconds.
    pub origins: BTreeMap<String, Usdc>,
}

/// Which limit a price ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One call.
    Call,
    /// One client object.
    Session,
    /// The last hour.
    Hour,
    /// The last day.
    Day,
    /// A model's last day.
    Model,
    /// An origin's last day.
    Origin,
}

impl Scope {
    /// Name in errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Session => "session",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Model => "model",
            Self::Origin => "origin",
        }
    }

    /// Length of its window in seconds, `None` for one that does not roll.
    pub const fn window(self) -> Option<u64> {
        match self {
            Self::Call | Self::Session => None,
            Self::Hour => Some(HOUR),
            Self::Day | Self::Model | Self::Origin => Some(DAY),
        }
    }
}

impl Budgets {
    /// The limits that a call of this model and origin must keep.
    pub fn for_call<'a>(
        &'a self,
        model: Option<&'a str>,
        origin: &'a str,
    ) -> impl Iterator<Item = (Scope, Usdc)> + 'a {
        let model = model.and_then(|name| self.models.get(name)).copied();
        [
            (Scope::Session, self.session),
            (Scope::Hour, self.hour),
            (Scope::Day, self.day),
            (Scope::Model, model),
            (Scope::Origin, self.origins.get(origin).copied()),
        ]
        .into_iter()
        .filter_map(|(scope, limit)| limit.map(|limit| (scope, limit)))
    }

    /// Whether a limit is in force that only a journal on disk can keep.
    pub fn need_a_file(&self) -> bool {
        self.hour.is_some()
            || self.day.is_some()
            || !self.models.is_empty()
            || !self.origins.is_empty()
    }

    /// The stricter of two, limit by limit.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            session: smaller(self.session, other.session),
            hour: smaller(self.hour, other.hour),
            day: smaller(self.day, other.day),
            models: merge(self.models, other.models),
            origins: merge(self.origins, other.origins),
        }
    }
}

fn smaller(one: Option<Usdc>, other: Option<Usdc>) -> Option<Usdc> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn merge(mut one: BTreeMap<String, Usdc>, other: BTreeMap<String, Usdc>) -> BTreeMap<String, Usdc> {
    for (name, limit) in other {
        one.entry(name).and_modify(|held| *held = limit.min(*held)).or_insert(limit);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_of_two_wins_limit_by_limit() {
        let micro = Usdc::from_micro;
        let one = Budgets {
            hour: Some(micro(5)),
            models: [("a".to_owned(), micro(1))].into(),
            ..Budgets::default()
        };
        let two = Budgets {
            hour: Some(micro(4)),
            day: Some(micro(9)),
            models: [("a".to_owned(), micro(2)), ("b".to_owned(), micro(3))].into(),
            ..Budgets::default()
        };
        let both = one.strictest(two);
        assert_eq!((both.hour, both.day, both.session), (Some(micro(4)), Some(micro(9)), None));
        assert_eq!((both.models["a"], both.models["b"]), (micro(1), micro(3)));
        let scopes: Vec<_> =
            both.for_call(Some("b"), "https://x:1").map(|(scope, _)| scope).collect();
        assert_eq!(scopes, [Scope::Hour, Scope::Day, Scope::Model]);
    }
}
