//! `GET /v1/models`: what the endpoint offers and what is called so here, in the caller's form.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use blockrun_llm::Model;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{
    app::App,
    problem::{Form, Problem},
};

/// All of them.
pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let form = Form::of("", &headers);
    match offered(&app, form).await {
        Ok(models) => Json(listed(models, form)).into_response(),
        Err(problem) => problem.response(form),
    }
}

/// One of them.
pub(super) async fn find(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let form = Form::of("", &headers);
    let found = offered(&app, form).await.and_then(|models| {
        let unknown = || {
            let message = format!("{id:?} is not offered; GET /v1/models lists what is");
            Problem::new(404, "model_not_found", &message)
        };
        models.into_iter().find(|model| model["id"] == *id).ok_or_else(unknown)
    });
    match found {
        Ok(model) => Json(model).into_response(),
        Err(problem) => problem.response(form),
    }
}

async fn offered(app: &App, form: Form) -> Result<Vec<Value>, Problem> {
    let mut models = app.client.list_models().await.map_err(|error| Problem::from(&error))?;
    let aliases = app.names.whole().filter_map(|(alias, named)| {
        let model = models.iter().find(|model| model.id == named)?;
        Some(Model { id: alias.to_owned(), fields: model.fields.clone() })
    });
    let aliases: Vec<Model> = aliases.collect();
    models.extend(aliases);
    Ok(models.into_iter().map(|model| in_form(model, form)).collect())
}

fn in_form(model: Model, form: Form) -> Value {
    let Model { id, mut fields } = model;
    match form {
        Form::OpenAi => {
            let mut json = Map::from_iter([("id".to_owned(), id.into())]);
            fields.entry("object").or_insert_with(|| "model".into());
            fields.entry("created").or_insert_with(|| 0.into());
            let owner = fields.get("provider").cloned().unwrap_or_else(|| "blockrun".into());
            fields.entry("owned_by").or_insert(owner);
            json.append(&mut fields);
            Value::Object(json)
        }
        Form::Anthropic => {
            let name = fields.get("name").cloned().unwrap_or_else(|| id.clone().into());
            // The endpoint does not tell when a model was made; the form wants a time.
            json!({
                "type": "model", "id": id, "display_name": name,
                "created_at": "1970-01-01T00:00:00Z",
            })
        }
    }
}

fn listed(models: Vec<Value>, form: Form) -> Value {
    match form {
        Form::OpenAi => json!({"object": "list", "data": models}),
        Form::Anthropic => {
            let id = |model: Option<&Value>| model.map(|model| model["id"].clone());
            let (first, last) = (id(models.first()), id(models.last()));
            json!({"data": models, "has_more": false, "first_id": first, "last_id": last})
        }
    }
}
