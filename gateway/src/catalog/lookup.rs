//! Finding a model by its full or bare id, or the ids nearest to a wrong one.

use std::{collections::HashMap, path::Path, sync::Arc};

use super::{
    load::{CatalogError, parse},
    model::Model,
};

/// The catalog that is compiled in.
const BUILT_IN: &str = include_str!("../../catalog.toml");

/// How many near ids [`Catalog::nearest`] offers.
const SUGGESTIONS: usize = 3;

/// The models in the order of the file, with an index over both forms of their ids.
#[derive(Debug, Clone)]
pub struct Catalog {
    models: Vec<Arc<Model>>,
    index: HashMap<String, Arc<Model>>,
}

impl Catalog {
    /// The catalog that is compiled in: all models of the documentation.
    ///
    /// # Errors
    /// None in a released build; a test loads it.
    pub fn built_in() -> Result<Self, CatalogError> {
        Self::from_toml("catalog.toml (built in)", BUILT_IN)
    }

    /// Reads a catalog file.
    ///
    /// # Errors
    /// [`CatalogError`], naming the file, the model and the key.
    pub fn from_file(path: &Path) -> Result<Self, CatalogError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| CatalogError::Read { file: file.clone(), source })?;
        Self::from_toml(&file, &text)
    }

    fn from_toml(file: &str, text: &str) -> Result<Self, CatalogError> {
        let models: Vec<_> = parse(file, text)?.into_iter().map(Arc::new).collect();
        let mut index = HashMap::new();
        for (id, model) in indexed(&models) {
            let problem = format!("{id:?} already names ");
            if let Some(other) = index.insert(id, Arc::clone(&model)) {
                return Err(CatalogError::Value {
                    file: file.into(),
                    model: model.id.clone(),
                    key: "id",
                    problem: format!("{problem}{:?}", other.id),
                });
            }
        }
        let catalog = Self { models, index };
        catalog.check_fallbacks(file)?;
        Ok(catalog)
    }

    /// A fallback is a model that chats and answers itself, in the place of one that chats.
    fn check_fallbacks(&self, file: &str) -> Result<(), CatalogError> {
        let fits = |model: &Model| !model.is_image() && model.fallback.is_none();
        for model in &self.models {
            let Some(id) = &model.fallback else { continue };
            let found = self.models.iter().any(|other| other.id == *id && fits(other));
            if !found || model.is_image() {
                return Err(CatalogError::Value {
                    file: file.into(),
                    model: model.id.clone(),
                    key: "fallback",
                    problem: format!("{id:?} must be the full id of a chat model without one"),
                });
            }
        }
        Ok(())
    }

    /// The catalog without the models that nobody answers for.
    pub(crate) fn only(mut self, answers: impl Fn(&Model) -> bool) -> Self {
        let models = std::mem::take(&mut self.models);
        let kept = models.into_iter().filter(|model| answers(&self.answering(model)));
        self.models = kept.collect();
        self.index = indexed(&self.models).collect();
        self
    }

    /// The model of a full id (`openai/gpt-4o-mini`) or a bare one (`gpt-4o-mini`).
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Model>> {
        self.index.get(id)
    }

    /// The model that answers when a model is asked: its fallback, or itself.
    #[must_use]
    pub fn answering(&self, model: &Arc<Model>) -> Arc<Model> {
        let fallback = model.fallback.as_ref().and_then(|id| self.get(id));
        Arc::clone(fallback.unwrap_or(model))
    }

    /// The models that are listed publicly, in the order of the file.
    pub fn listed(&self) -> impl Iterator<Item = &Model> {
        self.models.iter().map(Arc::as_ref).filter(|model| !model.hidden)
    }

    /// The ids that a wrong id most probably meant, nearest first, in the form that was used
    /// (bare or with a provider).
    #[must_use]
    pub fn nearest(&self, wrong: &str) -> Vec<&str> {
        let wrong = wrong.to_lowercase();
        let distance = |model: &Model| {
            let id = if wrong.contains('/') { model.id.as_str() } else { model.bare_id() };
            strsim::damerau_levenshtein(&wrong, id)
        };
        let mut ranked: Vec<_> = self.listed().map(|model| (distance(model), model)).collect();
        ranked.sort_by_key(|(distance, _)| *distance);
        ranked.truncate(SUGGESTIONS);
        ranked.into_iter().map(|(_, model)| model.id.as_str()).collect()
    }
}

/// Each model under both forms of its id.
fn indexed(models: &[Arc<Model>]) -> impl Iterator<Item = (String, Arc<Model>)> {
    models.iter().flat_map(|model| {
        [model.id.as_str(), model.bare_id()].map(|id| (id.to_owned(), Arc::clone(model)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Price;

    #[test]
    fn every_model_of_the_documentation_is_sold_under_both_ids() {
        let catalog = Catalog::built_in().unwrap();
        for (provider, name) in [
            ("openai", "gpt-4o"),
            ("openai", "gpt-4o-mini"),
            ("openai", "gpt-5"),
            ("anthropic", "claude-3-5-sonnet"),
            ("anthropic", "claude-3-5-haiku"),
            ("google", "gemini-2.0-flash"),
            ("deepseek", "deepseek-chat"),
            ("meta-llama", "llama-3.3-70b"),
            ("openai", "o1"),
            ("openai", "o3"),
            ("xai", "grok-2"),
            ("openai", "dall-e-3"),
            ("stability", "stable-diffusion-3"),
            ("black-forest", "flux"),
        ] {
            let full = catalog.get(&format!("{provider}/{name}")).unwrap();
            assert_eq!(full, catalog.get(name).unwrap());
            assert_ne!(full.price, Price::Free);
        }
        assert_eq!(catalog.get("gpt-oss-20b").unwrap().price, Price::Free);
    }

    #[test]
    fn practice_models_can_be_called_but_are_not_listed() {
        let catalog = Catalog::built_in().unwrap();
        assert!(catalog.get("practice/failing").is_some());
        assert!(catalog.listed().all(|model| model.provider != "practice"));
    }

    #[test]
    fn a_wrong_id_finds_its_neighbours() {
        let catalog = Catalog::built_in().unwrap();
        assert_eq!(catalog.nearest("gpt-4o-mni")[0], "openai/gpt-4o-mini");
        assert_eq!(
            catalog.nearest("anthropic/claude-3.5-sonnet")[0],
            "anthropic/claude-3-5-sonnet"
        );
        assert_eq!(catalog.nearest("GPT-5")[0], "openai/gpt-5");
    }

    #[test]
    fn a_fallback_chats_and_has_none_itself() {
        let catalog = Catalog::built_in().unwrap();
        let answering = |id: &str| catalog.answering(catalog.get(id).unwrap()).id.clone();
        assert_eq!(answering("gpt-4o"), "openai/gpt-4o");
        assert_eq!(answering("practice/fallback"), "openai/gpt-4o-mini");
        let row = |id: &str, keys: &str| {
            format!(
                "[[model]]\nid = \"{id}\"\nname = \"\"\nprovider = \"\"\ndescription = \"\"\n\
                 categories = []\n{keys}\n"
            )
        };
        let chat = "free = true\ncontext = 1\nmax_output = 1\nfallback = ";
        let image = "pictures = [{ size = \"64x64\", quality = \"hd\", price = 1 }]";
        for text in [
            row("a/x", &format!("{chat}\"a/none\"")),
            row("a/x", &format!("{chat}\"a/x\"")),
            row("a/x", &format!("{chat}\"a/y\"")) + &row("a/y", image),
        ] {
            let error = Catalog::from_toml("f", &text).unwrap_err().to_string();
            assert!(error.contains("model \"a/x\": fallback: "), "{error}");
        }
    }

    #[test]
    fn two_models_cannot_share_a_bare_id() {
        let row = |id: &str| {
            format!(
                "[[model]]\nid = \"{id}\"\nname = \"\"\nprovider = \"\"\ndescription = \"\"\n\
                 categories = []\nfree = true\ncontext = 1\nmax_output = 1\n"
            )
        };
        let text = row("a/x") + &row("b/x");
        let error = Catalog::from_toml("f", &text).unwrap_err().to_string();
        assert!(error.contains("\"x\" already names \"a/x\""), "{error}");
    }
}
