//! From a request to its body, whatever is asked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use blockrun_llm::{ChatRequest, ErrorKind, canonical_json};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Map, Value, json};

/// The fields that have a name of their own.
const NAMED: [&str; 12] = [
    "model",
    "messages",
    "max_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "tools",
    "tool_choice",
    "response_format",
    "search_parameters",
    "reasoning_effort",
];

/// Any JSON, a few levels deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z]{1,4}", inner), 0..4)
                .prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

/// Names that a caller may put among the further fields: unknown ones, and those of others.
fn extra() -> impl Strategy<Value = Vec<(String, Value)>> {
    let name = prop_oneof![
        "x_[a-z]{1,6}",
        prop::sample::select(NAMED.to_vec()).prop_map(str::to_owned),
        Just("seed".to_owned()),
    ];
    vec((name, value()), 0..6)
}

prop_compose! {
    /// A request that passes every check.
    fn good()(
        texts in vec("[a-z].{0,20}", 1..4),
        max_tokens in option::of(1..=1_000_000_u64),
        temperature in option::of(0.0..=2.0),
        top_p in option::of(0.0..=1.0),
        n in option::of(1..=128_u64),
        stop in vec(".{1,8}", 0..=4),
        search in option::of(any::<bool>()),
        mode in option::of("on|off|auto"),
        effort in option::of("low|medium|high"),
        extra in extra(),
    ) -> ChatRequest {
        let messages = texts.iter().map(|text| json!({"role": "user", "content": text})).collect();
        let named = |name: &str| matches!(name, "tools" | "tool_choice");
        let extra = extra.into_iter().filter(|(name, _)| !named(name)).collect();
        ChatRequest {
            max_tokens, temperature, top_p, n, stop, search, extra,
            search_parameters: mode.map(|mode| json!({"mode": mode})),
            reasoning_effort: effort,
            ..ChatRequest::from_messages(messages)
        }
    }
}

fn object(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).unwrap()
}

proptest! {
    #[test]
    fn a_body_says_what_was_asked_and_nothing_else(request in good()) {
        let body = object(&request.to_body("a/model").unwrap());
        prop_assert_eq!(&body["model"], "a/model");
        prop_assert_eq!(&body["messages"], &Value::from(request.messages.clone()));
        for (name, asked) in [
            ("max_tokens", request.max_tokens.map(Value::from)),
            ("temperature", request.temperature.map(Value::from)),
            ("top_p", request.top_p.map(Value::from)),
            ("n", request.n.map(Value::from)),
            ("search_parameters", request.search_parameters.clone()),
            ("reasoning_effort", request.reasoning_effort.clone().map(Value::from)),
        ] {
            if let Some(asked) = asked {
                prop_assert_eq!(body.get(name), Some(&asked), "{}", name);
            }
        }
        for (name, value) in &request.extra {
            let sent = body.get(name);
            prop_assert!(sent == Some(value) || value.is_null() || NAMED.contains(&name.as_str()));
        }
        for (name, value) in &body {
            prop_assert!(!value.is_null(), "{} says nothing", name);
            let known = NAMED.contains(&name.as_str()) || request.extra.contains_key(name);
            prop_assert!(known, "{} was not asked", name);
        }
        prop_assert!(body.contains_key("max_tokens"), "the price depends on it");
    }

    #[test]
    fn named_fields_come_first_and_the_others_in_the_callers_order(request in good()) {
        let body = object(&request.to_body("m").unwrap());
        let is_named = |name: &String| NAMED.contains(&name.as_str());
        let sent: Vec<_> = body.keys().filter(|name| !is_named(name)).collect();
        let asked = request.extra.iter().filter(|(name, value)| !is_named(name) && !value.is_null());
        prop_assert_eq!(sent, asked.map(|(name, _)| name).collect::<Vec<_>>());
        prop_assert_eq!(body.keys().take(2).collect::<Vec<_>>(), ["model", "messages"]);
    }

    #[test]
    fn a_stream_is_the_same_call_but_for_its_form(request in good()) {
        let mut whole = object(&request.to_body("m").unwrap());
        whole.insert("stream".to_owned(), true.into());
        prop_assert_eq!(object(&request.to_stream_body("m").unwrap()), whole);
    }

    #[test]
    fn the_same_call_has_one_canonical_form(request in good()) {
        let mut reversed = request.clone();
        reversed.extra = request.extra.clone().into_iter().rev().collect();
        let canonical = |request: &ChatRequest| {
            let body = request.to_body("m").unwrap();
            canonical_json(std::str::from_utf8(&body).unwrap()).unwrap()
        };
        prop_assert_eq!(canonical(&request), canonical(&reversed));
    }

    #[test]
    fn whatever_is_asked_is_sent_or_refused_by_name(
        messages in vec(value(), 0..3),
        tools in option::of(value()),
        choice in option::of(value()),
        format in option::of(value()),
        temperature in option::of(any::<f64>()),
        extra in extra(),
        model in ".{0,8}",
    ) {
        let request = ChatRequest {
            tools, temperature,
            tool_choice: choice,
            response_format: format,
            extra: extra.into_iter().collect(),
            ..ChatRequest::from_messages(messages)
        };
        match request.to_body(&model) {
            Ok(body) => prop_assert_eq!(&object(&body)["model"], model.as_str()),
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                prop_assert!(error.field().is_some_and(|field| error.message().starts_with(field)));
            }
        }
    }
}
