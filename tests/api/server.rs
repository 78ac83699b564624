//! A real server on a loopback port, and the two ways of talking to it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use zamu::http::{Deadlines, Options, Running};

use super::support::TestApp;

pub(crate) const PROTOCOL: &str = "graphql-transport-ws";
/// No test waits longer for something that should come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Server {
    pub(crate) app: TestApp,
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with_deadlines(deadlines: Deadlines) -> Self {
        Self::with(Options { deadlines, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let app = TestApp::start().await;
        let running = zamu::http::bind(app.app.clone(), "127.0.0.1:0".parse().unwrap(), options).await.unwrap();
        let http = reqwest::Client::builder().build().unwrap();
        Self { app, running, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address())
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.url(path))
    }

    /// A POST to the API with a body as it is.
    pub(crate) fn post(&self, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.http.post(self.url("/graphql")).header("content-type", "application/json").body(body)
    }

    /// Asks in the media type of the specification: status, body.
    pub(crate) async fn ask(&self, body: &Value) -> (u16, Value) {
        let asked = self.post(body.to_string()).header("accept", "application/graphql-response+json");
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// The code of the first error a document gets, with its status.
    pub(crate) async fn refusal(&self, query: &str) -> (u16, String) {
        let (status, body) = self.ask(&json!({ "query": query })).await;
        assert!(body.get("data").is_none(), "{body}");
        (status, body["errors"][0]["extensions"]["code"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn socket(&self) -> Socket {
        self.socket_with(Some(PROTOCOL), None).await
    }

    pub(crate) async fn socket_with(&self, protocol: Option<&str>, authorization: Option<&str>) -> Socket {
        let mut request = format!("ws://{}/graphql", self.running.address()).into_client_request().unwrap();
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        }
        if let Some(authorization) = authorization {
            request.headers_mut().insert("authorization", authorization.parse().unwrap());
        }
        let socket = TcpSocket::new_v4().unwrap();
        // Small, so that a reader that stops reading is felt soon.
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(self.running.address()).await.unwrap();
        let stream = MaybeTlsStream::Plain(stream);
        let (stream, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Socket { stream }
    }

    /// A socket that has been let in with these credentials.
    pub(crate) async fn welcome(&self, authorization: &str) -> Socket {
        let mut socket = self.socket().await;
        socket.say(&json!({ "type": "connection_init", "payload": { "Authorization": authorization } })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }
}

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn say_binary(&mut self) {
        self.stream.send(Message::binary(vec![1_u8])).await.unwrap();
    }

    /// The next message, which is one.
    pub(crate) async fn hear(&mut self) -> Value {
        match tokio::time::timeout(PATIENCE, self.stream.next()).await.unwrap().unwrap().unwrap() {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code and the reason the server closes with, after whatever it still says.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.unwrap();
            if let Some(Ok(Message::Close(Some(frame)))) = &message {
                return (frame.code.into(), frame.reason.to_string());
            }
            assert!(matches!(message, Some(Ok(_))), "no closing frame: {message:?}");
        }
    }

    pub(crate) async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }
}
