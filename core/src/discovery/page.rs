//! A page of a listing.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::Resource;
use crate::error::{Error, ErrorKind, Result};

/// Most items that are looked at in a page; a server that sends more is not believed.
const MAX_ITEMS: usize = 1_000;
/// Largest item that is looked at, in bytes.
const MAX_ITEM: usize = 64 * 1024;

/// What a page of a listing holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The resources that could be read; items that could not are passed over.
    pub resources: Vec<Resource>,
    /// Items of the page, those among them that could not be read.
    pub items: usize,
    /// Items of the whole listing, as far as it says.
    pub total: Option<u64>,
}

impl Page {
    /// Reads the answer to `GET /discovery/resources`: `{"items": […], "pagination": {…}}`. At most
    /// 1,000 items are looked at, and none of more than 64 KiB.
    ///
    /// # Errors
    /// `Api` when it is no listing.
    pub fn parse(body: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Listing<'a> {
            #[serde(borrow, alias = "resources")]
            items: Vec<&'a RawValue>,
            #[serde(default)]
            pagination: Value,
        }
        let listing: Listing<'_> = serde_json::from_slice(body).map_err(|cause| {
            Error::new(ErrorKind::Api, format!("this is no list of resources: {cause}"))
                .with_response(String::from_utf8_lossy(body))
        })?;
        let small = listing.items.iter().take(MAX_ITEMS).filter(|raw| raw.get().len() <= MAX_ITEM);
        let read = |raw: &&RawValue| Resource::read(&serde_json::from_str(raw.get()).ok()?);
        Ok(Self {
            resources: small.filter_map(read).collect(),
            items: listing.items.len(),
            total: listing.pagination["total"].as_u64(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_passed_over_and_counted() {
        let good = json!({"resource": "https://a.example/x"});
        let large = json!({"resource": "https://a.example/y", "description": "x".repeat(MAX_ITEM)});
        let body = json!({"items": [good, 7, large, {}], "pagination": {"total": 9}}).to_string();
        let page = Page::parse(body.as_bytes()).unwrap();
        assert_eq!((page.resources.len(), page.items, page.total), (1, 4, Some(9)));
        let many = json!({"items": vec![&good; MAX_ITEMS + 5]}).to_string();
        let page = Page::parse(many.as_bytes()).unwrap();
        assert_eq!(
            (page.resources.len(), page.items, page.total),
            (MAX_ITEMS, MAX_ITEMS + 5, None)
        );
    }

    #[test]
    fn what_is_no_listing_is_an_error() {
        for body in ["", "<html>", "[]", "{}", "{\"items\": 7}"] {
            assert_eq!(Page::parse(body.as_bytes()).unwrap_err().kind(), ErrorKind::Api, "{body}");
        }
    }
}
