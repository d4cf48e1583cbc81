//! What is surely wrong is named before any traffic; what a server may know passes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use blockrun_llm::{ChatRequest, ErrorKind};
use serde_json::{Value, json};

/// A request with these fields of its body, each put where a binding puts it.
fn request(fields: Value) -> ChatRequest {
    let mut request = ChatRequest::new("Hi");
    for (name, value) in fields.as_object().unwrap().clone() {
        match name.as_str() {
            "messages" => request.messages = value.as_array().unwrap().clone(),
            "tools" => request.tools = Some(value),
            "tool_choice" => request.tool_choice = Some(value),
            "response_format" => request.response_format = Some(value),
            "search_parameters" => request.search_parameters = Some(value),
            "stop" => request.stop = serde_json::from_value(value).unwrap(),
            _ => drop(request.extra.insert(name, value)),
        }
    }
    request
}

fn refused(fields: Value, field: &str) {
    let error = request(fields.clone()).to_body("m").expect_err(&fields.to_string());
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(field)), "{error}");
    assert!(error.message().starts_with(field), "{error}");
    assert!(error.message().len() > field.len() + 10, "says what is wrong: {error}");
}

fn passes(fields: Value) {
    let sent = request(fields.clone()).to_body("m").unwrap_or_else(|e| panic!("{fields}: {e}"));
    let sent: Value = serde_json::from_slice(&sent).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        let one_stop = name == "stop" && sent["stop"] == value[0];
        assert!(one_stop || value.is_null() || sent[name] == *value, "{name} is sent as given");
    }
}

fn message(message: Value) -> Value {
    json!({"messages": [{"role": "system", "content": ""}, message]})
}

#[test]
fn messages_of_a_wrong_shape() {
    let content = "messages[1].content";
    for (bad, field) in [
        (json!("Hi"), "messages[1]"),
        (json!({"content": "Hi"}), "messages[1].role"),
        (json!({"role": "", "content": "Hi"}), "messages[1].role"),
        (json!({"role": 5, "content": "Hi"}), "messages[1].role"),
        (json!({"role": "user"}), content),
        (json!({"role": "user", "content": null}), content),
        (json!({"role": "user", "content": 5}), content),
        (json!({"role": "user", "content": {"text": "Hi"}}), content),
        (json!({"role": "user", "content": " \n"}), content),
        (json!({"role": "user", "content": []}), content),
        (json!({"role": "user", "content": null, "tool_calls": [{}]}), content),
        (json!({"role": "assistant", "content": null}), content),
        (json!({"role": "assistant", "content": null, "tool_calls": null}), content),
        (json!({"role": "tool", "tool_call_id": "a"}), content),
        (json!({"role": "tool", "content": "a", "tool_call_id": 5}), "messages[1].tool_call_id"),
        (json!({"role": "assistant", "tool_calls": {}}), "messages[1].tool_calls"),
        (json!({"role": "assistant", "tool_calls": ["f"]}), "messages[1].tool_calls[0]"),
        (
            json!({"role": "assistant", "tool_calls": [{"function": {"name": ""}}]}),
            "messages[1].tool_calls[0].function.name",
        ),
    ] {
        refused(message(bad), field);
    }
    refused(json!({"messages": []}), "messages");
}

#[test]
fn parts_of_a_wrong_shape() {
    for (bad, field) in [
        (json!("Hi"), "messages[1].content[1]"),
        (json!({"text": "Hi"}), "messages[1].content[1].type"),
        (json!({"type": "text"}), "messages[1].content[1].text"),
        (json!({"type": "text", "text": 5}), "messages[1].content[1].text"),
        (json!({"type": "image_url"}), "messages[1].content[1].image_url"),
        (json!({"type": "image_url", "image_url": {}}), "messages[1].content[1].image_url"),
        (
            json!({"type": "image_url", "image_url": {"url": ""}}),
            "messages[1].content[1].image_url",
        ),
    ] {
        let parts = json!([{"type": "text", "text": "What is this?"}, bad]);
        refused(message(json!({"role": "user", "content": parts})), field);
    }
}

#[test]
fn tools_and_formats_of_a_wrong_shape() {
    let tool = |function: Value| json!({"tools": [{"type": "function", "function": function}]});
    refused(json!({"tools": {}}), "tools");
    refused(json!({"tools": ["f"]}), "tools[0]");
    refused(json!({"tools": [{}]}), "tools[0].type");
    refused(json!({"tools": [{"type": "function"}]}), "tools[0].function");
    refused(tool(json!({})), "tools[0].function.name");
    refused(tool(json!({"name": "f", "parameters": []})), "tools[0].function.parameters");
    refused(json!({"tool_choice": 5}), "tool_choice");
    refused(json!({"tool_choice": ""}), "tool_choice");
    refused(json!({"tool_choice": "required"}), "tool_choice");
    let mut other = tool(json!({"name": "f"}));
    other["tool_choice"] = json!({"type": "function", "function": {"name": "g"}});
    refused(other, "tool_choice");
    refused(json!({"response_format": "json"}), "response_format");
    refused(json!({"response_format": {}}), "response_format.type");
    let schema =
        |schema: Value| json!({"response_format": {"type": "json_schema", "json_schema": schema}});
    refused(schema(Value::Null), "response_format.json_schema");
    refused(schema(json!({})), "response_format.json_schema.name");
    refused(schema(json!({"name": "a", "schema": 5})), "response_format.json_schema.schema");
}

#[test]
fn parameters_out_of_range() {
    refused(json!({"presence_penalty": -2.1}), "presence_penalty");
    refused(json!({"frequency_penalty": "1"}), "frequency_penalty");
    refused(json!({"max_completion_tokens": 0}), "max_completion_tokens");
    refused(json!({"max_completion_tokens": 1.5}), "max_completion_tokens");
    refused(json!({"stream_options": true}), "stream_options");
    refused(json!({"search_parameters": "on"}), "search_parameters");
    refused(json!({"stop": ["a", ""]}), "stop[1]");
    refused(json!({"stream": true}), "stream");
    refused(json!({"stream": "yes"}), "stream");
    let long = "m".repeat(257);
    for model in ["", " ", " openai/gpt-4o", "open ai", "a\tb", "a\0b", &long] {
        let error = ChatRequest::new("Hi").to_body(model).unwrap_err();
        assert_eq!(error.field(), Some("model"), "{model:?}");
    }
}

#[test]
fn what_a_server_may_know_passes() {
    for good in [
        json!({"role": "developer", "content": ""}),
        json!({"role": "assistant", "content": ""}),
        json!({"role": "assistant", "refusal": "no"}),
        json!({"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function",
            "function": {"name": "f", "arguments": "{}"}}]}),
        json!({"role": "tool", "content": "", "tool_call_id": "a"}),
        json!({"role": "tool", "content": [{"type": "text", "text": "21°"}]}),
        json!({"role": "robot", "anything": true}),
        json!({"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}),
        json!({"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test"}]}),
        json!({"role": "user", "content": [{"type": "image_url",
            "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}], "name": "Ann"}),
    ] {
        passes(message(good));
    }
    let tools = json!([{"type": "function", "function": {"name": "f", "strict": true}},
        {"type": "web_search"}]);
    let named = json!({"type": "function", "function": {"name": "f"}});
    for choice in [json!("none"), json!("auto"), json!("required"), json!("any"), named] {
        passes(json!({"tools": tools, "tool_choice": choice}));
    }
    passes(json!({"tools": tools, "tool_choice": {"type": "web_search"}}));
    passes(json!({"tools": [], "tool_choice": "none"}));
    passes(json!({"response_format": {"type": "grammar", "anything": 1}}));
    passes(json!({"response_format": {"type": "json_schema",
        "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": true}}}));
    passes(json!({"presence_penalty": 2, "frequency_penalty": -2.0, "logit_bias": null,
        "max_completion_tokens": 1_000_000, "seed": 7, "stop": ["\n"], "new": {"deep": [1]}}));
}

#[test]
fn a_prompt_is_never_repeated_in_an_error() {
    let secret = "my secret";
    for bad in [
        message(json!({"role": "user", "content": {"text": secret}})),
        message(json!({"role": "user", "content": [secret]})),
        message(json!(secret)),
    ] {
        let error = request(bad).to_body("m").unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}
