//! Being a facilitator, in a settings file.

use std::ops::Range;

use toml::Spanned;

use super::{
    Fault,
    secret::{chosen, held},
    settlement::account,
};
use crate::{admin::AdminToken, config::Config, facilitator::Facilitator};

/// What callers have to send, where it is set and the file names no other variable.
const TOKEN: &str = "BLOCKRUN_FACILITATOR_TOKEN";

/// The table as it is written: that it is there is what makes the gateway a facilitator.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    #[serde(default)]
    payees: Vec<Spanned<String>>,
    token_env: Option<Spanned<String>>,
}

/// Puts the table into a configuration that already says how it settles; a facilitator of the command
/// line stays.
pub(super) fn apply(
    table: &Spanned<Row>,
    config: &mut Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    let facilitator = table.get_ref().check(table.span(), variable)?;
    if config.facilitator.is_none() {
        config.facilitator = Some(facilitator);
        if let Some((_, problem)) = config.facilitator_problem() {
            return Err(Fault::new(table, "facilitator", problem));
        }
    }
    Ok(())
}

impl Row {
    fn check(
        &self,
        at: Range<usize>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Facilitator, Fault> {
        let payees = self.payees.iter().map(|one| account(one, "payees"));
        let payees = payees.collect::<Result<Vec<_>, _>>()?;
        let token = match chosen(self.token_env.as_ref(), TOKEN, at, &variable) {
            None => None,
            Some(name) => {
                let token = AdminToken::new(held(&name, "token_env", &variable)?);
                let refuse = |error| format!("{}: {error}", name.get_ref());
                let refuse = |error| Fault::new(&name, "token_env", refuse(error));
                Some(token.map_err(refuse)?)
            }
        };
        Ok(Facilitator { payees, token })
    }
}
