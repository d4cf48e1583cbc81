//! From Anthropic's form to a chat completion. Pure.

use serde_json::{Map, Value, json};

use super::request::{
    ChoiceKind, Effort, ImageSource, Message, MessagesRequest, OutputConfig, OutputFormat, Part,
    ResultPart, Role, TextPart, Thinking, Tool, ToolChoice,
};
use crate::proxy::{problem::Problem, question::function, reading::TextOr};

/// The chat completion that asks the same.
///
/// # Errors
/// For a tool that is not the caller's own, a choice that names none, and a part that its message cannot
/// hold.
pub(super) fn to_chat(request: MessagesRequest) -> Result<Map<String, Value>, Problem> {
    let mut messages = Vec::new();
    if let Some(system) = request.system.map(system) {
        messages.push(json!({"role": "system", "content": system}));
    }
    for (at, message) in request.messages.into_iter().enumerate() {
        push(message, &format!("messages[{at}].content"), &mut messages)?;
    }
    let stream = request.stream.unwrap_or_default();
    let (effort, format) = output(request.output_config, request.thinking);
    let user = request.metadata.and_then(|metadata| metadata.user_id);
    let mut chat = Map::from_iter([
        ("model".to_owned(), request.model.into()),
        ("messages".to_owned(), messages.into()),
    ]);
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            chat.insert(name.to_owned(), value);
        }
    };
    add("max_tokens", request.max_tokens.map(Value::from));
    add("temperature", request.temperature.map(Value::Number));
    add("top_p", request.top_p.map(Value::Number));
    add("stop", request.stop_sequences.filter(|stop| !stop.is_empty()).map(Value::from));
    add("user", user.map(Value::from));
    add("reasoning_effort", effort.map(Value::from));
    add("response_format", format);
    add("stream", stream.then(|| true.into()));
    add("stream_options", stream.then(|| json!({"include_usage": true})));
    if let Some(tools) = request.tools.filter(|tools| !tools.is_empty()) {
        add("tools", Some(tools.into_iter().map(tool).collect::<Result<_, _>>()?));
    }
    if let Some(choice) = request.tool_choice {
        add("parallel_tool_calls", choice.disable_parallel_tool_use.then(|| false.into()));
        add("tool_choice", Some(tool_choice(choice)?));
    }
    Ok(chat)
}

fn system(system: TextOr<TextPart>) -> String {
    match system {
        TextOr::Text(text) => text,
        TextOr::Parts(parts) => {
            parts.into_iter().map(|part| part.text).collect::<Vec<_>>().join("\n\n")
        }
    }
}

/// One message may become several: what tools brought stands alone in a chat, and first.
fn push(message: Message, place: &str, out: &mut Vec<Value>) -> Result<(), Problem> {
    let Message { role, content } = message;
    let parts = match content {
        TextOr::Text(text) => vec![Part::Text { text }],
        TextOr::Parts(parts) => parts,
    };
    match role {
        Role::User => push_user(parts, place, out)?,
        Role::Assistant => out.push(assistant(parts, place)?),
    }
    Ok(())
}

/// Parts that stand in the wrong message would be lost on the way.
fn misplaced(place: &str, part: &str, role: &str) -> Problem {
    Problem::unsupported(&format!("{place}: {part}"), &format!("it belongs to the {role}"))
}

fn push_user(parts: Vec<Part>, place: &str, out: &mut Vec<Value>) -> Result<(), Problem> {
    let mut own = Vec::new();
    for part in parts {
        match part {
            Part::Text { text } => own.push(json!({"type": "text", "text": text})),
            Part::Image { source } => own.push(image(source)),
            Part::ToolResult { tool_use_id, content, is_error } => {
                let (text, images) = result(content, is_error);
                out.push(json!({"role": "tool", "tool_call_id": tool_use_id, "content": text}));
                own.extend(images);
            }
            Part::ToolUse { .. } => return Err(misplaced(place, "tool_use", "assistant")),
            Part::Thinking {} | Part::RedactedThinking {} => {}
        }
    }
    if !own.is_empty() {
        out.push(json!({"role": "user", "content": plain(own)}));
    }
    Ok(())
}

fn assistant(parts: Vec<Part>, place: &str) -> Result<Value, Problem> {
    let (mut text, mut calls) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text { text: one } => text.push(one),
            Part::ToolUse { id, name, input } => {
                let arguments = if input.is_null() { "{}".to_owned() } else { input.to_string() };
                let function = json!({"name": name, "arguments": arguments});
                calls.push(json!({"id": id, "type": "function", "function": function}));
            }
            Part::Image { .. } => return Err(misplaced(place, "image", "user")),
            Part::ToolResult { .. } => return Err(misplaced(place, "tool_result", "user")),
            Part::Thinking {} | Part::RedactedThinking {} => {}
        }
    }
    let content = match text.is_empty() && !calls.is_empty() {
        true => Value::Null,
        false => text.join("").into(),
    };
    let mut message = json!({"role": "assistant", "content": content});
    if !calls.is_empty() {
        message["tool_calls"] = calls.into();
    }
    Ok(message)
}

/// What a tool brought: a chat takes only its text, so its pictures follow as the user's.
fn result(content: TextOr<ResultPart>, is_error: bool) -> (String, Vec<Value>) {
    let (mut text, mut images) = (Vec::new(), Vec::new());
    match content {
        TextOr::Text(one) => text.push(one),
        TextOr::Parts(parts) => {
            for part in parts {
                match part {
                    ResultPart::Text { text: one } => text.push(one),
                    ResultPart::Image { source } => images.push(image(source)),
                }
            }
        }
    }
    let text = text.join("\n");
    (if is_error { format!("Error: {text}") } else { text }, images)
}

fn image(source: ImageSource) -> Value {
    let url = match source {
        ImageSource::Base64 { media_type, data } => format!("data:{media_type};base64,{data}"),
        ImageSource::Url { url } => url,
    };
    json!({"type": "image_url", "image_url": {"url": url}})
}

/// One text is written as such.
fn plain(mut parts: Vec<Value>) -> Value {
    match parts.as_mut_slice() {
        [only] if only["type"] == "text" => only["text"].take(),
        _ => parts.into(),
    }
}

fn tool(tool: Tool) -> Result<Value, Problem> {
    let Tool { kind, name, description, input_schema, strict } = tool;
    if let Some(kind) = kind.filter(|kind| kind != "custom") {
        let field = format!("tools: {kind}");
        let way_out = "only tools of your own can be offered, with a name and an input_schema";
        return Err(Problem::unsupported(&field, way_out));
    }
    Ok(function(name, description, input_schema, strict))
}

fn tool_choice(choice: ToolChoice) -> Result<Value, Problem> {
    Ok(match (choice.kind, choice.name) {
        (ChoiceKind::Auto, _) => "auto".into(),
        (ChoiceKind::Any, _) => "required".into(),
        (ChoiceKind::None, _) => "none".into(),
        (ChoiceKind::Tool, Some(name)) => json!({"type": "function", "function": {"name": name}}),
        (ChoiceKind::Tool, None) => {
            return Err(Problem::invalid("tool_choice.name", "tool_choice.name: name the tool"));
        }
    })
}

/// How much a model may think, and the form of its answer.
fn output(
    config: Option<OutputConfig>,
    thinking: Option<Thinking>,
) -> (Option<&'static str>, Option<Value>) {
    let OutputConfig { effort, format } =
        config.unwrap_or(OutputConfig { effort: None, format: None });
    let asked = effort.map(|effort| match effort {
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Xhigh | Effort::Max => "xhigh",
    });
    let by_budget = || match thinking {
        Some(Thinking::Enabled { budget_tokens: ..4_096 }) => Some("low"),
        Some(Thinking::Enabled { budget_tokens: ..16_384 }) => Some("medium"),
        Some(Thinking::Enabled { .. }) => Some("high"),
        _ => None,
    };
    let format = format.map(|OutputFormat::JsonSchema { schema }| {
        let schema = json!({"name": "answer", "schema": schema, "strict": true});
        json!({"type": "json_schema", "json_schema": schema})
    });
    (asked.or_else(by_budget), format)
}
