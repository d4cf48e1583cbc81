//! The examples in the help of every command. A test reads each of them as it would be typed.

use clap::Command;

/// A command as it is typed, and what it does.
type Example = (&'static str, &'static str);

/// By the command they belong to; the first ones are those of `blockrun` itself.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("blockrun gateway --practice", "an endpoint with play money, on this machine"),
            ("blockrun wallet create", "a wallet of your own; then: blockrun wallet fund"),
            ("blockrun chat \"Hello!\"", "ask, pay, print the answer"),
            ("blockrun chat", "a conversation"),
            ("blockrun image \"A lighthouse\"", "a picture, in image.png"),
            ("blockrun doctor", "what is missing, and what to do about it"),
        ],
    ),
    (
        "chat",
        &[
            ("blockrun chat \"Hello!\"", "ask, pay, print the answer"),
            ("blockrun chat", "a conversation, on a terminal"),
            ("blockrun chat -m openai/gpt-4o \"Hello!\"", "another model"),
            ("cat notes.txt | blockrun chat -s \"Sum this up\"", "the prompt from standard input"),
            ("blockrun chat --json --key order-7 \"Hello!\"", "paid once, however often it is run"),
        ],
    ),
    (
        "image",
        &[
            ("blockrun image \"A lighthouse at dusk\"", "writes image.png"),
            (
                "blockrun image -m openai/dall-e-3 --size 1792x1024 -o sea.png \"The sea\"",
                "a wide one",
            ),
            (
                "blockrun image -o sea.png --force \"The sea\"",
                "in the place of the one that is there",
            ),
        ],
    ),
    (
        "quote",
        &[
            ("blockrun quote \"Hello!\"", "the price, without paying"),
            (
                "blockrun quote --max-tokens 4000 -m openai/gpt-4o \"Write a story\"",
                "of a long answer",
            ),
        ],
    ),
    (
        "models",
        &[
            ("blockrun models --sort price", "cheapest first"),
            ("blockrun models --filter \"openai vision\"", "only those with both words"),
            ("blockrun models --json", "all that the server says"),
        ],
    ),
    (
        "discover",
        &[
            ("blockrun discover chat --max-price 0.01", "what the endpoint sells for a cent"),
            ("blockrun discover --from https://market.example weather", "what others list"),
        ],
    ),
    (
        "fetch",
        &[
            ("blockrun fetch https://api.example/report", "pays if the limits allow"),
            ("blockrun fetch -d '{\"city\":\"Oslo\"}' https://api.example/weather", "a JSON body"),
        ],
    ),
    (
        "payments",
        &[
            ("blockrun payments list --since 7d", "the last seven days"),
            ("blockrun payments reconcile", "ask the chain about lost answers"),
        ],
    ),
    (
        "payments list",
        &[("blockrun payments list --state unknown", "what became of it is not known")],
    ),
    ("payments show", &[("blockrun payments show pay_1f2e", "all that is known of one")]),
    ("payments reconcile", &[("blockrun payments reconcile", "proof from the chain")]),
    ("payments recover", &[("blockrun payments recover order-7", "the answer again, by its key")]),
    (
        "payments export",
        &[("blockrun payments export csv --since 2026-01-01 > payments.csv", "for a spreadsheet")],
    ),
    (
        "spend",
        &[
            ("blockrun spend", "a bar for each day"),
            ("blockrun spend --by model --since 30d", "what each model took in thirty days"),
            ("blockrun spend --by origin --csv", "for another program"),
        ],
    ),
    (
        "policy",
        &[
            ("blockrun policy show", "what is in force, and who says so"),
            (
                "blockrun policy set max_cost_per_day=5",
                "no program of this account spends more a day",
            ),
        ],
    ),
    ("policy show", &[("blockrun policy show --json", "for another program")]),
    (
        "policy set",
        &[
            ("blockrun policy set max_cost_per_call=0.25 max_cost_per_day=5", "two limits"),
            ("blockrun policy set model:openai/gpt-5=3 networks=base", "for a model; for networks"),
            ("blockrun policy set payees=pin", "only who was paid first at each server"),
            ("blockrun policy set --yes max_cost_per_day=", "takes the rule away"),
        ],
    ),
    (
        "wallet",
        &[
            ("blockrun wallet create", "a new wallet; then: blockrun wallet fund"),
            ("blockrun wallet import", "asks for a key or a phrase; reads a FILE or -"),
            ("blockrun wallet backup /media/usb/key.json", "an encrypted copy"),
            ("blockrun wallet balance", "what it holds on each network"),
        ],
    ),
    (
        "wallet create",
        &[
            ("blockrun wallet create --encrypt", "under a passphrase"),
            ("blockrun wallet create --mnemonic", "from 12 words, to be written down"),
        ],
    ),
    ("wallet import", &[("blockrun wallet import keystore.json", "asks for its passphrase")]),
    ("wallet show", &[("blockrun wallet show", "the address, and where the key is")]),
    ("wallet balance", &[("blockrun wallet balance --network base", "on one network")]),
    ("wallet fund", &[("blockrun wallet fund --amount 5 --png code.png", "a QR code for a phone")]),
    (
        "wallet export",
        &[("blockrun wallet export --to key.txt", "the key itself, in a private file")],
    ),
    ("wallet backup", &[("blockrun wallet backup key.json", "asks for a passphrase")]),
    ("wallet encrypt", &[("blockrun wallet encrypt", "asks for a passphrase")]),
    ("wallet decrypt", &[("blockrun wallet decrypt --in-plain", "asks first")]),
    ("wallet list", &[("blockrun wallet list", "wallets of other programs; none is used")]),
    ("doctor", &[("blockrun doctor", "ok, warn or fail, and the way out")]),
    (
        "gateway",
        &[
            ("blockrun gateway --practice --ephemeral", "play money, nothing kept"),
            ("blockrun gateway --practice --config gateway.toml", "real upstreams"),
        ],
    ),
    ("gateway doctor", &[("blockrun gateway doctor --practice", "what it would need")]),
    ("gateway init", &[("blockrun gateway init", "asks, and writes gateway.toml")]),
    ("gateway revenue", &[("blockrun gateway revenue --by model", "what each model earned")]),
    (
        "gateway migrate",
        &[("blockrun gateway migrate --data gateway", "before a new version starts")],
    ),
    (
        "mcp",
        &[
            ("blockrun mcp --max-session-cost 5", "as a host starts it"),
            ("blockrun mcp --http", "at http://127.0.0.1:8403/mcp, and a token is printed"),
        ],
    ),
    (
        "proxy",
        &[
            ("blockrun proxy", "a token is made up and printed"),
            ("blockrun proxy --alias 'claude-*=anthropic/claude-*'", "another name for models"),
            (
                "BLOCKRUN_PROXY_TOKEN=<token> blockrun proxy --max-session-cost 5",
                "a token for good",
            ),
        ],
    ),
    (
        "completions",
        &[
            (
                "blockrun completions bash > ~/.local/share/bash-completion/completions/blockrun",
                "bash",
            ),
            ("blockrun completions zsh > ~/.zfunc/_blockrun", "zsh, with ~/.zfunc in fpath"),
            ("blockrun completions fish > ~/.config/fish/completions/blockrun.fish", "fish"),
        ],
    ),
    (
        "man",
        &[
            ("blockrun man | man -l -", "read it now"),
            ("blockrun man wallet fund | man -l -", "of one command"),
            ("blockrun man --to ~/.local/share/man/man1", "for good"),
        ],
    ),
];

/// The command with examples in its help and in that of all commands below it.
pub(crate) fn added(command: Command) -> Command {
    below(command, "")
}

fn below(command: Command, path: &str) -> Command {
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    let command = names.into_iter().fold(command, |command, name| {
        let path = format!("{path} {name}");
        command.mut_subcommand(name, |one| below(one, path.trim_start()))
    });
    match EXAMPLES.iter().find(|(name, _)| *name == path) {
        Some((_, examples)) => with(command, examples),
        None => command,
    }
}

/// Before whatever else is said at the end.
fn with(command: Command, examples: &[Example]) -> Command {
    let width = examples.iter().map(|(typed, _)| typed.len()).max().unwrap_or_default();
    let lines = examples.iter().map(|(typed, says)| format!("\n  {typed:width$}  {says}"));
    let text = format!("Examples:{}", lines.collect::<String>());
    let joined = |notes: Option<String>| match notes {
        Some(notes) => format!("{text}\n\n{notes}"),
        None => text.clone(),
    };
    let short = joined(command.get_after_help().map(ToString::to_string));
    match command.get_after_long_help().map(ToString::to_string) {
        Some(long) => command.after_help(short).after_long_help(joined(Some(long))),
        None => command.after_help(short),
    }
}

#[cfg(all(test, feature = "gateway", feature = "mcp", feature = "proxy"))]
mod tests {
    use super::*;
    use crate::args;

    /// Every command, by its path.
    fn all(command: &Command, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for one in command.get_subcommands() {
            all(one, format!("{path} {}", one.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_has_examples_and_every_example_its_command() {
        let mut commands = Vec::new();
        all(&args::command(), "", &mut commands);
        let with: Vec<_> = EXAMPLES.iter().map(|(path, _)| (*path).to_owned()).collect();
        for path in &commands {
            assert!(with.contains(path), "`blockrun {path}` has no examples");
        }
        for path in &with {
            assert!(commands.contains(path), "`blockrun {path}` is no command");
        }
    }

    /// What a shell would hand over: between `blockrun` and the next pipe or file.
    fn words(typed: &str) -> Vec<String> {
        let (mut words, mut quote, mut word) = (Vec::new(), None, None::<String>);
        for sign in typed.chars() {
            match (quote, sign) {
                (Some(open), sign) if open == sign => quote = None,
                (None, '"' | '\'') => {
                    quote = Some(sign);
                    word.get_or_insert_default();
                }
                (None, ' ') => words.extend(word.take()),
                (_, sign) => word.get_or_insert_default().push(sign),
            }
        }
        words.extend(word);
        let ours = words.into_iter().skip_while(|word| word != "blockrun");
        ours.take_while(|word| word != "|" && word != ">").collect()
    }

    #[test]
    fn every_example_can_be_typed_and_belongs_where_it_stands() {
        for (path, examples) in EXAMPLES {
            for (typed, _) in *examples {
                let words = words(typed);
                let parsed = args::parse(words.iter().map(Into::into));
                assert!(parsed.is_ok(), "{typed}: {}", parsed.unwrap_err());
                assert!(words[1..].join(" ").starts_with(path), "{typed} is not of {path:?}");
            }
        }
    }

    #[test]
    fn the_help_ends_with_them() {
        let help = args::command().render_long_help().to_string();
        assert!(help.contains("Examples:\n  blockrun gateway") && help.contains("Exit codes:"));
        for path in ["chat", "wallet fund"] {
            let told = args::parse(format!("blockrun {path} --help").split(' ').map(Into::into));
            let told = told.unwrap_err().to_string();
            assert!(told.contains(&format!("Examples:\n  blockrun {path}")), "{told}");
        }
    }
}
