//! What is allowed.

use ipnet::IpNet;

/// Limits on requests. [`Traffic::default`] has none. What exceeds one is answered with 429 and
/// `Retry-After` before anything was claimed, so that the same payment can come again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traffic {
    /// For each client address; the /64 network of an IPv6 address counts as one. Requests to health
    /// checks and to the pages of whoever runs the gateway are not counted.
    pub client: Allowance,
    /// For each payer, whose payment was verified. A payment that comes again for the answer that it
    /// bought is not counted.
    pub payer: Allowance,
    /// Addresses of proxies in front of the gateway: a request from one of them is of the last address
    /// in its `X-Forwarded-For` that is none of them. Default: none, the header is not looked at.
    pub trusted_proxies: Vec<IpNet>,
}

/// What one of them may take.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Allowance {
    /// Requests a second, on average; above 0 and at most a million. Default: any number.
    pub per_second: Option<f64>,
    /// Requests at once after a quiet time. Default: what one second allows, at least 1.
    pub burst: Option<u32>,
    /// Requests that are being answered at the same time, the making of streams whose reader left
    /// included. Default: any number.
    pub in_flight: Option<u32>,
}
