//! What somebody wants to know of the revenue.

use super::{RevenueError, day::day_of};
use crate::sales::DAY;

/// Which days, and what there is a row for each of. [`RevenueQuery::default`] is one row of all time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevenueQuery {
    /// First day, as `2026-01-31` (UTC). Default: the first that there is.
    pub(super) from: Option<String>,
    /// Last day, included. Default: today.
    pub(super) to: Option<String>,
    /// A row for each day.
    pub day: bool,
    /// A row for each model.
    pub model: bool,
    /// A row for each payer.
    pub payer: bool,
}

impl RevenueQuery {
    /// The same of these days alone, both included; `None` leaves an end open.
    ///
    /// # Errors
    /// When a day is not written as `2026-01-31`, or the last one is before the first.
    pub fn between(mut self, from: Option<&str>, to: Option<&str>) -> Result<Self, RevenueError> {
        for (name, value) in [("from", from), ("to", to)] {
            if let Some(value) = value.filter(|value| day_of(value).is_none()) {
                let problem = format!("{name}: {value:?} is not a day as 2026-01-31");
                return Err(RevenueError::Query(problem));
            }
        }
        if from.zip(to).is_some_and(|(from, to)| day_of(from) > day_of(to)) {
            let problem = "to: the last day is before the first".to_owned();
            return Err(RevenueError::Query(problem));
        }
        (self.from, self.to) = (from.map(str::to_owned), to.map(str::to_owned));
        Ok(self)
    }

    /// From the pairs of a URL's query; what it does not know is an error.
    pub(crate) fn from_pairs(pairs: &[(String, String)]) -> Result<Self, RevenueError> {
        let (mut query, mut from, mut to) = (Self::default(), None, None);
        for (name, value) in pairs {
            match name.as_str() {
                "from" => from = Some(value.as_str()),
                "to" => to = Some(value.as_str()),
                "by" => query.group(value)?,
                _ => {
                    let problem = format!("{name}: there is only from, to and by");
                    return Err(RevenueError::Query(problem));
                }
            }
        }
        query.between(from, to)
    }

    fn group(&mut self, by: &str) -> Result<(), RevenueError> {
        for name in by.split(',').filter(|name| !name.is_empty()) {
            match name {
                "day" => self.day = true,
                "model" => self.model = true,
                "payer" => self.payer = true,
                _ => {
                    let problem = format!("by: {name:?} is none of day, model, payer");
                    return Err(RevenueError::Query(problem));
                }
            }
        }
        Ok(())
    }

    /// The pairs of a URL's query.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let by = [("day", self.day), ("model", self.model), ("payer", self.payer)];
        let by: Vec<_> = by.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
        let ends = [("from", self.from.clone()), ("to", self.to.clone())];
        let ends = ends.into_iter().filter_map(|(name, day)| Some((name, day?)));
        ends.chain([("by", by.join(","))]).collect()
    }

    /// The seconds of it, the end excluded.
    pub(super) fn seconds(&self) -> (u64, u64) {
        let day = |name: &Option<String>| name.as_deref().and_then(day_of);
        let from = day(&self.from).map_or(0, |day| day * DAY);
        (from, day(&self.to).map_or(u64::MAX, |day| (day + 1) * DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RevenueQuery, RevenueError> {
        let pairs = url::form_urlencoded::parse(text.as_bytes()).into_owned();
        RevenueQuery::from_pairs(&pairs.collect::<Vec<_>>())
    }

    #[test]
    fn a_query_is_read_as_it_is_written() {
        let query = read("from=2026-01-01&to=2026-01-31&by=day,payer").unwrap();
        assert!(query.day && query.payer && !query.model);
        assert_eq!(query.seconds(), (20_454 * DAY, 20_485 * DAY));
        let pairs: Vec<_> = query.pairs().into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        assert_eq!(RevenueQuery::from_pairs(&pairs).unwrap(), query);
        assert_eq!(read("").unwrap(), RevenueQuery::default());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, said) in [
            ("from=yesterday", "from: \"yesterday\""),
            ("from=2026-01-02&to=2026-01-01", "to: "),
            ("by=hour", "by: \"hour\""),
            ("group=day", "group: "),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
