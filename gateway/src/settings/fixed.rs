//! What of a settings file is read at the start alone.

use std::fmt;

/// Its tables.
const TABLES: [&str; 6] =
    ["admin", "database", "facilitator", "limits", "settle_through", "settlement"];

/// Those tables as they were written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fixed(toml::Table);

impl Fixed {
    /// Of the text of a settings file.
    pub(super) fn of(text: &str) -> Result<Self, toml::de::Error> {
        let mut tables: toml::Table = text.parse()?;
        tables.retain(|name, _| TABLES.contains(&name));
        Ok(Self(tables))
    }

    /// What became of a reload that found these, in a gateway that was started with others.
    pub(crate) fn beside(&self, found: &Self) -> Reloaded {
        let changed = |name: &&str| self.0.get(*name) != found.0.get(*name);
        Reloaded { restart_for: TABLES.into_iter().filter(changed).collect() }
    }
}

/// What a reload changed, and what only a restart would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// Tables of the settings file that are not as they were at the start, when alone they are read:
    /// `limits`, `settlement`. What they say now has no effect.
    pub restart_for: Vec<&'static str>,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("catalog and settings were read again")?;
        if self.restart_for.is_empty() {
            return Ok(());
        }
        let tables = self.restart_for.join("], [");
        write!(f, ", but for [{tables}]: changes there take a restart")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_at_the_start_is_compared() {
        let at_start =
            Fixed::of("upstream = []\n[limits]\nkeep_alive = 5\n[price]\nfloor = 1").unwrap();
        let told = |text: &str| at_start.beside(&Fixed::of(text).unwrap()).to_string();
        let same = "# a remark\nupstream = [1]\n[price]\nfloor = 2\n[limits]\nkeep_alive=5";
        assert_eq!(told(same), "catalog and settings were read again");
        let other = told("[settlement]\nmode = \"practice\"");
        assert!(
            other.ends_with("but for [limits], [settlement]: changes there take a restart"),
            "{other}"
        );
    }
}
