//! How a gateway presents itself, in a settings file.
//!
//! The limits are those of x402 v2 for `resource` ("Service Metadata" of the bazaar extension):
//! catalogs drop what exceeds them without a word, so it is refused here.

use toml::Spanned;
use url::{Host, Url};

use super::Fault;
use crate::service::{Origins, Service};

/// Longest name, and longest tag, in characters.
const MOST_NAME: usize = 32;
const MOST_TAGS: usize = 5;
const MOST_ICON_URL: usize = 2_048;
/// It travels in the documents only; a bound all the same.
const MOST_TEXT: usize = 2_000;

/// The table as it is written; all of it may be left out.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    name: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    #[serde(default)]
    tags: Vec<Spanned<String>>,
    icon_url: Option<Spanned<String>>,
    contact: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    origins: Option<Vec<Spanned<String>>>,
}

impl Row {
    pub(super) fn check(self) -> Result<Service, Fault> {
        Ok(Service {
            name: self.name.as_ref().map(|name| label(name, "name")).transpose()?,
            description: self
                .description
                .as_ref()
                .map(|text| line(text, "description"))
                .transpose()?,
            tags: tags(&self.tags)?,
            icon_url: self.icon_url.as_ref().map(icon).transpose()?,
            contact: self.contact.as_ref().map(contact).transpose()?,
            url: self.url.as_ref().map(|url| origin(url, "url")).transpose()?,
            origins: origins(self.origins)?,
        })
    }
}

fn label(text: &Spanned<String>, key: &'static str) -> Result<String, Fault> {
    let printable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    let value = text.get_ref();
    if (1..=MOST_NAME).contains(&value.len()) && value.bytes().all(printable) {
        return Ok(value.clone());
    }
    Err(Fault::new(text, key, format!("must be 1 to {MOST_NAME} printable ASCII characters")))
}

fn line(text: &Spanned<String>, key: &'static str) -> Result<String, Fault> {
    let value = text.get_ref().trim();
    if !value.is_empty() && value.chars().count() <= MOST_TEXT {
        return Ok(value.to_owned());
    }
    Err(Fault::new(text, key, format!("must be 1 to {MOST_TEXT} characters")))
}

fn tags(tags: &[Spanned<String>]) -> Result<Vec<String>, Fault> {
    let mut all: Vec<String> = Vec::new();
    for tag in tags {
        let value = label(tag, "tags")?;
        if all.len() == MOST_TAGS {
            return Err(Fault::new(tag, "tags", format!("must be at most {MOST_TAGS}")));
        }
        if all.iter().any(|other| other.eq_ignore_ascii_case(&value)) {
            return Err(Fault::new(tag, "tags", "is there twice; case makes no difference"));
        }
        all.push(value);
    }
    Ok(all)
}

/// Catalogs fetch it: no address of theirs may hide behind it, so a name is asked for.
fn icon(text: &Spanned<String>) -> Result<String, Fault> {
    let value = text.get_ref();
    let url = value.parse::<Url>().ok().filter(|url| {
        matches!(url.host(), Some(Host::Domain(name)) if name != "localhost")
            && matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
    });
    if value.len() <= MOST_ICON_URL && url.is_some() {
        return Ok(value.clone());
    }
    let problem = format!(
        "must be an https:// or http:// URL of at most {MOST_ICON_URL} characters, by the name of a \
         public host"
    );
    Err(Fault::new(text, "icon_url", problem))
}

fn contact(text: &Spanned<String>) -> Result<String, Fault> {
    let value = text.get_ref();
    let is_url = value.parse::<Url>().is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let is_mail = value.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)
    });
    if is_url || is_mail {
        return Ok(value.clone());
    }
    Err(Fault::new(text, "contact", "must be a mail address or a URL"))
}

/// Scheme, host and port alone, as a browser and our own links write them.
fn origin(text: &Spanned<String>, key: &'static str) -> Result<String, Fault> {
    let value = text.get_ref();
    let url = value.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    match url.map(|url| url.origin().ascii_serialization()) {
        Some(origin) if origin == *value => Ok(origin),
        Some(origin) => Err(Fault::new(text, key, format!("must be an origin, as in {origin:?}"))),
        None => Err(Fault::new(text, key, "must be an origin, as in \"https://app.example\"")),
    }
}

fn origins(list: Option<Vec<Spanned<String>>>) -> Result<Origins, Fault> {
    match list {
        None => Ok(Origins::Any),
        Some(list) if list.iter().any(|one| one.get_ref() == "*") => Ok(Origins::Any),
        Some(list) => {
            let list: Result<_, _> = list.iter().map(|one| origin(one, "origins")).collect();
            Ok(Origins::Only(list?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Result<Service, &'static str> {
        let row: Row = toml::from_str(text).unwrap();
        row.check().map_err(|fault| fault.key)
    }

    #[test]
    fn nothing_is_needed() {
        assert_eq!(service(""), Ok(Service::default()));
    }

    #[test]
    fn what_is_said_is_kept() {
        let text = "name = \"Models & Co\"\ndescription = \" Models. \"\ntags = [\"ai\", \"chat\"]\n\
                    icon_url = \"https://a.example/i.png\"\ncontact = \"help@a.example\"\n\
                    url = \"https://api.a.example\"\norigins = [\"https://app.example\"]";
        let all = service(text).unwrap();
        assert_eq!(
            (all.name.as_deref(), all.description.as_deref()),
            (Some("Models & Co"), Some("Models."))
        );
        assert_eq!(all.tags, ["ai", "chat"]);
        assert!(all.origins.allow(b"https://app.example"));
        assert!(!all.origins.allow(b"https://app.example.evil.example"));
        assert!(service("origins = [\"*\"]").unwrap().origins.allow(b"null"));
        assert!(!service("origins = []").unwrap().origins.allow(b"https://app.example"));
        assert!(service(&format!("name = \"{}\"", "x".repeat(32))).is_ok());
    }

    #[test]
    fn what_a_catalog_would_drop_is_refused() {
        let (long, icon) = ("x".repeat(33), format!("https://a.example/{}", "x".repeat(2_048)));
        for (text, key) in [
            (format!("name = \"{long}\""), "name"),
            ("name = \"\"".into(), "name"),
            ("name = \"Caf\u{e9}\"".into(), "name"),
            ("description = \" \"".into(), "description"),
            ("tags = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]".into(), "tags"),
            ("tags = [\"ai\", \"AI\"]".into(), "tags"),
            (format!("tags = [\"{long}\"]"), "tags"),
            (format!("icon_url = \"{icon}\""), "icon_url"),
            ("icon_url = \"/icon.png\"".into(), "icon_url"),
            ("icon_url = \"https://me@a.example/i.png\"".into(), "icon_url"),
            ("icon_url = \"http://127.0.0.1/i.png\"".into(), "icon_url"),
            ("icon_url = \"http://localhost/i.png\"".into(), "icon_url"),
            ("contact = \"me\"".into(), "contact"),
            ("url = \"https://a.example/api\"".into(), "url"),
            ("url = \"a.example\"".into(), "url"),
            ("origins = [\"https://app.example/\"]".into(), "origins"),
            ("origins = [\"app.example\"]".into(), "origins"),
        ] {
            assert_eq!(service(&text), Err(key), "{text}");
        }
    }
}
