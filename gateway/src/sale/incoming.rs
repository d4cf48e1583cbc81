//! What a paid request carries beside its body.

use blockrun_llm::x402::{InvalidReason, PAYMENT_SIGNATURE, Payment, RECOVERY, X_PAYMENT};
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
}
