//! What a paid request carries beside its body.

use blockrun_llm::x402::{
    IDEMPOTENCY_KEY, InvalidReason, PAYMENT_SIGNATURE, Payment, RECOVERY, X_PAYMENT,
};
use http::HeaderMap;

use crate::{claim::RecoveryToken, problem::Problem};

/// The payment of a request, from `PAYMENT-SIGNATURE` (v2) or `X-PAYMENT` (v1). `None` without one;
/// an unreadable one is a refused payment, not a bad request.
pub(super) fn payment(
    headers: &HeaderMap,
) -> Result<Option<Result<Payment, InvalidReason>>, Problem> {
    let names = [PAYMENT_SIGNATURE, X_PAYMENT];
    let mut values = names.iter().flat_map(|name| headers.get_all(*name));
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|other| other != first) {
        let message = "The request carries two different payments; send either PAYMENT-SIGNATURE \
                       or X-PAYMENT, once.";
        return Err(Problem::invalid("ambiguous_payment", message).at(PAYMENT_SIGNATURE));
    }
    let text = first
        .to_str()
        .map_err(|_| InvalidReason::new("invalid_payload", "the payment header is not base64"));
    Ok(Some(text.and_then(Payment::decode)))
}

/// The recovery token of a request.
pub(super) fn recovery_token(headers: &HeaderMap) -> Result<Option<RecoveryToken>, Problem> {
    let Some(value) = headers.get(RECOVERY) else { return Ok(None) };
    let token = value.to_str().ok().and_then(RecoveryToken::parse);
    match token {
        Some(token) => Ok(Some(token)),
        None => {
            let message = "Blockrun-Recovery must be 32 bytes as 64 hexadecimal digits.";
            Err(Problem::invalid("invalid_recovery_token", message).at(RECOVERY))
        }
    }
}

/// The ids that a client gave its call: `Idempotency-Key`, and `payment-identifier` of its payment.
pub(super) fn ids(headers: &HeaderMap, payment: &Payment) -> Result<Vec<String>, Problem> {
    let header = headers.get(IDEMPOTENCY_KEY).map(|value| value.to_str().unwrap_or_default());
    let mut ids: Vec<_> = header.map(str::to_owned).into_iter().collect();
    ids.extend(payment.identifier());
    match ids.iter().find(|id| !is_id(id)) {
        None => Ok(ids),
        Some(id) => {
            let id: String = id.chars().take(128).collect();
            let message = format!(
                "The id {id:?} of this call (Idempotency-Key or payment-identifier) must be 16 to \
                 128 characters of A-Z, a-z, 0-9, _ and -."
            );
            Err(Problem::invalid("invalid_idempotency_key", message).at(IDEMPOTENCY_KEY))
        }
    }
}

/// The form that the `payment-identifier` extension prescribes.
fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (16..=128).contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn two_payments_are_ambiguous_unless_they_are_one() {
        assert!(payment(&headers(&[])).unwrap().is_none());
        let twice = headers(&[(X_PAYMENT, "e30="), (PAYMENT_SIGNATURE, "e30=")]);
        assert_eq!(payment(&twice).unwrap().unwrap().unwrap_err().code, "invalid_payload");
        let mixed = headers(&[(X_PAYMENT, "e30="), (PAYMENT_SIGNATURE, "W10=")]);
        assert!(payment(&mixed).is_err());
    }

    #[test]
    fn a_token_is_whole_or_refused() {
        assert!(recovery_token(&headers(&[(RECOVERY, "abcd")])).is_err());
        assert!(recovery_token(&headers(&[])).unwrap().is_none());
    }

    #[test]
    fn an_id_is_16_to_128_plain_characters() {
        assert!(is_id("pay_0123456789abcdef0123456789abcdef"));
        assert!(is_id(&"x".repeat(16)) && is_id(&"-".repeat(128)));
        for bad in ["", "too-short", &"x".repeat(129), "white space inside", "not/allowed:here"] {
            assert!(!is_id(bad), "{bad:?}");
        }
    }
}
