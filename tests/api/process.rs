//! The real binary as a process of its own, which can be killed, and a client that talks to it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use zamu_schema::migrate::Target;

use super::server::PROTOCOL;
use super::support::SECRET;

/// No answer takes longer: the server gives up a request after ten seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// `zamu serve`, running.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    /// The lines it logged as errors.
    errors: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts the server on a database and waits until it listens.
    pub(crate) async fn start(target: &Target, folder: &Path) -> Self {
        let url = match target {
            Target::Sqlite(path) => format!("sqlite:{}", path.display()),
            Target::Postgres(url) => url.clone(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_zamu"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .env_clear()
            .env("DATABASE_URL", url)
            .env("ZAMU_DATA_DIR", folder)
            .env("ZAMU_SECRET", SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let errors = Arc::new(Mutex::new(Vec::new()));
        let (said, listens) = oneshot::channel();
        let kept = Arc::clone(&errors);
        std::thread::spawn(move || {
            let mut said = Some(said);
            for line in lines.map_while(Result::ok) {
                if let Some(address) = address(&line)
                    && let Some(said) = said.take()
                {
                    let _ = said.send(address);
                }
                if line.contains("ERROR") {
                    kept.lock().unwrap().push(line);
                }
            }
        });
        let listening = tokio::time::timeout(Duration::from_mins(1), listens).await;
        let address = listening.unwrap().unwrap();
        Self {
            child,
            address,
            errors,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL: it ends in the middle of whatever it does.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.errors()
    }

    /// SIGTERM: it is asked to end.
    pub(crate) fn ask_to_stop(&self) {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(asked.unwrap().success());
    }

    /// How it ended by itself.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(within, waiting).await.unwrap()
    }

    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that fails leaves no process behind; one that has ended cannot be killed, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listens: http://")?;
    rest.split('/').next()?.parse().ok()
}

/// Sends one operation; nothing if no whole answer came back.
pub(crate) async fn ask(
    http: &reqwest::Client,
    address: SocketAddr,
    authorization: &str,
    query: &str,
    variables: &Value,
) -> Option<Value> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let asked = http
        .post(format!("http://{address}/graphql"))
        .header("content-type", "application/json")
        .header("authorization", authorization)
        .timeout(PATIENCE)
        .body(body);
    let answer = asked.send().await.ok()?;
    let text = answer.text().await.ok()?;
    serde_json::from_str(&text).ok()
}

/// A subscription over a socket, until it breaks.
pub(crate) struct Feed {
    stream: tokio_tungstenite::WebSocketStream<
        tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>,
    >,
}

impl Feed {
    pub(crate) async fn open(
        address: SocketAddr,
        authorization: &str,
        query: &str,
        variables: &Value,
    ) -> Option<Self> {
        let mut request = format!("ws://{address}/graphql")
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("sec-websocket-protocol", PROTOCOL.parse().unwrap());
        let (stream, _) = tokio_tungstenite::connect_async(request).await.ok()?;
        let mut feed = Self { stream };
        feed.say(
            &json!({ "type": "connection_init", "payload": { "Authorization": authorization } }),
        )
        .await?;
        let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": query, "variables": variables } });
        feed.say(&subscribe).await?;
        Some(feed)
    }

    async fn say(&mut self, message: &Value) -> Option<()> {
        self.stream
            .send(Message::text(message.to_string()))
            .await
            .ok()
    }

    /// The next answer of the subscription, or its error; nothing when the socket has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let Message::Text(text) = self.stream.next().await?.ok()? else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            match message["type"].as_str() {
                Some("next") => return Some(message["payload"].clone()),
                Some("error") => return Some(json!({ "errors": message["payload"] })),
                Some("ping") => self.say(&json!({ "type": "pong" })).await?,
                Some("complete") => return None,
                _ => {}
            }
        }
    }
}
