//! HTTP/1.1 over one connection that is kept open: send, read the head, read the body.

use std::net::SocketAddr;
use std::time::Instant;

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{histogram, micros};

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Sends a GraphQL request and answers the body; anything but 200 ends the benchmark.
    pub async fn post(&mut self, token: &str, body: &str) -> String {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let (head, body) = self.answer().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
        body
    }

    /// Whether a path answers 200.
    pub async fn is_fine(&mut self, path: &str) -> bool {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.answer().await.0.starts_with("HTTP/1.1 200")
    }

    async fn answer(&mut self) -> (String, String) {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let length = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next()?.trim().parse().ok())
                    .unwrap_or(0_usize);
                let whole = end + 4 + length;
                if self.buffer.len() >= whole {
                    let body = String::from_utf8_lossy(&self.buffer[end + 4..whole]).into_owned();
                    self.buffer.drain(..whole);
                    return (head.to_uppercase(), body);
                }
            }
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server closed the connection");
        }
    }

    /// Becomes a WebSocket that was let in and listens to `query`.
    pub async fn listen(mut self, token: &str, query: &str) -> Listener {
        let upgrade = "GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
        self.stream.write_all(upgrade.as_bytes()).await.unwrap();
        let (head, _) = self.answer().await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        let mut listener = Listener(self);
        let init = format!(
            r#"{{"type":"connection_init","payload":{{"authorization":"Bearer {token}"}}}}"#
        );
        listener.say(&init).await;
        assert!(listener.hear().await.contains("connection_ack"));
        let subscribe =
            serde_json::json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
        listener.say(&subscribe.to_string()).await;
        listener
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// An open WebSocket: text frames, each in one piece.
pub struct Listener(Client);

impl Listener {
    async fn say(&mut self, text: &str) {
        let length = u16::try_from(text.len()).unwrap();
        let mut frame = match length {
            0..126 => vec![0x81, 0x80 | u8::try_from(length).unwrap()],
            _ => [&[0x81, 0x80 | 126][..], &length.to_be_bytes()].concat(),
        };
        // A client's frames are masked; a mask of zeros changes nothing.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.stream.write_all(&frame).await.unwrap();
    }

    /// The next message; pings are answered on the way.
    pub async fn hear(&mut self) -> String {
        loop {
            let buffer = &mut self.0.buffer;
            if let Some((start, end)) = frame(buffer) {
                let text = String::from_utf8_lossy(&buffer[start..end]).into_owned();
                buffer.drain(..end);
                if !text.contains(r#""type":"ping""#) {
                    return text;
                }
                self.say(r#"{"type":"pong"}"#).await;
            } else {
                let read = self.0.stream.read_buf(buffer).await.unwrap();
                assert!(read > 0, "the server closed a socket");
            }
        }
    }
}

/// Where the payload of the first whole frame begins and ends.
fn frame(buffer: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *buffer.get(1)? {
        126 => (
            4,
            usize::from(u16::from_be_bytes([*buffer.get(2)?, *buffer.get(3)?])),
        ),
        length => (2, usize::from(length)),
    };
    (buffer.len() >= start + length).then_some((start, start + length))
}

/// How a number of requests went.
pub struct Run {
    pub per_second: f64,
    pub delays: Histogram<u64>,
}

/// Sends every request once, over so many connections, each of which has one request on its way.
pub async fn drive(address: SocketAddr, connections: usize, requests: &[(String, String)]) -> Run {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(address).await);
    }
    let next = std::cell::Cell::new(0);
    let begun = Instant::now();
    let workers = clients.iter_mut().map(async |client| {
        let mut delays = histogram();
        while let Some((token, body)) = requests.get(next.replace(next.get() + 1)) {
            let sent = Instant::now();
            let answer = client.post(token, body).await;
            delays.record(micros(sent.elapsed())).unwrap();
            assert!(answer.contains(r#""status":"ACTIVE""#), "{answer}");
        }
        delays
    });
    let all = join_all(workers).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let mut delays = histogram();
    for one in all {
        delays.add(one).unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per_second = requests.len() as f64 / elapsed;
    Run { per_second, delays }
}
