//! From the Responses form to a chat completion. Pure.

use serde_json::{Map, Value, json};

use super::request::{
    AnyItem, Format, Item, Message, Part, ResponsesRequest, Role, TextOptions, Tool,
};
use crate::proxy::{problem::Problem, question::function, reading::TextOr};

/// The chat completion that asks the same.
///
/// # Errors
/// For tools that are not functions, for a conversation to be shortened here, and for pictures where a
/// chat has none.
pub(super) fn to_chat(request: ResponsesRequest) -> Result<Map<String, Value>, Problem> {
    if request.truncation.as_deref().is_some_and(|truncation| truncation != "disabled") {
        return Err(Problem::unsupported("truncation", "shorten the input yourself"));
    }
    let messages = conversation(request.instructions, request.input)?;
    let mut chat = Map::from_iter([
        ("model".to_owned(), request.model.into()),
        ("messages".to_owned(), messages.into()),
    ]);
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            chat.insert(name.to_owned(), value);
        }
    };
    let stream = request.stream.unwrap_or_default();
    let TextOptions { format, verbosity } =
        request.text.unwrap_or(TextOptions { format: None, verbosity: None });
    let effort = request.reasoning.and_then(|reasoning| reasoning.effort);
    let tools = request.tools.filter(|tools| !tools.is_empty());
    let choice = request.tool_choice.filter(|_| tools.is_some());
    add("max_tokens", request.max_output_tokens.map(Value::from));
    add("temperature", request.temperature.map(Value::Number));
    add("top_p", request.top_p.map(Value::Number));
    add("user", request.user.map(Value::from));
    add("reasoning_effort", effort.map(Value::from));
    add("verbosity", verbosity.map(Value::from));
    add("response_format", format.and_then(response_format));
    add("tools", tools.map(|tools| tools.into_iter().map(tool).collect()).transpose()?);
    add("tool_choice", choice.map(tool_choice).transpose()?);
    add("parallel_tool_calls", request.parallel_tool_calls.map(Value::from));
    add("stream", stream.then(|| true.into()));
    add("stream_options", stream.then(|| json!({"include_usage": true})));
    // Of a chat without tools it may not be said how they are called.
    if !chat.contains_key("tools") {
        chat.remove("parallel_tool_calls");
    }
    Ok(chat)
}

fn conversation(
    instructions: Option<String>,
    input: TextOr<AnyItem>,
) -> Result<Vec<Value>, Problem> {
    let mut messages = Vec::new();
    if let Some(instructions) = instructions {
        messages.push(json!({"role": "system", "content": instructions}));
    }
    let items = match input {
        TextOr::Text(text) => {
            messages.push(json!({"role": "user", "content": text}));
            return Ok(messages);
        }
        TextOr::Parts(items) => items,
    };
    let mut pictures = Vec::new();
    for (at, AnyItem(item)) in items.into_iter().enumerate() {
        if !matches!(item, Item::FunctionCallOutput { .. }) {
            push_pictures(&mut pictures, &mut messages);
        }
        push(item, &format!("input[{at}]"), &mut messages, &mut pictures)?;
    }
    push_pictures(&mut pictures, &mut messages);
    Ok(messages)
}

/// What functions brought: a chat takes only its text, so its pictures follow as the user's, after the
/// last of them.
fn push_pictures(pictures: &mut Vec<Value>, out: &mut Vec<Value>) {
    if !pictures.is_empty() {
        out.push(json!({"role": "user", "content": std::mem::take(pictures)}));
    }
}

fn push(
    item: Item,
    place: &str,
    out: &mut Vec<Value>,
    pictures: &mut Vec<Value>,
) -> Result<(), Problem> {
    match item {
        Item::Message(Message { role, content }) => {
            let (role, content) = match role {
                Role::User => ("user", user(content)),
                Role::Assistant => ("assistant", words(content, place)?.into()),
                Role::System | Role::Developer => ("system", words(content, place)?.into()),
            };
            out.push(json!({"role": role, "content": content}));
        }
        Item::FunctionCall { call_id, name, arguments } => {
            let function = json!({"name": name, "arguments": arguments});
            add_call(json!({"id": call_id, "type": "function", "function": function}), out);
        }
        Item::FunctionCallOutput { call_id, output } => {
            let (text, brought) = text(output);
            out.push(json!({"role": "tool", "tool_call_id": call_id, "content": text}));
            pictures.extend(brought);
        }
        Item::Reasoning {} => {}
    }
    Ok(())
}

/// A chat has all calls of a turn in the message that made them.
fn add_call(call: Value, out: &mut Vec<Value>) {
    match out.last_mut().filter(|message| message["role"] == "assistant") {
        Some(message) => match message["tool_calls"].as_array_mut() {
            Some(calls) => calls.push(call),
            None => message["tool_calls"] = json!([call]),
        },
        None => out.push(json!({"role": "assistant", "content": null, "tool_calls": [call]})),
    }
}

fn user(content: TextOr<Part>) -> Value {
    let parts = match content {
        TextOr::Text(text) => return text.into(),
        TextOr::Parts(parts) => parts,
    };
    let part = |part: Part| match part {
        Part::InputText { text } | Part::Refusal { refusal: text } => {
            json!({"type": "text", "text": text})
        }
        Part::InputImage { image_url, detail } => picture(image_url, detail),
    };
    parts.into_iter().map(part).collect()
}

fn picture(url: String, detail: Option<String>) -> Value {
    let mut image = json!({"url": url});
    if let Some(detail) = detail {
        image["detail"] = detail.into();
    }
    json!({"type": "image_url", "image_url": image})
}

/// Words, and the pictures that are among them.
fn text(content: TextOr<Part>) -> (String, Vec<Value>) {
    let parts = match content {
        TextOr::Text(text) => return (text, Vec::new()),
        TextOr::Parts(parts) => parts,
    };
    let (mut texts, mut pictures) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::InputText { text } | Part::Refusal { refusal: text } => texts.push(text),
            Part::InputImage { image_url, detail } => pictures.push(picture(image_url, detail)),
        }
    }
    (texts.join("\n"), pictures)
}

/// The words of a message that can have no pictures.
fn words(content: TextOr<Part>, place: &str) -> Result<String, Problem> {
    match text(content) {
        (text, pictures) if pictures.is_empty() => Ok(text),
        _ => {
            let field = format!("{place}.content: input_image");
            let way_out = "a picture is the user's, or what a function brought";
            Err(Problem::unsupported(&field, way_out))
        }
    }
}

fn response_format(format: Format) -> Option<Value> {
    match format {
        Format::Text {} => None,
        Format::JsonObject {} => Some(json!({"type": "json_object"})),
        Format::JsonSchema { name, schema, strict, description } => {
            let mut named = json!({"name": name, "schema": schema});
            if let Some(strict) = strict {
                named["strict"] = strict.into();
            }
            if let Some(description) = description {
                named["description"] = description.into();
            }
            Some(json!({"type": "json_schema", "json_schema": named}))
        }
    }
}

fn tool(tool: Tool) -> Result<Value, Problem> {
    let Tool { kind, name, description, parameters, strict } = tool;
    if kind != "function" {
        let field = format!("tools: {kind}");
        let way_out = "only tools of type function can be offered, which you run yourself";
        return Err(Problem::unsupported(&field, way_out));
    }
    let Some(name) = name else {
        return Err(Problem::invalid("tools", "tools: a function needs a name"));
    };
    Ok(function(name, description, parameters, strict))
}

fn tool_choice(choice: Value) -> Result<Value, Problem> {
    match (&choice, choice["type"].as_str(), choice["name"].as_str()) {
        (Value::String(_), ..) => Ok(choice),
        (_, Some("function"), Some(name)) => {
            Ok(json!({"type": "function", "function": {"name": name}}))
        }
        _ => Err(Problem::unsupported("tool_choice", "write auto, none, required or a function")),
    }
}
