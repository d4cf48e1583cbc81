use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    answer::{Echo, to_response},
    chat::to_chat,
    request::{FIELDS, ResponsesRequest},
    stream::ResponseStream,
};
use crate::proxy::{
    pieces::Translate,
    problem::Problem,
    reading::read,
    sample::{answers, chunks, told, whole},
};

fn chat(mut request: Value) -> Result<Value, Problem> {
    for (name, value) in [("model", json!("m")), ("input", json!("Hi"))] {
        request.as_object_mut().unwrap().entry(name).or_insert(value);
    }
    let request = read::<ResponsesRequest>(request.as_object().unwrap().clone(), &FIELDS)?;
    to_chat(request).map(Value::Object)
}

#[test]
fn a_conversation_with_functions_and_pictures_is_told_in_a_chats_words() {
    let asked = json!({
        "instructions": "Be brief.",
        "input": [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
            ]},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "x"},
            {"type": "message", "role": "assistant", "id": "m1", "status": "completed",
             "content": [{"type": "output_text", "text": "I will look.", "annotations": []}]},
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "id": "f"},
            {"type": "function_call", "call_id": "c2", "name": "now", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "a boat"},
            {"type": "function_call_output", "call_id": "c2",
             "output": [{"type": "input_text", "text": "noon"}]},
        ],
        "tools": [{"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": true}],
        "tool_choice": {"type": "function", "name": "look"}, "parallel_tool_calls": false,
        "max_output_tokens": 9, "reasoning": {"effort": "low", "summary": "auto"}, "store": true,
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": true}},
        "include": ["reasoning.encrypted_content"], "stream": true, "truncation": "disabled",
    });
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
    let picture = json!({"url": "data:image/png;base64,AAAA", "detail": "low"});
    let expected = json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": picture},
            ]},
            {"role": "assistant", "content": "I will look.",
             "tool_calls": [call("c1", "look"), call("c2", "now")]},
            {"role": "tool", "tool_call_id": "c1", "content": "a boat"},
            {"role": "tool", "tool_call_id": "c2", "content": "noon"},
        ],
        "max_tokens": 9, "reasoning_effort": "low",
        "response_format": {"type": "json_schema",
            "json_schema": {"name": "n", "schema": {}, "strict": true}},
        "tools": [{"type": "function", "function": {
            "name": "look", "parameters": {"type": "object"}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "parallel_tool_calls": false, "stream": true, "stream_options": {"include_usage": true},
    });
    assert_eq!(chat(asked).unwrap(), expected);
    let plain = chat(json!({"tool_choice": "auto", "parallel_tool_calls": true})).unwrap();
    assert_eq!(plain, json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}));
}

#[test]
fn what_a_server_would_have_to_keep_is_refused_by_its_name() {
    for (request, words) in [
        (json!({"previous_response_id": "resp_1"}), "send the whole conversation"),
        (json!({"background": true}), "wait for the answer"),
        (json!({"truncation": "auto"}), "truncation is not supported here"),
        (
            json!({"tools": [{"type": "web_search"}]}),
            "tools: web_search is not supported here: only",
        ),
        (
            json!({"tools": [{"type": "custom", "name": "x"}]}),
            "tools: custom is not supported here",
        ),
        (json!({"tools": [{"type": "function"}]}), "tools: a function needs a name"),
        (
            json!({"input": [{"type": "custom_tool_call_output"}]}),
            "variant `custom_tool_call_output`",
        ),
        (
            json!({"input": [{"role": "system", "content": [{"type": "input_image", "image_url": "u"}]}]}),
            "input[0].content: input_image is not supported here: a picture is the user's",
        ),
        (
            json!({"tool_choice": {"type": "file_search"}, "tools": [{"type": "function", "name": "f"}]}),
            "tool_choice",
        ),
        (json!({"input": [{"type": "item_reference", "id": "x"}]}), "input[0]: unknown variant"),
        (json!({"max_tool_calls": 3}), "max_tool_calls is not supported here: leave it out"),
    ] {
        let problem = chat(request).unwrap_err();
        assert!(problem.status == 400 && problem.message().contains(words), "{problem:?}");
    }
    assert!(chat(json!({"background": false, "previous_response_id": null})).is_ok());
}

#[test]
fn pictures_that_functions_brought_follow_the_last_of_them() {
    let brought = |id: &str, url: &str| {
        json!({"type": "function_call_output", "call_id": id, "output": [
            {"type": "input_text", "text": id}, {"type": "input_image", "image_url": url}]})
    };
    let asked = json!({"input": [brought("a", "u1"), brought("b", "u2"), {"role": "user", "content": "?"}]});
    let picture = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let expected = json!([
        {"role": "tool", "tool_call_id": "a", "content": "a"},
        {"role": "tool", "tool_call_id": "b", "content": "b"},
        {"role": "user", "content": [picture("u1"), picture("u2")]},
        {"role": "user", "content": "?"},
    ]);
    assert_eq!(chat(asked).unwrap()["messages"], expected);
    let last = chat(json!({"input": [brought("a", "u1")]})).unwrap();
    assert_eq!(last["messages"][1], json!({"role": "user", "content": [picture("u1")]}));
}

#[test]
fn an_answer_repeats_what_was_asked_and_says_why_it_is_incomplete() {
    let asked = json!({"instructions": "Be brief.", "temperature": 0.5, "tools": null});
    let echo = Echo::of(asked.as_object().unwrap());
    for (reason, status, details) in [
        ("stop", "completed", Value::Null),
        ("length", "incomplete", json!({"reason": "max_output_tokens"})),
        ("content_filter", "incomplete", json!({"reason": "content_filter"})),
    ] {
        let response = to_response(&whole(&chunks(&[], reason)), &echo);
        assert_eq!(
            (&response["status"], &response["incomplete_details"]),
            (&json!(status), &details)
        );
        assert_eq!(
            (&response["instructions"], &response["tools"]),
            (&json!("Be brief."), &json!([]))
        );
        assert_eq!((&response["store"], &response["output"]), (&json!(false), &json!([])));
    }
}

#[test]
fn a_stream_that_breaks_ends_with_its_error() {
    let mut stream = ResponseStream::new(Echo::of(&Map::new()));
    let told = stream.fail(&Problem::new(502, "STREAM_BROKEN", "it broke"));
    assert!(told.contains("event: response.failed") && told.contains("it broke"), "{told}");
}

proptest! {
    #[test]
    fn a_stream_says_what_the_whole_answer_says((deltas, reason) in answers()) {
        let chunks = chunks(&deltas, reason);
        let echo = Echo::of(&Map::new());
        let events = told(ResponseStream::new(echo.clone()), &chunks);
        let (last, data) = events.last().unwrap();
        let chat = whole(&chunks);
        let expected = to_response(&chat, &echo);
        prop_assert_eq!(last, &format!("response.{}", expected["status"].as_str().unwrap()));
        let numbers: Vec<u64> =
            events.iter().map(|(_, data)| data["sequence_number"].as_u64().unwrap()).collect();
        prop_assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
        let streamed = &data["response"];
        for field in ["id", "model", "status", "usage", "created_at", "incomplete_details"] {
            prop_assert_eq!(&streamed[field], &expected[field]);
        }
        // A stream has its items in the order in which they began.
        let said = |response: &Value| {
            let items = response["output"].as_array().unwrap().iter();
            let mut said: Vec<String> = items
                .map(|item| format!("{}{}{}", item["content"], item["name"], item["arguments"]))
                .collect();
            said.sort();
            said
        };
        prop_assert_eq!(said(streamed), said(&expected));
        // What was done piece by piece is what the done events and the end say.
        let pieces = |kind: &str| -> String {
            let of_kind = events.iter().filter(|(name, _)| name == kind);
            of_kind.map(|(_, data)| data["delta"].as_str().unwrap()).collect()
        };
        prop_assert_eq!(pieces("response.output_text.delta"), chat.choices[0].message.text());
        let added = events.iter().filter(|(name, _)| name == "response.output_item.added").count();
        let done: Vec<&Value> = events.iter()
            .filter(|(name, _)| name == "response.output_item.done")
            .map(|(_, data)| &data["item"])
            .collect();
        prop_assert_eq!(added, done.len());
        prop_assert_eq!(done, streamed["output"].as_array().unwrap().iter().collect::<Vec<_>>());
    }
}
