//! The forms of tools, as plain as hosts want them.

use std::sync::Arc;

use rmcp::{handler::server::router::tool::ToolRouter, model::JsonObject};
use serde_json::Value;

/// Takes out the formats of numbers (`uint64`), which JSON Schema does not know: some hosts complain
/// about them, some refuse the tool.
pub(super) fn plain<S>(mut tools: ToolRouter<S>) -> ToolRouter<S> {
    for route in tools.map.values_mut() {
        let tool = &mut route.attr;
        without_formats(Arc::make_mut(&mut tool.input_schema));
        if let Some(output) = &mut tool.output_schema {
            without_formats(Arc::make_mut(output));
        }
    }
    tools
}

fn without_formats(schema: &mut JsonObject) {
    if schema.get("format").is_some_and(Value::is_string) {
        schema.shift_remove("format");
    }
    schema.values_mut().for_each(within);
}

fn within(value: &mut Value) {
    match value {
        Value::Object(schema) => without_formats(schema),
        Value::Array(list) => list.iter_mut().for_each(within),
        _ => {}
    }
}
