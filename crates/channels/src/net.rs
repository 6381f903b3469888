//! The one way out: every connection an adapter opens goes through [`Net`], which resolves names itself, refuses addresses that are not
//! public (SSRF) and connects to the very address it checked, so a name cannot change its meaning in between (DNS rebinding).

use std::error::Error as StdError;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::{Failure, Limits};

/// Redirects followed before giving up. Feeds in the wild need two (http → https → www).
const MAX_REDIRECTS: usize = 5;
/// How long one connection attempt may take; an answer has the request's own timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What this installation may talk to. Made by the binary from its configuration.
#[derive(Debug, Clone, Default)]
pub struct NetPolicy {
    /// Ranges that are reachable although they are not public: a mail server in the own network, a feed on the intranet.
    pub allow_private: Vec<Cidr>,
    /// PEM file with further certificate authorities, trusted besides the system's.
    pub extra_ca: Option<PathBuf>,
}

impl NetPolicy {
    /// Says what is wrong with the policy, for `tresen doctor`: [`Net::new`] itself only logs it and goes on with the system's roots.
    pub fn check(&self) -> Result<(), Failure> {
        match &self.extra_ca {
            Some(path) => read_pem(path).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Whether this policy lets a connection go to `address`.
    pub fn allows(&self, address: IpAddr) -> bool {
        let inner = embedded_v4(address);
        let named = |ip: IpAddr| self.allow_private.iter().any(|range| range.contains(ip));
        named(address) || inner.is_some_and(|v4| named(IpAddr::V4(v4))) || is_public(address)
    }
}

/// A range of addresses, `10.0.0.0/8`, `fd00::/8` or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

impl Cidr {
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.bits);
                u64::from(base.to_bits()) >> shift == u64::from(ip.to_bits()) >> shift
            }
            (IpAddr::V6(base), IpAddr::V6(ip)) => {
                let shift = 128 - u32::from(self.bits);
                base.to_bits().checked_shr(shift).unwrap_or(0) == ip.to_bits().checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

/// Text that is no address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address range: {0}")]
pub struct InvalidCidr(pub String);

impl FromStr for Cidr {
    type Err = InvalidCidr;
    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let wrong = || InvalidCidr(text.to_owned());
        let (base, bits) = match text.trim().split_once('/') {
            Some((base, bits)) => (base.parse::<IpAddr>().map_err(|_| wrong())?, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.trim().parse::<IpAddr>().map_err(|_| wrong())?, None),
        };
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(wrong()) } else { Ok(Self { base, bits }) }
    }
}

impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The IPv4 address that an IPv6 one leads to: mapped (RFC 4291 §2.5.5.2), compatible (§2.5.5.1), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = address else { return None };
    let bits = ip.to_bits();
    let low = Ipv4Addr::from_bits(bits as u32);
    if bits >> 32 == 0xffff || bits >> 32 == 0x0064_ff9b << 64 || (bits >> 32 == 0 && bits > 1) {
        return Some(low);
    }
    (bits >> 112 == 0x2002).then(|| Ipv4Addr::from_bits((bits >> 80) as u32))
}

/// Whether an address is on the public Internet (IANA special-purpose registries, RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(address) {
            // Compatible addresses (::a.b.c.d) are long withdrawn; nothing public is there.
            Some(_) if ip.to_bits() >> 32 == 0 => false,
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    const REFUSED: [(u32, u32); 15] = [
        (0x0000_0000, 8),  // this network, 0.0.0.0
        (0x0a00_0000, 8),  // private, RFC 1918
        (0x6440_0000, 10), // carrier-grade NAT, RFC 6598
        (0x7f00_0000, 8),  // loopback
        (0xa9fe_0000, 16), // link-local, among it the clouds' metadata 169.254.169.254
        (0xac10_0000, 12), // private
        (0xc000_0000, 24), // IETF protocol assignments
        (0xc000_0200, 24), // documentation, RFC 5737
        (0xc058_6300, 24), // 6to4 relays, withdrawn
        (0xc0a8_0000, 16), // private
        (0xc612_0000, 15), // benchmarks, RFC 2544
        (0xc633_6400, 24), // documentation
        (0xcb00_7100, 24), // documentation
        (0xe000_0000, 4),  // multicast
        (0xf000_0000, 4),  // reserved, broadcast
    ];
    // Azure's metadata and DNS service answers on one address out of a public range.
    const AZURE: u32 = 0xa83f_8110;
    let bits = ip.to_bits();
    bits != AZURE && !REFUSED.iter().any(|(base, len)| bits >> (32 - len) == base >> (32 - len))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Only 2000::/3 is handed out; that excludes loopback, unique-local, link-local, multicast, discard and the local NAT64 prefixes.
    s[0] & 0xe000 == 0x2000
        && !(s[0] == 0x2001 && s[1] < 0x0200) // protocol assignments: Teredo, benchmarks, ORCHID
        && !(s[0] == 0x2001 && s[1] == 0x0db8) // documentation
        && !(s[0] == 0x3fff && s[1] < 0x1000) // documentation, RFC 9637
}

/// Ports browsers refuse too (WHATWG Fetch, "bad port"): a feed's address must not be a way to talk to other services.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115,
    117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601,
    636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
    6697,
];

/// One GET. Redirects are followed by [`Net::get`], every hop checked.
#[derive(Debug, Clone)]
pub struct Request {
    pub url: Url,
    pub headers: HeaderMap,
    /// Bytes of the answer after decompression; more is [`Failure::TooLarge`].
    pub max_body: usize,
    /// For everything together: redirects, headers, body.
    pub timeout: Duration,
}

impl Request {
    pub fn new(url: Url, limits: &Limits) -> Self {
        Self { url, headers: HeaderMap::new(), max_body: limits.http_body, timeout: limits.timeout }
    }
    /// Adds a header; a value that cannot stand in one (line breaks) is left out.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Where the answer came from in the end.
    pub url: Url,
    /// Where the thing lives from now on: the last stop of the *unbroken* run of permanent redirects (301, 308) at the beginning.
    pub moved_to: Option<Url>,
}

impl Response {
    /// A header as text; `None` when it is missing or not ASCII.
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The guarded way out. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Net(Arc<Inner>);

struct Inner {
    policy: NetPolicy,
    tls: Arc<rustls::ClientConfig>,
    http: Result<reqwest::Client, Failure>,
}

impl Net {
    pub fn new(policy: NetPolicy) -> Self {
        let tls = Arc::new(client_config(&policy));
        let http = reqwest::Client::builder()
            .user_agent(concat!("Tresen/", env!("CARGO_PKG_VERSION"), " (+feed reader)"))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment would connect for us, past every check.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .tls_backend_preconfigured((*tls).clone())
            .dns_resolver(Arc::new(Guard(policy.clone())))
            .build()
            .map_err(|error| Failure::Tls { detail: error.to_string() });
        Self(Arc::new(Inner { policy, tls, http }))
    }

    /// The TLS configuration of every connection: ring, the system's roots and the policy's own. For adapters that speak TLS themselves.
    pub fn tls(&self) -> Arc<rustls::ClientConfig> {
        Arc::clone(&self.0.tls)
    }

    /// Fetches over HTTP or HTTPS. Any status is an answer; failures are those of the way: [`Failure::Refused`], `Unreachable`, `Tls`, `TooLarge`.
    pub async fn get(&self, request: Request) -> Result<Response, Failure> {
        let timeout = request.timeout;
        match tokio::time::timeout(timeout, self.follow(request)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Unreachable { detail: format!("no answer within {} s", timeout.as_secs_f32()) }),
        }
    }

    async fn follow(&self, request: Request) -> Result<Response, Failure> {
        let client = self.0.http.as_ref().map_err(Clone::clone)?;
        let mut url = request.url;
        let mut moved_to = None;
        let mut permanent_so_far = true;
        for _ in 0..=MAX_REDIRECTS {
            self.check_url(&url)?;
            let answer = client.get(url.clone()).headers(request.headers.clone()).send().await.map_err(|error| explain(&error))?;
            let status = answer.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308)
                && let Some(target) = answer.headers().get(LOCATION)
            {
                // Locations come as raw UTF-8 in the wild; RFC 9110 §10.2.2 knows only ASCII.
                let target = String::from_utf8_lossy(target.as_bytes()).into_owned();
                let next = url.join(target.trim()).map_err(|_| Failure::Garbage { detail: "redirect to no address".into() })?;
                permanent_so_far &= matches!(status, 301 | 308);
                if permanent_so_far {
                    moved_to = Some(next.clone());
                }
                url = next;
                continue;
            }
            return read_body(answer, request.max_body, url, moved_to).await;
        }
        Err(Failure::Unreachable { detail: format!("more than {MAX_REDIRECTS} redirects") })
    }

    /// Scheme, port and, for literal addresses, the address itself; names are checked when they are resolved.
    fn check_url(&self, url: &Url) -> Result<(), Failure> {
        let refused = |detail: String| Err(Failure::Refused { detail });
        if !matches!(url.scheme(), "http" | "https") {
            return refused(format!("scheme {}", url.scheme()));
        }
        if url.port().is_some_and(|port| BAD_PORTS.contains(&port)) {
            return refused(format!("port {}", url.port().unwrap_or(0)));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) => return Ok(()),
            None => return refused("no host".into()),
        };
        if self.0.policy.allows(literal) { Ok(()) } else { refused(literal.to_string()) }
    }

    /// Opens a TCP connection to `host` (name or literal address, brackets allowed) for mail. Tries its allowed addresses in order.
    pub async fn connect_tcp(&self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let addresses = resolve(&self.0.policy, host.trim_start_matches('[').trim_end_matches(']'), port).await?;
        let mut last = Failure::Unreachable { detail: format!("{host} has no address") };
        for address in addresses {
            match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Mail dialogues are short lines each waiting for the answer to the last.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = Failure::Unreachable { detail: error.to_string() },
                Err(_) => last = Failure::Unreachable { detail: format!("{address} does not answer") },
            }
        }
        Err(last)
    }
}

async fn read_body(mut answer: reqwest::Response, max: usize, url: Url, moved_to: Option<Url>) -> Result<Response, Failure> {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let mut body = Vec::new();
    // Chunks are counted after decompression: a bomb never gets larger than one chunk past the limit.
    while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > max {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body, url, moved_to })
}

/// Resolves a name and keeps the addresses the policy allows. All of them refused is [`Failure::Refused`].
async fn resolve(policy: &NetPolicy, host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let found: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| Failure::Unreachable { detail: format!("{host}: {error}") })?
            .collect(),
    };
    let Some(first) = found.first().copied() else {
        return Err(Failure::Unreachable { detail: format!("{host} has no address") });
    };
    let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| policy.allows(address.ip())).collect();
    if allowed.is_empty() { Err(Failure::Refused { detail: format!("{host} is {}", first.ip()) }) } else { Ok(allowed) }
}

/// Hands reqwest only addresses that were checked.
struct Guard(NetPolicy);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let allowed = resolve(&policy, name.as_str(), 0).await?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Finds the reason at the bottom of reqwest's chain of errors.
fn explain(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    let mut detail = String::new();
    while let Some(current) = cause {
        if let Some(failure) = current.downcast_ref::<Failure>() {
            return failure.clone();
        }
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return Failure::Tls { detail: tls.to_string() };
        }
        // An io::Error's `source` is that of what it wraps, so the wrapped error itself would be passed over; and they are wrapped in each other.
        let mut io = current.downcast_ref::<std::io::Error>();
        while let Some(wrapped) = io.and_then(std::io::Error::get_ref) {
            if let Some(tls) = wrapped.downcast_ref::<rustls::Error>() {
                return Failure::Tls { detail: tls.to_string() };
            }
            io = wrapped.downcast_ref();
        }
        detail = current.to_string();
        cause = current.source();
    }
    if error.is_decode() { Failure::Garbage { detail } } else { Failure::Unreachable { detail } }
}

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let wrong = |detail: String| Failure::Tls { detail: format!("{}: {detail}", path.display()) };
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?.collect();
    let found = found.map_err(|error| wrong(error.to_string()))?;
    if found.is_empty() { Err(wrong("no certificate in it".into())) } else { Ok(found) }
}

fn client_config(policy: &NetPolicy) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "a certificate store of the system could not be read");
    }
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = &policy.extra_ca {
        match read_pem(path) {
            Ok(found) => {
                roots.add_parsable_certificates(found);
            }
            Err(error) => tracing::error!(%error, "the further certificate authorities could not be read"),
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_in_every_disguise() {
        let policy = NetPolicy::default();
        for refused in [
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!policy.allows(ip(refused)), "{refused}");
        }
        for public in [
            "1.1.1.1",
            "9.9.9.9",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "64:ff9b::101:101",
            "::ffff:9.9.9.9",
            "2002:101:101::1",
        ] {
            assert!(policy.allows(ip(public)), "{public}");
        }
    }

    #[test]
    fn an_allowed_range_opens_exactly_itself() {
        let policy = NetPolicy { allow_private: vec!["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()], extra_ca: None };
        for open in ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd12::1"] {
            assert!(policy.allows(ip(open)), "{open}");
        }
        for shut in ["10.0.255.255", "10.2.0.0", "fc00::1", "127.0.0.1", "::1"] {
            assert!(!policy.allows(ip(shut)), "{shut}");
        }
        let everything = NetPolicy { allow_private: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()], extra_ca: None };
        assert!(everything.allows(ip("127.0.0.1")) && everything.allows(ip("::1")));
    }

    #[test]
    fn ranges_are_read_and_nonsense_is_not() {
        assert!("192.0.2.7".parse::<Cidr>().unwrap().contains(ip("192.0.2.7")));
        assert!(!"192.0.2.7".parse::<Cidr>().unwrap().contains(ip("192.0.2.8")));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "host/8", "10.0.0.0/-1"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_are_refused_by_scheme_port_and_literal_address() {
        let net = Net::new(NetPolicy::default());
        for refused in [
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
            "http://example.org:25/",
            "http://example.org:6379/",
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0/",
        ] {
            let url = Url::parse(refused).unwrap();
            assert!(matches!(net.check_url(&url), Err(Failure::Refused { .. })), "{refused}");
        }
        for fine in ["https://example.org/feed", "http://example.org:8080/feed", "https://9.9.9.9/"] {
            assert_eq!(net.check_url(&Url::parse(fine).unwrap()), Ok(()), "{fine}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused_for_http_and_for_mail() {
        let net = Net::new(NetPolicy::default());
        let request = Request::new(Url::parse("http://localhost:8080/").unwrap(), &Limits::default());
        assert!(matches!(net.get(request).await, Err(Failure::Refused { .. })));
        assert!(matches!(net.connect_tcp("localhost", 143).await, Err(Failure::Refused { .. })));
        assert!(matches!(net.connect_tcp("[::1]", 143).await, Err(Failure::Refused { .. })));
    }

    #[tokio::test]
    async fn mail_connects_to_a_host_the_policy_allows() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let net = Net::new(NetPolicy { allow_private: vec!["127.0.0.0/8".parse().unwrap()], extra_ca: None });
        assert!(net.connect_tcp("127.0.0.1", port).await.is_ok());
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_told_from_one_that_is_down() {
        use tokio::io::AsyncWriteExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\nplain text only").await.unwrap();
            std::future::pending::<()>().await;
        });
        let net = Net::new(NetPolicy { allow_private: vec!["127.0.0.0/8".parse().unwrap()], extra_ca: None });
        let get = |url: String| net.get(Request::new(Url::parse(&url).unwrap(), &Limits::default()));
        let failure = get(format!("https://127.0.0.1:{port}/")).await.err();
        assert!(matches!(failure, Some(Failure::Tls { .. })), "{failure:?}");
        let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let failure = get(format!("http://{nobody}/")).await.err();
        assert!(matches!(failure, Some(Failure::Unreachable { .. })), "{failure:?}");
    }

    #[test]
    fn a_missing_or_empty_authority_file_is_named_by_the_check() {
        let policy = NetPolicy { allow_private: vec![], extra_ca: Some("/nonexistent/ca.pem".into()) };
        assert!(matches!(policy.check(), Err(Failure::Tls { .. })));
        assert!(NetPolicy::default().check().is_ok());
    }
}
