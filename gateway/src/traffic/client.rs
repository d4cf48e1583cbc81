//! Which client a request is of.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Bits of an IPv6 address that one customer of a provider does not choose.
const NETWORK: u128 = !(u64::MAX as u128);

/// The other end of the connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The client of a request, as its address is counted.
pub(super) fn client(peer: Peer, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    let peer = peer.0.ip().to_canonical();
    if !trusted(&peer) {
        return counted(peer);
    }
    // Each proxy adds whom it heard from at the end: what is before the first one that nobody here
    // knows may be anybody's invention.
    let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
    let hops: Vec<_> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut hops = hops.into_iter().rev().map_while(address);
    counted(hops.find(|hop| !trusted(hop)).unwrap_or(peer))
}

/// An address, also as `1.2.3.4:5` and `[::1]:5`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let parsed = bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from_bits(long.to_bits() & NETWORK)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str]) -> String {
        let headers = forwarded.iter().map(|line| (FORWARDED_FOR, line.parse().unwrap()));
        let headers: HeaderMap = headers.collect();
        let proxies = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client(Peer(SocketAddr::new(peer.parse().unwrap(), 1)), &headers, &proxies).to_string()
    }

    #[test]
    fn only_a_proxy_that_is_trusted_says_who_it_heard_from() {
        assert_eq!(found("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(found("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(found("::ffff:10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_says_of_itself_is_not_believed() {
        assert_eq!(found("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(found("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"]), "10.0.0.1");
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(found("2001:db8:1:2:3::4", &[]), "2001:db8:1:2::");
        assert_eq!(found("::1", &["[2001:db8:1:2:9::9]"]), "2001:db8:1:2::");
    }
}
