//! Names for models: aliases, and what is asked instead.

/// What models are called here.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    aliases: Vec<Alias>,
    fallbacks: Vec<String>,
}

#[derive(Clone, Debug)]
struct Alias {
    name: String,
    model: String,
}

/// The model that is asked, and those asked instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) model: String,
    pub(super) fallbacks: Vec<String>,
}

impl Names {
    /// Reads aliases as they are written on the command line.
    ///
    /// # Errors
    /// For one that is not `NAME=MODEL`, or whose model has a `*` that its name has not.
    pub(super) fn new(aliases: &[String], fallbacks: Vec<String>) -> Result<Self, String> {
        let read = |text: &String| {
            let pair = text.split_once('=').map(|(name, model)| (name.trim(), model.trim()));
            match pair {
                Some((name, model))
                    if !name.is_empty() && !model.is_empty() && stars(name)? >= stars(model)? =>
                {
                    Ok(Alias { name: name.to_owned(), model: model.to_owned() })
                }
                _ => {
                    Err(format!("--alias: {text:?} is not NAME=MODEL, or its * stands for nothing"))
                }
            }
        };
        let aliases = aliases.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { aliases, fallbacks })
    }

    /// What is asked when this model is named.
    pub(super) fn resolve(&self, named: &str) -> Named {
        let found = self.aliases.iter().find_map(|alias| alias.of(named));
        let model = found.unwrap_or_else(|| named.to_owned());
        let fallbacks = self.fallbacks.iter().filter(|other| **other != model).cloned().collect();
        Named { model, fallbacks }
    }

    /// Aliases that stand for one model: each with that model.
    pub(super) fn whole(&self) -> impl Iterator<Item = (&str, &str)> {
        let whole = self.aliases.iter().filter(|alias| !alias.name.ends_with('*'));
        whole.map(|alias| (alias.name.as_str(), alias.model.as_str()))
    }
}

impl Alias {
    fn of(&self, named: &str) -> Option<String> {
        let Some(beginning) = self.name.strip_suffix('*') else {
            return (self.name == named).then(|| self.model.clone());
        };
        let rest = named.strip_prefix(beginning)?;
        Some(match self.model.strip_suffix('*') {
            Some(model) => format!("{model}{rest}"),
            None => self.model.clone(),
        })
    }
}

/// How many there are: at the end alone.
fn stars(name: &str) -> Result<usize, String> {
    match name.trim_end_matches('*').contains('*') || name.ends_with("**") {
        true => Err(format!("--alias: in {name:?} a * is not at the end")),
        false => Ok(usize::from(name.ends_with('*'))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_alias_that_fits_counts_and_fallbacks_leave_out_the_model_itself() {
        let aliases =
            ["fast = openai/gpt-4o-mini", "claude-*=anthropic/claude-*", "gpt-*=openai/gpt-4o"];
        let names = Names::new(&aliases.map(str::to_owned), vec!["a".into(), "b".into()]).unwrap();
        for (named, model) in [
            ("fast", "openai/gpt-4o-mini"),
            ("faster", "faster"),
            ("claude-opus-4", "anthropic/claude-opus-4"),
            ("claude-", "anthropic/claude-"),
            ("gpt-5", "openai/gpt-4o"),
            ("anthropic/claude-opus-4", "anthropic/claude-opus-4"),
        ] {
            let resolved = names.resolve(named);
            assert_eq!((resolved.model.as_str(), resolved.fallbacks.len()), (model, 2), "{named}");
        }
        assert_eq!(names.resolve("a").fallbacks, ["b"]);
        assert_eq!(names.whole().collect::<Vec<_>>(), [("fast", "openai/gpt-4o-mini")]);
    }

    #[test]
    fn a_bad_alias_is_named() {
        for bad in ["", "fast", "=a", "a=", "a=b*", "a*b=c", "**=c", "*=a*b"] {
            assert!(Names::new(&[bad.to_owned()], Vec::new()).is_err(), "{bad}");
        }
    }
}
