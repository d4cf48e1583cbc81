//! Addresses below the base address.

use url::Url;

/// One of our own paths, which begins with a slash, below a base address.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_more_or_less_at_the_end_of_the_base_changes_nothing() {
        for base in ["https://a.test/api", "https://a.test/api/"] {
            let url = below(&Url::parse(base).unwrap(), "/v1/models");
            assert_eq!(url.as_str(), "https://a.test/api/v1/models");
        }
        let bare = Url::parse("https://a.test").unwrap();
        assert_eq!(below(&bare, "/v1/models").as_str(), "https://a.test/v1/models");
    }
}
