//! The extensions that an offer advertises.

use serde_json::{Value, json};

use super::{Endpoint, bazaar};

/// How to call an endpoint (`bazaar`), that a call may be named (`payment-identifier`), and what its
/// price is made of (`quote`, our own).
pub(crate) fn extensions(endpoint: Endpoint, basis: &Value) -> Value {
    let mut bazaar = bazaar::declaration(endpoint).clone();
    bazaar["info"]["input"]["body"]["model"] = basis["model"].clone();
    with(bazaar, basis)
}

pub(super) fn with(bazaar: Value, basis: &Value) -> Value {
    let id = json!({
        "type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[A-Za-z0-9_-]+$",
    });
    json!({
        "bazaar": bazaar,
        "payment-identifier": {
            "info": {"required": false},
            "schema": {
                "type": "object",
                "properties": {"required": {"type": "boolean"}, "id": id},
                "required": ["required"],
            },
        },
        "quote": {
            "info": basis,
            "schema": {"type": "object", "required": ["rule"]},
        },
    })
}
