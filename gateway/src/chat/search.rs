//! Whether the answer may look things up.

use serde_json::{Map, Value};

use crate::field::{Invalid, flag, integer, present};

/// Sources that are looked at when a request does not say how many.
const DEFAULT_RESULTS: u64 = 10;
const MAX_RESULTS: u64 = 50;

/// A search that goes into an answer, from `search_parameters`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Most sources that are used.
    pub max_results: u64,
    /// Whether the answer names them.
    pub citations: bool,
}

/// The search that a request allows; `None` without `search_parameters` and with `mode: "off"`.
pub(super) fn search(request: &Map<String, Value>) -> Result<Option<Search>, Invalid> {
    let parameters = match present(request, "search_parameters") {
        None => return Ok(None),
        Some(Value::Object(parameters)) => parameters,
        other => return Err(Invalid::new("search_parameters", "an object", other)),
    };
    let within = |invalid: Invalid| invalid.within("search_parameters");
    let max_results = integer(parameters, "max_search_results", 1, MAX_RESULTS).map_err(within)?;
    let citations = match present(parameters, "return_citations") {
        None => true,
        Some(_) => flag(parameters, "return_citations").map_err(within)?,
    };
    let search = Search { max_results: max_results.unwrap_or(DEFAULT_RESULTS), citations };
    match present(parameters, "mode").map(Value::as_str) {
        None | Some(Some("auto" | "on")) => Ok(Some(search)),
        Some(Some("off")) => Ok(None),
        Some(_) => {
            let got = parameters.get("mode");
            Err(Invalid::new("search_parameters.mode", "off, auto or on", got))
        }
    }
}
