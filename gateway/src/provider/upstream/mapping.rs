//! Which models an upstream serves, and what it calls them.

use crate::catalog::Model;

/// Names and patterns of the catalog, each with the upstream's own name. A pattern ends in `*`,
/// which stands for the rest of the id, and where its name ends in `*` too, for the same rest there.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    rows: Vec<(String, String)>,
}

impl Mapping {
    pub(crate) fn new(rows: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        // The most exact first: whole names, then the longest pattern.
        rows.sort_by_key(|(id, _)| (id.ends_with('*'), std::cmp::Reverse(id.len())));
        Self { rows }
    }

    /// What the upstream calls a model; `None` when it does not serve it. Patterns do not reach
    /// hidden models: these behave in special ways and are served by whoever names them.
    pub(crate) fn name(&self, model: &Model) -> Option<String> {
        self.rows.iter().find_map(|(id, name)| match id.strip_suffix('*') {
            None => (*id == model.id).then(|| name.clone()),
            Some(_) if model.hidden => None,
            Some(prefix) => {
                let rest = model.id.strip_prefix(prefix)?;
                Some(
                    name.strip_suffix('*')
                        .map_or_else(|| name.clone(), |own| own.to_owned() + rest),
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn the_most_exact_row_names_a_model() {
        let rows = [("*", "all/*"), ("openai/gpt-4o", "own"), ("openai/*", "*"), ("xai/*", "grok")];
        let mapping = Mapping::new(rows.map(|(id, name)| (id.to_owned(), name.to_owned())));
        let catalog = Catalog::built_in().unwrap();
        let name = |id: &str| mapping.name(catalog.get(id).unwrap());
        assert_eq!(name("openai/gpt-4o").as_deref(), Some("own"));
        assert_eq!(name("gpt-4o-mini").as_deref(), Some("gpt-4o-mini"));
        assert_eq!(name("deepseek-chat").as_deref(), Some("all/deepseek/deepseek-chat"));
        assert_eq!(name("grok-2").as_deref(), Some("grok"));
        assert_eq!(name("practice/slow"), None);
        let hidden = [("practice/slow".to_owned(), "slow".to_owned())];
        let slow = Mapping::new(hidden).name(catalog.get("practice/slow").unwrap());
        assert_eq!(slow.as_deref(), Some("slow"));
    }
}
