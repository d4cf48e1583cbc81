//! What others list.

use blockrun_llm::{discovery::Page, policy::check_url};

/// A listing of whatever shape is read within its bounds, and what is read can be asked for.
pub fn discovery_page(input: &[u8]) {
    let Ok(page) = Page::parse(input) else { return };
    assert!(page.resources.len() <= page.items.min(1_000));
    for resource in &page.resources {
        check_url("url", &resource.url).expect("it can be called");
        let texts = [&resource.description, &resource.service_name, &resource.mime_type];
        for text in texts.into_iter().flatten().chain(&resource.tags) {
            assert!(text.chars().count() <= 2_000 && !text.chars().any(char::is_control));
        }
        assert!(resource.tags.len() <= 32 && resource.accepts.len() <= 32);
        assert!(
            resource.accepts.iter().all(|offer| offer.amount.is_none() || offer.network.len() > 3)
        );
        if let Ok(request) = resource.request(None) {
            assert!(request.path.starts_with('/'));
        }
        serde_json::to_string(resource).expect("what was read can be written");
    }
}
