//! A proxy that fails as networks and servers fail, on the paid legs only: it reads whole messages
//! (HTTP/1.1), so a cut falls on exactly the byte that was asked for.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::sleep,
};

/// What happens to one paid leg.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// So many bytes of the request arrive, then both connections end.
    CutRequest(usize),
    /// The server answers, so many bytes of it arrive, then the connection ends.
    CutResponse(usize),
    /// The answer comes this much later.
    Delay(Duration),
    /// Request and answer come in pieces of this many bytes, with this pause between them.
    Trickle(usize, Duration),
    /// The server gets the request twice at once; the later answer is passed on.
    Duplicate,
    /// The server answers, and this comes in its place.
    Replace(Vec<u8>),
    /// The server gets nothing; this is the answer.
    Withhold(Vec<u8>),
    /// So many bytes of the request arrive, then nothing more happens.
    HoldRequest(usize),
    /// The server answers, so many bytes of it arrive, then nothing more happens.
    HoldResponse(usize),
}

/// A paid leg as it went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leg {
    /// Bytes of the request.
    pub request: usize,
    /// Bytes of the server's answer; 0 if it was not asked or did not answer.
    pub response: usize,
}

/// The proxy; it ends with the runtime.
#[derive(Clone, Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    held: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    upstream: SocketAddr,
    plan: VecDeque<Fault>,
    always: Fault,
    legs: Vec<Leg>,
    arrived: usize,
    unpaid: usize,
}

impl FaultProxy {
    /// Listens on a free loopback port and passes everything on to `upstream`.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (plan, always, legs) = (VecDeque::new(), Fault::None, Vec::new());
        let state = Mutex::new(State { upstream, plan, always, legs, arrived: 0, unpaid: 0 });
        let shared = Arc::new(Shared { state, held: watch::Sender::new(0) });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&serving)));
            }
        });
        Ok(Self { address, shared })
    }

    /// Base address for a client.
    pub fn api_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// What happens to the next paid legs, in this order, and then to all others.
    pub fn plan(&self, next: impl IntoIterator<Item = Fault>, always: Fault) {
        let mut state = self.shared.lock();
        (state.plan, state.always) = (next.into_iter().collect(), always);
    }

    /// Passes on to another address from the next leg on.
    pub fn redirect(&self, upstream: SocketAddr) {
        self.shared.lock().upstream = upstream;
    }

    /// Paid legs that came from clients so far.
    pub fn arrived(&self) -> usize {
        self.shared.lock().arrived
    }

    /// Requests without a payment that came from clients so far.
    pub fn unpaid(&self) -> usize {
        self.shared.lock().unpaid
    }

    /// The paid legs that went on to the server and have ended, each as often as it was sent.
    pub fn legs(&self) -> Vec<Leg> {
        self.shared.lock().legs.clone()
    }

    /// Waits until a paid leg is held.
    pub async fn held(&self) {
        // The sender lives as long as the proxy.
        let _ = self.shared.held.subscribe().wait_for(|held| *held > 0).await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, paid: bool) -> (Fault, SocketAddr) {
        let mut state = self.lock();
        state.arrived += usize::from(paid);
        state.unpaid += usize::from(!paid);
        let fault = match paid {
            true => state.plan.pop_front().unwrap_or_else(|| state.always.clone()),
            false => Fault::None,
        };
        (fault, state.upstream)
    }

    fn note(&self, request: usize, response: usize) {
        self.lock().legs.push(Leg { request, response });
    }

    async fn hold(&self) {
        self.held.send_modify(|held| *held += 1);
        std::future::pending().await
    }
}

async fn serve(mut client: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut rest = Vec::new();
    while let Some(request) = message(&mut client, &mut rest).await? {
        let paid = is_paid(&request);
        let (fault, upstream) = shared.next(paid);
        let leg = Exchange { shared: &shared, upstream, request: &request, paid };
        if !leg.run(&mut client, fault).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// One leg on its way.
struct Exchange<'a> {
    shared: &'a Shared,
    upstream: SocketAddr,
    request: &'a [u8],
    paid: bool,
}

impl Exchange<'_> {
    /// Whether the client's connection goes on.
    async fn run(&self, client: &mut TcpStream, fault: Fault) -> io::Result<bool> {
        match fault {
            Fault::None => client.write_all(&self.answer().await?).await?,
            Fault::CutRequest(bytes) => {
                self.deliver(bytes).await?;
                return Ok(false);
            }
            Fault::CutResponse(bytes) => {
                let answer = self.answer().await?;
                client.write_all(&answer[..bytes.min(answer.len())]).await?;
                return Ok(false);
            }
            Fault::Delay(pause) => {
                let answer = self.answer().await?;
                sleep(pause).await;
                client.write_all(&answer).await?;
            }
            Fault::Trickle(bytes, pause) => {
                let mut server = TcpStream::connect(self.upstream).await?;
                trickle(&mut server, self.request, bytes, pause).await?;
                let answer = self.receive(&mut server).await?;
                trickle(client, &answer, bytes, pause).await?;
            }
            Fault::Duplicate => {
                let (first, second) = tokio::join!(self.answer(), self.answer());
                first?;
                client.write_all(&second?).await?;
            }
            Fault::Replace(answer) => {
                self.answer().await?;
                client.write_all(&answer).await?;
            }
            Fault::Withhold(answer) => {
                self.shared.note(self.request.len(), 0);
                client.write_all(&answer).await?;
            }
            Fault::HoldRequest(bytes) => {
                let _open = self.deliver(bytes).await?;
                self.shared.hold().await;
            }
            Fault::HoldResponse(bytes) => {
                let answer = self.answer().await?;
                client.write_all(&answer[..bytes.min(answer.len())]).await?;
                self.shared.hold().await;
            }
        }
        Ok(true)
    }

    /// Delivers the beginning of the request and does not wait for an answer.
    async fn deliver(&self, bytes: usize) -> io::Result<TcpStream> {
        self.shared.note(self.request.len(), 0);
        let mut server = TcpStream::connect(self.upstream).await?;
        server.write_all(&self.request[..bytes.min(self.request.len())]).await?;
        Ok(server)
    }

    async fn answer(&self) -> io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.upstream).await?;
        server.write_all(self.request).await?;
        self.receive(&mut server).await
    }

    async fn receive(&self, server: &mut TcpStream) -> io::Result<Vec<u8>> {
        let answer = message(server, &mut Vec::new()).await;
        if self.paid {
            let bytes = answer.as_ref().ok().and_then(Option::as_ref).map_or(0, Vec::len);
            self.shared.note(self.request.len(), bytes);
        }
        answer?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

async fn trickle(
    stream: &mut TcpStream,
    message: &[u8],
    bytes: usize,
    pause: Duration,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    for piece in message.chunks(bytes) {
        stream.write_all(piece).await?;
        sleep(pause).await;
    }
    Ok(())
}

/// One message; `None` at the end of the connection. What follows it stays in `rest`.
async fn message(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(length) = message_length(rest)? {
            let next = rest.split_off(length);
            return Ok(Some(std::mem::replace(rest, next)));
        }
        if stream.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    }
}

/// Length of the message at the beginning of these bytes, once all of it is there.
fn message_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = head + 4;
    if text.contains("\r\ntransfer-encoding: chunked") {
        return Ok(chunked_length(&bytes[body..])?.map(|length| body + length));
    }
    let length = text.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(Ok(0), |digits| digits.trim().parse::<usize>());
    let whole = body + length.map_err(io::Error::other)?;
    Ok((bytes.len() >= whole).then_some(whole))
}

/// Length of a body in chunks without trailers.
fn chunked_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
        let digits = String::from_utf8_lossy(&rest[..line]);
        let size = usize::from_str_radix(&digits, 16).map_err(io::Error::other)?;
        at += line + 2 + size + 2;
        if size == 0 {
            return Ok((bytes.len() >= at).then_some(at));
        }
    }
}

fn is_paid(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    head.contains("\r\npayment-signature:") || head.contains("\r\nx-payment:")
}
