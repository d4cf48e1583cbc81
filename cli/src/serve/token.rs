//! What a client shows to be let in. Only digests are kept, so that comparing them tells nobody
//! anything by its time.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

/// A shorter token could be guessed.
const LEAST: usize = 16;

/// The tokens that open a door; none: it has no lock.
#[derive(Clone, Default)]
pub(super) struct Tokens(HashSet<[u8; 32]>);

impl Tokens {
    /// # Errors
    /// For a token that could be guessed, or that no header can carry.
    pub(super) fn new(tokens: &[String]) -> Result<Self, String> {
        let digests = tokens.iter().map(|token| {
            let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
            if token.len() < LEAST || !plain {
                return Err(format!(
                    "--token: one of {} characters was given; write {LEAST} or more, of letters, \
                     digits and signs without spaces",
                    token.chars().count()
                ));
            }
            Ok(digest(token))
        });
        digests.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what was shown opens the door.
    pub(super) fn admit(&self, shown: Option<&str>) -> bool {
        self.is_empty() || shown.is_some_and(|shown| self.0.contains(&digest(shown)))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// A token that nobody can guess.
///
/// # Errors
/// When the machine has no source of chance.
pub(super) fn made_up() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|cause| format!("no token can be made up: {cause}"))?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("br-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tokens_given_open_the_door() {
        let (one, two) = (made_up().unwrap(), made_up().unwrap());
        let tokens = Tokens::new(&[one.clone(), two.clone()]).unwrap();
        assert!(tokens.admit(Some(&one)) && tokens.admit(Some(&two)));
        for shown in [None, Some(""), Some(&one[1..]), Some("br-0123456789abcdef")] {
            assert!(!tokens.admit(shown), "{shown:?}");
        }
        assert!(Tokens::default().admit(None), "no lock was asked for");
        for bad in ["short", "with a space in the middle", ""] {
            assert!(Tokens::new(&[bad.to_owned()]).is_err(), "{bad:?}");
        }
        assert!(!format!("{tokens:?}").contains(&one));
    }
}
