//! Who sells: how a gateway presents itself to people, catalogs and browsers.

use serde_json::Value;

/// What `[service]` of the settings file says. Nothing is needed; an offer then names the goods alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Service {
    /// Name for people: `serviceName` of a v2 resource.
    pub(crate) name: Option<String>,
    /// What is sold, in a few sentences.
    pub(crate) description: Option<String>,
    /// Labels that catalogs search by.
    pub(crate) tags: Vec<String>,
    /// Where a picture of it is.
    pub(crate) icon_url: Option<String>,
    /// Who answers for it: a mail address or a URL.
    pub(crate) contact: Option<String>,
    /// `https://host` under which the world knows it; `None`: as each caller addressed it.
    pub(crate) url: Option<String>,
    /// Whose scripts may read its answers.
    pub(crate) origins: Origins,
}

impl Service {
    /// The fields of a v2 `resource` that name the service; what is not set is left out.
    pub(crate) fn label(&self, resource: &mut Value) {
        if let Some(name) = &self.name {
            resource["serviceName"] = name.as_str().into();
        }
        if !self.tags.is_empty() {
            resource["tags"] = self.tags.clone().into();
        }
        if let Some(url) = &self.icon_url {
            resource["iconUrl"] = url.as_str().into();
        }
    }
}

/// The web pages whose scripts a browser lets read the answers of the public endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Those of every site: an answer is paid for by whoever asks, not by who is logged in.
    #[default]
    Any,
    /// Those of these origins, as a browser writes them (`https://app.example`).
    Only(Vec<String>),
}

impl Origins {
    /// Whether a page of this origin is let in.
    pub(crate) fn allow(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Only(list) => list.iter().any(|one| one.as_bytes() == origin),
        }
    }
}
