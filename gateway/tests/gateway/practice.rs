//! What the practice provider does with a request.

use serde_json::{Value, json};

use super::{
    events::events,
    support::{Shop, hello},
};

fn chunks(text: &str) -> Vec<Value> {
    let events = events(text);
    let json = events.iter().filter(|event| event.data != "[DONE]");
    json.map(|event| serde_json::from_str(event.data).unwrap()).collect()
}

async fn choice(shop: &Shop, changes: Value) -> Value {
    let mut body = hello("gpt-oss-20b");
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    let answer = shop.chat(&body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["choices"][0].clone()
}

#[tokio::test]
async fn limits_and_stops_are_honoured() {
    let shop = Shop::open().await;
    let short = choice(&shop, json!({"max_tokens": 2})).await;
    assert_eq!(
        (&short["message"]["content"], &short["finish_reason"]),
        (&json!("Hello! H"), &json!("length"))
    );
    let newer = choice(&shop, json!({"max_completion_tokens": 1, "max_tokens": 9})).await;
    assert_eq!(newer["message"]["content"], "Hell");
    let stopped = choice(&shop, json!({"stop": ["today", "help"]})).await;
    assert_eq!(stopped["message"]["content"], "Hello! How can I ");
    assert_eq!(stopped["finish_reason"], "stop");
}

#[tokio::test]
async fn several_answers_and_several_parts() {
    let shop = Shop::open().await;
    let mut body = hello("gpt-oss-20b");
    body["n"] = json!(3);
    body["messages"] = json!([{"role": "user", "content": [
        {"type": "text", "text": "upper: abc"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]}]);
    let answer = shop.chat(&body, &[]).await.json();
    let choices = answer["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 3);
    assert_eq!(choices[0]["message"]["content"], "[practice] ABC");
    assert_eq!(choices[2]["index"], 2);
}

#[tokio::test]
async fn json_is_json() {
    let shop = Shop::open().await;
    let any = choice(&shop, json!({"response_format": {"type": "json_object"}})).await;
    let any: Value = serde_json::from_str(any["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(any["you_said"], "Hello!");
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "minimum": 7}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    let fit = choice(&shop, json!({"response_format": format})).await;
    assert_eq!(fit["message"]["content"], r#"{"n":7}"#);
}

#[tokio::test]
async fn a_tool_is_called_when_it_is_asked_for() {
    let shop = Shop::open().await;
    let tools = json!([{"type": "function", "function": {"name": "get_time", "parameters": {}}}]);
    let asked = json!([{"role": "user", "content": "Please get time"}]);
    let called = choice(&shop, json!({"tools": tools, "messages": asked})).await;
    assert_eq!(called["finish_reason"], "tool_calls");
    assert_eq!(called["message"]["content"], Value::Null);
    let call = &called["message"]["tool_calls"][0];
    assert_eq!(
        (&call["type"], &call["function"]["name"]),
        (&json!("function"), &json!("get_time"))
    );

    let done = json!([
        {"role": "user", "content": "Please get time"},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "noon"},
    ]);
    let said = choice(&shop, json!({"tools": tools, "messages": done})).await;
    assert_eq!(said["message"]["content"], "[practice] The tool answered: noon");
}

#[tokio::test]
async fn the_same_question_gets_the_same_answer() {
    let shop = Shop::open().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut answer = shop.chat(&hello("gpt-oss-20b"), &[]).await.json();
        answer["created"] = Value::Null;
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_search_names_its_sources() {
    let shop = Shop::open().await;
    let mut body = hello("gpt-oss-20b");
    body["search_parameters"] = json!({"mode": "on", "max_search_results": 2});
    let answer = shop.chat(&body, &[]).await.json();
    let cited = json!([1, 2].map(|n| format!("https://example.com/practice/source-{n}")));
    assert_eq!((&answer["citations"], &answer["usage"]["num_sources_used"]), (&cited, &json!(2)));

    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let answer = shop.chat(&body, &[]).await;
    let chunks: Vec<Value> = chunks(answer.text());
    let [rest @ .., finish, usage] = chunks.as_slice() else { panic!() };
    assert_eq!((&finish["citations"], &usage["usage"]["num_sources_used"]), (&cited, &json!(2)));
    assert!(rest.iter().all(|chunk| chunk.get("citations").is_none() && chunk["usage"].is_null()));

    body["search_parameters"] = json!({"mode": "off"});
    assert!(!shop.chat(&body, &[]).await.text().contains("citations"));
}

#[tokio::test]
async fn several_tools_are_called_at_once_in_pieces() {
    let shop = Shop::open().await;
    let tool = |name: &str| {
        let city = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        json!({"type": "function", "function": {"name": name, "parameters": city}})
    };
    let mut body = hello("gpt-oss-20b");
    body["messages"][0]["content"] = json!("get_weather and get_time, please");
    body["tools"] = json!([tool("get_weather"), tool("get_time")]);
    let whole = shop.chat(&body, &[]).await.json();
    let calls = whole["choices"][0]["message"]["tool_calls"].clone();
    assert_eq!(calls.as_array().unwrap().len(), 2);

    body["stream"] = json!(true);
    let answer = shop.chat(&body, &[]).await;
    let mut joined = json!([{}, {}]);
    let mut deltas = 0;
    for chunk in chunks(answer.text()) {
        let Some(delta) = chunk["choices"][0]["delta"]["tool_calls"].get(0) else { continue };
        let call = &mut joined[usize::try_from(delta["index"].as_u64().unwrap()).unwrap()];
        if delta.get("id").is_some() {
            call["id"] = delta["id"].clone();
            call["type"] = delta["type"].clone();
            call["function"] = delta["function"].clone();
        } else {
            let more = delta["function"]["arguments"].as_str().unwrap();
            let so_far = call["function"]["arguments"].as_str().unwrap().to_owned();
            call["function"]["arguments"] = json!(so_far + more);
        }
        deltas += 1;
    }
    assert_eq!(joined, calls);
    assert!(deltas > 4, "{deltas}");
}

#[tokio::test]
async fn images_come_by_link_or_inline_and_are_counted() {
    let shop = Shop::open().await;
    let part = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let mut body = hello("gpt-4o");
    let data = format!("data:image/png;base64,{}", "A".repeat(40_000));
    body["messages"][0]["content"] = json!([
        {"type": "text", "text": "What is this?"},
        part("https://example.com/a.png"),
        part(&data),
    ]);
    let answer = shop.buy(&body, 1).await.json();
    let said = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(said.ends_with("What is this? (with 2 images)"), "{said}");
    // 1,024 for the one that is inline, and not its 10,000.
    let prompt = answer["usage"]["prompt_tokens"].as_u64().unwrap();
    assert!((1_024..1_124).contains(&prompt), "{prompt}");
}

#[tokio::test]
async fn it_counts_for_as_long_as_a_test_needs() {
    let shop = Shop::open().await;
    let mut body = hello("gpt-4o");
    body["stream"] = json!(true);
    body["max_tokens"] = json!(16_000);
    body["messages"][0]["content"] = json!("Count to 10000");
    let answer = shop.buy(&body, 1).await;
    let words = chunks(answer.text());
    let said = |chunk: &Value| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    let words: Vec<_> = words.iter().filter_map(said).collect();
    // The role, who says it, and the numbers.
    assert_eq!(words.len(), 2 + 10_000);
    assert_eq!((words[2].as_str(), words[10_001].as_str()), ("1 ", "10000"));

    body["messages"][0]["content"] = json!("Count slowly to 10");
    let begun = std::time::Instant::now();
    shop.buy(&body, 2).await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(200));
}

#[tokio::test]
async fn reasoning_effort_is_accepted() {
    let shop = Shop::open().await;
    let said = choice(&shop, json!({"reasoning_effort": "high"})).await;
    assert_eq!(said["finish_reason"], "stop");
}
