//! Header names and the base64 codec. JSON goes out in the standard alphabet with padding, the one
//! form that every implementation reads; url-safe and unpadded come in as well.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// v2: the 402's requirements.
pub const PAYMENT_REQUIRED: &str = "payment-required";
/// The same under the name that some servers use.
pub const X_PAYMENT_REQUIRED: &str = "x-payment-required";
/// v2: the signed payment.
pub const PAYMENT_SIGNATURE: &str = "payment-signature";
/// v1: the signed payment.
pub const X_PAYMENT: &str = "x-payment";
/// v2: the settlement.
pub const PAYMENT_RESPONSE: &str = "payment-response";
/// v1: the settlement.
pub const X_PAYMENT_RESPONSE: &str = "x-payment-response";
/// Public id of the call, sent on paid legs.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// 32 random bytes (hex) that open the stored answer of a paid call, sent on paid legs.
pub const RECOVERY: &str = "blockrun-recovery";

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Each has a table, which is made once.
static STANDARD_IN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
static URL_SAFE_IN: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// JSON text as a header value: standard base64 with padding.
pub fn encode_header(json: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(json)
}

/// The JSON text in a header value: standard or url-safe base64, padded or not.
/// `None` when it is neither, or not UTF-8.
pub fn decode_header(value: &str) -> Option<String> {
    let value = value.trim();
    // Nearly all is in the standard alphabet; what mixes the two is neither.
    let decoded = STANDARD_IN.decode(value).or_else(|_| URL_SAFE_IN.decode(value));
    String::from_utf8(decoded.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{URL_SAFE as SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_base64_is_none() {
        for bad in ["{}", "a b", "+/-_", "é", "A"] {
            assert_eq!(decode_header(bad), None, "{bad:?}");
        }
        assert_eq!(decode_header(&base64::engine::general_purpose::STANDARD.encode([0xff])), None);
    }

    proptest! {
        #[test]
        fn every_alphabet_and_padding_round_trips(text in ".{0,200}") {
            let standard = encode_header(&text);
            prop_assert_eq!(standard.len() % 4, 0);
            prop_assert_eq!(decode_header(standard.trim_end_matches('=')), Some(text.clone()));
            prop_assert_eq!(decode_header(&SAFE.encode(&text)), Some(text.clone()));
            prop_assert_eq!(decode_header(&URL_SAFE_NO_PAD.encode(&text)), Some(text.clone()));
            prop_assert_eq!(decode_header(&standard), Some(text));
        }
    }
}
