//! What the practice provider does with a request.

use serde_json::{Value, json};

use super::support::{Shop, hello};

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
