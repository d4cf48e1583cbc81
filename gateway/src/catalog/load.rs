//! Reading `catalog.toml`: every mistake names the file, the model and the key.

use super::{
    model::{Model, Price},
    picture::PictureKind,
};

/// A catalog that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file cannot be read.
    #[error("catalog {file}: {source}; name a readable file or leave the option out")]
    Read {
        /// The file as it was named.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or a key is missing, unknown or of another type.
    #[error("catalog {file}: {source}")]
    Syntax {
        /// The file as it was named.
        file: String,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("catalog {file}: model {model:?}: {key}: {problem}")]
    Value {
        /// The file as it was named.
        file: String,
        /// The id of the row.
        model: String,
        /// The key of the row.
        key: &'static str,
        /// What is wrong and what is expected.
        problem: String,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    model: Vec<Row>,
}

/// A row as it is written; [`Row::check`] turns it into a [`Model`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    provider: String,
    description: String,
    categories: Vec<String>,
    input: Option<u64>,
    output: Option<u64>,
    pictures: Option<Vec<PictureKind>>,
    #[serde(default)]
    free: bool,
    #[serde(default)]
    context: u64,
    #[serde(default)]
    max_output: u64,
    fallback: Option<String>,
    #[serde(default)]
    hidden: bool,
}

type Fault = (&'static str, String);

/// The rows of a catalog text; `file` is only for messages.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Model>, CatalogError> {
    let parsed: File = toml::from_str(text)
        .map_err(|e| CatalogError::Syntax { file: file.into(), source: Box::new(e) })?;
    parsed
        .model
        .into_iter()
        .map(|row| {
            let id = row.id.clone();
            row.check().map_err(|(key, problem)| CatalogError::Value {
                file: file.into(),
                model: id,
                key,
                problem,
            })
        })
        .collect()
}

impl Row {
    fn check(self) -> Result<Model, Fault> {
        self.check_id()?;
        let price = self.price()?;
        if !matches!(price, Price::Pictures(_)) {
            self.check_limits()?;
        }
        Ok(Model {
            id: self.id,
            name: self.name,
            provider: self.provider,
            description: self.description,
            categories: self.categories,
            price,
            context: self.context,
            max_output: self.max_output,
            fallback: self.fallback,
            hidden: self.hidden,
        })
    }

    fn check_id(&self) -> Result<(), Fault> {
        let well_formed =
            self.id.split_once('/').is_some_and(|(p, name)| !p.is_empty() && !name.is_empty());
        if well_formed { Ok(()) } else { Err(("id", "must be \"provider/name\"".into())) }
    }

    fn check_limits(&self) -> Result<(), Fault> {
        if self.max_output == 0 {
            return Err(("max_output", "must be at least 1 token".into()));
        }
        if self.context < self.max_output {
            return Err(("context", format!("must be at least max_output ({})", self.max_output)));
        }
        Ok(())
    }

    fn price(&self) -> Result<Price, Fault> {
        match (self.input, self.output, &self.pictures, self.free) {
            (Some(input), Some(output), None, false) => Ok(Price::Tokens { input, output }),
            (None, None, Some(kinds), false) => check_pictures(kinds),
            (None, None, None, true) => Ok(Price::Free),
            (Some(_), None, None, false) => Err(("output", "is missing beside input".into())),
            (None, Some(_), None, false) => Err(("input", "is missing beside output".into())),
            _ => Err(("input", "give one of: input and output, pictures, free = true".into())),
        }
    }
}

fn check_pictures(kinds: &[PictureKind]) -> Result<Price, Fault> {
    let problem = |text: &str| Err(("pictures", text.to_owned()));
    if kinds.is_empty() {
        return problem("must name at least one size");
    }
    for (index, kind) in kinds.iter().enumerate() {
        let same = |other: &PictureKind| other.size == kind.size && other.quality == kind.quality;
        if kind.price == 0 {
            return problem("price must be above 0");
        }
        if kinds[..index].iter().any(same) {
            return problem(&format!("{} {} is priced twice", kind.size, kind.quality));
        }
    }
    Ok(Price::Pictures(kinds.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(keys: &str) -> String {
        format!(
            "[[model]]\nid = \"a/b\"\nname = \"B\"\nprovider = \"a\"\ndescription = \"d\"\n\
             categories = [\"chat\"]\n{keys}"
        )
    }

    #[test]
    fn a_mistake_names_file_model_and_key() {
        let cases = [
            ("input = 1\ncontext = 9\nmax_output = 9", "output"),
            ("output = 1\ncontext = 9\nmax_output = 9", "input"),
            ("input = 1\noutput = 1\nfree = true", "input"),
            ("pictures = []", "pictures"),
            (r#"pictures = [{ size = "64x64", quality = "hd", price = 0 }]"#, "pictures"),
            (
                r#"pictures = [{ size = "64x64", quality = "hd", price = 1 },
                               { size = "64x64", quality = "hd", price = 2 }]"#,
                "pictures",
            ),
            (
                r#"pictures = [{ size = "64x64", quality = "hd", price = 1 }]
                free = true"#,
                "input",
            ),
            ("free = true\ncontext = 9", "max_output"),
            ("free = true\ncontext = 8\nmax_output = 9", "context"),
        ];
        for (keys, key) in cases {
            let error = parse("my.toml", &row(keys)).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("catalog my.toml: model \"a/b\": {key}: ")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_a_mistake() {
        let error = parse("my.toml", &row("free = true\nmax_ouput = 9")).unwrap_err().to_string();
        assert!(error.contains("max_ouput"), "{error}");
    }
}
