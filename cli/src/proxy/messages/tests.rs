use blockrun_llm::ChatResponse;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    answer::to_message,
    chat::to_chat,
    request::{FIELDS, MessagesRequest},
    stream::MessageStream,
};
use crate::proxy::{
    problem::Problem,
    reading::read,
    sample::{answers, chunks, told, whole},
};

fn chat(mut request: Value) -> Result<Value, Problem> {
    for (name, value) in [("model", json!("m")), ("max_tokens", json!(9)), ("messages", json!([]))]
    {
        request.as_object_mut().unwrap().entry(name).or_insert(value);
    }
    let request = read::<MessagesRequest>(request.as_object().unwrap().clone(), &FIELDS)?;
    to_chat(request).map(Value::Object)
}

#[test]
fn a_conversation_with_tools_and_pictures_is_told_in_a_chats_words() {
    let source = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
    let url = json!({"type": "url", "url": "https://x.test/a.png"});
    let asked = json!({
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
                   {"type": "text", "text": "Be kind."}],
        "messages": [
            {"role": "user", "content": "What is this?"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "I will look."},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"z": 1, "a": 2}},
                {"type": "tool_use", "id": "t2", "name": "now", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "text", "text": "There."},
                {"type": "tool_result", "tool_use_id": "t1", "content": [
                    {"type": "text", "text": "a boat"}, {"type": "image", "source": source}]},
                {"type": "tool_result", "tool_use_id": "t2", "content": "no clock", "is_error": true},
                {"type": "image", "source": url},
            ]},
        ],
        "tools": [{"name": "look", "description": "Looks", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        "stop_sequences": ["END"], "temperature": 0.5, "stream": true,
        "metadata": {"user_id": "u"}, "thinking": {"type": "enabled", "budget_tokens": 5000},
        "service_tier": "auto",
    });
    let function = |name: &str, arguments: &str| json!({"name": name, "arguments": arguments});
    let picture = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let expected = json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief.\n\nBe kind."},
            {"role": "user", "content": "What is this?"},
            {"role": "assistant", "content": "I will look.", "tool_calls": [
                {"id": "t1", "type": "function", "function": function("look", r#"{"z":1,"a":2}"#)},
                {"id": "t2", "type": "function", "function": function("now", "{}")},
            ]},
            {"role": "tool", "tool_call_id": "t1", "content": "a boat"},
            {"role": "tool", "tool_call_id": "t2", "content": "Error: no clock"},
            {"role": "user", "content": [
                {"type": "text", "text": "There."},
                picture("data:image/png;base64,AAAA"),
                picture("https://x.test/a.png"),
            ]},
        ],
        "max_tokens": 9, "temperature": 0.5, "stop": ["END"], "user": "u",
        "reasoning_effort": "medium", "stream": true, "stream_options": {"include_usage": true},
        "tools": [{"type": "function", "function": {
            "name": "look", "description": "Looks", "parameters": {"type": "object"}}}],
        "parallel_tool_calls": false, "tool_choice": "required",
    });
    assert_eq!(chat(asked).unwrap(), expected);
}

#[test]
fn the_ways_to_choose_a_tool_and_to_think() {
    let of = |name: &str, value: Value| chat(json!({name: value})).unwrap();
    let choice = |value: Value| of("tool_choice", value)["tool_choice"].clone();
    assert_eq!(choice(json!({"type": "auto"})), "auto");
    assert_eq!(choice(json!({"type": "none"})), "none");
    assert_eq!(choice(json!({"type": "tool", "name": "x"}))["function"]["name"], "x");
    let effort = |name: &str, value: Value| of(name, value)["reasoning_effort"].clone();
    assert_eq!(effort("output_config", json!({"effort": "max"})), "xhigh");
    assert_eq!(effort("thinking", json!({"type": "disabled"})), Value::Null);
    assert_eq!(effort("thinking", json!({"type": "enabled", "budget_tokens": 1024})), "low");
    let format = json!({"format": {"type": "json_schema", "schema": {"type": "object"}}});
    let form = of("output_config", format)["response_format"].clone();
    assert_eq!(form["json_schema"]["schema"], json!({"type": "object"}));
}

#[test]
fn what_has_no_counterpart_is_refused_by_its_name() {
    let document =
        json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "document"}]}]);
    for (request, words) in [
        (json!({"top_k": 5}), "top_k is not supported here"),
        (json!({"container": "x"}), "container is not supported here: leave it out"),
        (
            json!({"tools": [{"type": "web_search_20250305", "name": "w"}]}),
            "tools: web_search_20250305 is not supported here: only tools of your own",
        ),
        (json!({"thinking": {"type": "deep"}}), "thinking.type: unknown variant `deep`"),
        (
            json!({"messages": [{"role": "assistant", "content": [{"type": "image",
                "source": {"type": "url", "url": "u"}}]}]}),
            "messages[0].content: image is not supported here: it belongs to the user",
        ),
        (
            json!({"messages": [{"role": "user", "content": [
                {"type": "tool_use", "id": "t", "name": "n", "input": {}}]}]}),
            "messages[0].content: tool_use is not supported here: it belongs to the assistant",
        ),
        (json!({"tool_choice": {"type": "tool"}}), "tool_choice.name"),
        (json!({"messages": document}), "messages[0].content[1]"),
        (json!({"messages": [{"role": "system", "content": "x"}]}), "messages[0].role"),
        (
            json!({"messages": [{"role": "user", "content": 7}]}),
            "messages[0].content: invalid type",
        ),
        (json!({"max_tokens": -1}), "max_tokens"),
    ] {
        let problem = chat(request).unwrap_err();
        assert!(problem.status == 400 && problem.message().contains(words), "{problem:?}");
    }
    assert!(chat(json!({"top_k": null, "container": false})).is_ok(), "not asked for");
}

#[test]
fn an_answer_says_the_same_in_the_other_form() {
    let calls = json!([
        {"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{\"a\": 1}"}},
        {"id": "t2", "type": "function", "function": {"name": "odd", "arguments": "not json"}},
        {"id": "t3", "type": "function", "function": {"name": "now", "arguments": ""}},
    ]);
    let chat = json!({"id": "chatcmpl-7", "model": "m", "choices": [{
        "message": {"role": "assistant", "content": "So:", "tool_calls": calls},
        "finish_reason": "tool_calls",
    }], "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}});
    let chat: ChatResponse = serde_json::from_value(chat).unwrap();
    let message = to_message(&chat);
    assert_eq!((&message["id"], &message["stop_reason"]), (&json!("msg_7"), &json!("tool_use")));
    let inputs: Vec<&Value> =
        message["content"].as_array().unwrap()[1..].iter().map(|block| &block["input"]).collect();
    assert_eq!(inputs, [&json!({"a": 1}), &json!({"arguments": "not json"}), &json!({})]);
    assert_eq!(
        (&message["usage"]["input_tokens"], message["content"][0]["text"].as_str()),
        (&json!(5), Some("So:"))
    );
}

/// What a reader of the events has at the end, with the order of the events checked on the way.
fn read_events(events: &[(String, Value)]) -> Value {
    let (mut blocks, mut open, mut message) = (Vec::<Value>::new(), Vec::new(), Value::Null);
    for (at, (name, data)) in events.iter().enumerate() {
        assert_eq!(data["type"], *name);
        let index = data["index"].as_u64().map(|index| usize::try_from(index).unwrap());
        match name.as_str() {
            "message_start" => {
                assert_eq!(at, 0);
                message = data["message"].clone();
            }
            "content_block_start" => {
                assert_eq!(index, Some(blocks.len()), "blocks are numbered in order");
                open.push(blocks.len());
                let mut block = data["content_block"].clone();
                block["partial"] = "".into();
                blocks.push(block);
            }
            "content_block_delta" => {
                let index = index.filter(|index| open.contains(index)).expect("an open block");
                let (field, more) = match data["delta"]["type"].as_str().unwrap() {
                    "text_delta" => ("text", &data["delta"]["text"]),
                    _ => ("partial", &data["delta"]["partial_json"]),
                };
                let so_far = blocks[index][field].as_str().unwrap().to_owned();
                blocks[index][field] = (so_far + more.as_str().unwrap()).into();
            }
            "content_block_stop" => open.retain(|one| Some(*one) != index),
            "message_delta" => {
                message["stop_reason"] = data["delta"]["stop_reason"].clone();
                message["usage"] = data["usage"].clone();
            }
            _ => assert_eq!((name.as_str(), at), ("message_stop", events.len() - 1)),
        }
    }
    assert!(open.is_empty(), "every block was closed");
    message["content"] = blocks.into();
    message
}

proptest! {
    #[test]
    fn a_stream_says_what_the_whole_answer_says((deltas, reason) in answers()) {
        let chunks = chunks(&deltas, reason);
        let streamed = read_events(&told(MessageStream::default(), &chunks));
        let chat = whole(&chunks);
        let message = to_message(&chat);
        for field in ["id", "model", "role", "type", "stop_reason", "usage"] {
            prop_assert_eq!(&streamed[field], &message[field]);
        }
        let blocks = streamed["content"].as_array().unwrap();
        let text: String = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
        prop_assert_eq!(text, chat.choices[0].message.text());
        let mut calls: Vec<(String, String)> = blocks
            .iter()
            .filter(|block| block["type"] == "tool_use")
            .map(|block| (block["name"].to_string(), block["partial"].as_str().unwrap().to_owned()))
            .collect();
        calls.sort();
        let expected: Vec<(String, String)> = chat.choices[0].message.tool_calls.iter()
            .flat_map(|calls| calls.as_array().unwrap())
            .map(|call| {
                let arguments = call["function"]["arguments"].as_str().unwrap().to_owned();
                (call["function"]["name"].to_string(), arguments)
            })
            .collect();
        prop_assert_eq!(calls, expected);
    }
}
