//! graphql-transport-ws: one conversation for each socket.
//!
//! Three futures run side by side and the first to end ends the socket: one writes, one converses, one watches. The
//! conversation takes up work only when there is room for an answer, so a reader that stops reading stops its own
//! streams from being polled, costs a bounded number of messages, and harms nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::Poll;
use std::time::Duration;

use async_graphql::Response;
use futures_util::stream::{BoxStream, SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use poem::web::websocket::{Message, WebSocket, WebSocketStream};
use poem::{FromRequest as _, IntoResponse as _, Request, RequestBody};
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::watch;

use super::entry::{self, Guest};
use super::protocol::{self, Farewell, Heard, Said};
use super::server::Web;
use super::{answer, execution, operation};
use crate::graphql::context::Origin;
use crate::graphql::{error, limits};
use crate::kernel::error::{Code, Error};
use crate::telemetry::Open;

/// Messages waiting for a reader.
const OUTBOUND: usize = 64;
/// Pings without any sign of life.
const MISSES: u8 = 2;
/// For the closing frame and the peer's own.
const GOODBYE: Duration = Duration::from_secs(1);

/// Answers the upgrade and starts the conversation.
pub(super) fn upgrade(web: &Arc<Web>, request: Request) -> poem::Response {
    let origin = entry::origin(&request, web.options.trusted_proxy);
    let authorization = entry::authorization(request.headers()).ok().flatten();
    let offered = request.header("sec-websocket-protocol").unwrap_or_default();
    let is_ours = offered.split(',').any(|name| name.trim() == protocol::NAME);
    let (request, mut body) = request.split();
    let upgrading = futures_util::FutureExt::now_or_never(socket_of(&request, &mut body));
    let Some(Ok(socket)) = upgrading else {
        return poem::Response::builder()
            .status(poem::http::StatusCode::BAD_REQUEST)
            .body("not a WebSocket upgrade");
    };
    let web = Arc::clone(web);
    let begin = move |stream: WebSocketStream| async move {
        let tasks = web.app.clone();
        // The server waits for its sockets when it stops.
        tasks.tasks().spawn(async move {
            let _open = Open::one("zamu_sockets_open");
            let conversation = Conversation::new(web, origin, authorization, is_ours);
            Box::pin(conversation.hold(stream)).await;
        });
    };
    socket
        .protocols([protocol::NAME])
        .config(config())
        .on_upgrade(begin)
        .into_response()
}

async fn socket_of(request: &Request, body: &mut RequestBody) -> poem::Result<WebSocket> {
    WebSocket::from_request(request, body).await
}

fn config() -> poem::web::websocket::WebSocketConfig {
    // Above our own limit, so that what is a little too long can be told so.
    poem::web::websocket::WebSocketConfig::default()
        .max_message_size(Some(limits::MESSAGE_BYTES * 4))
        .max_frame_size(Some(limits::MESSAGE_BYTES * 4))
}

struct Conversation {
    web: Arc<Web>,
    origin: Origin,
    /// From the header of the upgrade; `connection_init` may bring another.
    authorization: Option<String>,
    is_ours: bool,
    has_begun: bool,
    /// Whoever `connection_init` introduced; the watcher waits for it.
    guest: watch::Sender<Option<Guest>>,
    silence: Arc<AtomicU8>,
    running: Vec<Running>,
}

/// One operation that has not completed.
struct Running {
    id: String,
    answers: BoxStream<'static, Response>,
}

impl Conversation {
    fn new(web: Arc<Web>, origin: Origin, authorization: Option<String>, is_ours: bool) -> Self {
        let (guest, _) = watch::channel(None);
        let silence = Arc::new(AtomicU8::new(0));
        Self {
            web,
            origin,
            authorization,
            is_ours,
            has_begun: false,
            guest,
            silence,
            running: Vec::new(),
        }
    }

    /// Talks until somebody has had enough, then says why.
    async fn hold(mut self, stream: WebSocketStream) {
        let (mut sink, mut incoming) = stream.split();
        let (outbox, mut queue) = mpsc::channel(OUTBOUND);
        let watcher = Watcher {
            web: Arc::clone(&self.web),
            guest: self.guest.subscribe(),
            silence: Arc::clone(&self.silence),
            outbox: outbox.clone(),
        };
        let farewell = if self.is_ours {
            tokio::select! {
                farewell = watcher.watch() => farewell,
                farewell = self.converse(&mut incoming, outbox) => farewell,
                () = write(&mut sink, &mut queue) => Farewell::done(),
            }
        } else {
            Farewell::wrong_protocol()
        };
        // Streams and their permits end here, before anybody waits for the peer.
        drop(self);
        let goodbye = async {
            let _ = sink
                .send(Message::close_with(farewell.code, farewell.reason))
                .await;
            while let Some(Ok(_)) = incoming.next().await {}
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }

    async fn converse(
        &mut self,
        incoming: &mut SplitStream<WebSocketStream>,
        outbox: Sender<Message>,
    ) -> Farewell {
        loop {
            let Ok(room) = outbox.reserve().await else {
                return Farewell::done();
            };
            tokio::select! {
                message = incoming.next() => match self.take(message).await {
                    Ok(Some(reply)) => room.send(reply),
                    Ok(None) => {}
                    Err(farewell) => return farewell,
                },
                message = next_answer(&mut self.running), if !self.running.is_empty() => room.send(message),
            }
        }
    }

    async fn take(
        &mut self,
        message: Option<std::io::Result<Message>>,
    ) -> Result<Option<Message>, Farewell> {
        self.silence.store(0, Ordering::Relaxed);
        match message {
            Some(Ok(Message::Text(text))) if text.len() > limits::MESSAGE_BYTES => {
                Err(Farewell::too_long(limits::MESSAGE_BYTES))
            }
            Some(Ok(Message::Text(text))) => self.reply(protocol::hear(&text)?).await,
            Some(Ok(Message::Binary(_))) => Err(Farewell::bad("messages are text")),
            // The library answers protocol pings by itself.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Err(error)) if error.to_string().contains("too long") => {
                Err(Farewell::too_long(limits::MESSAGE_BYTES))
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Farewell::done()),
        }
    }

    async fn reply(&mut self, heard: Heard) -> Result<Option<Message>, Farewell> {
        match heard {
            Heard::ConnectionInit { payload } => {
                self.begin(payload.unwrap_or_default()).await.map(Some)
            }
            Heard::Ping { payload } => Ok(Some(Said::Pong { payload }.message())),
            Heard::Pong {} => Ok(None),
            Heard::Complete { id } => {
                // Dropping the stream frees everything behind it.
                self.running.retain(|running| running.id != id);
                Ok(None)
            }
            Heard::Subscribe { id, payload } => self.subscribe(id, payload),
        }
    }

    async fn begin(&mut self, payload: Map<String, Json>) -> Result<Message, Farewell> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Err(Farewell::second_init());
        }
        let shown = payload
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let authorization = match shown {
            Some((_, Json::String(value))) => Some(value),
            Some((_, Json::Null)) | None => self.authorization.take(),
            Some(_) => return Err(Farewell::bad("Authorization is a string")),
        };
        let introduced = entry::introduce(&self.web.app, authorization, self.origin.clone()).await;
        let guest = introduced.map_err(|error| Farewell::forbidden(&error))?;
        self.guest.send_replace(Some(guest));
        Ok(Said::ConnectionAck {}.message())
    }

    fn subscribe(&mut self, id: String, payload: Json) -> Result<Option<Message>, Farewell> {
        let Some(guest) = self.guest.borrow().clone() else {
            return Err(Farewell::not_acknowledged());
        };
        if self.running.iter().any(|running| running.id == id) {
            return Err(Farewell::duplicate(&id));
        }
        if !payload.is_object() {
            return Err(Farewell::bad("payload is an object"));
        }
        let prepared = self
            .admit()
            .and_then(|()| operation::read(payload))
            .and_then(operation::prepare);
        match prepared {
            Ok(operation) => {
                let request = entry::new_id(&self.web.app);
                let answers = execution::stream(&self.web, &guest, operation, request);
                self.running.push(Running { id, answers });
                Ok(None)
            }
            Err(refusal) => Ok(Some(Said::error(&id, &error::response(refusal)))),
        }
    }

    fn admit(&self) -> Result<(), Error> {
        if self.running.len() < limits::SOCKET_OPERATIONS {
            return Ok(());
        }
        let message = format!(
            "{} operations run on this socket; complete one first",
            self.running.len()
        );
        Err(Error::refused(Code::TooManyOperations, message)
            .with("limit", limits::SOCKET_OPERATIONS))
    }
}

/// The next message of any running operation. They take turns: whoever answered goes to the end of the row.
async fn next_answer(running: &mut Vec<Running>) -> Message {
    std::future::poll_fn(|cx| {
        for index in 0..running.len() {
            let Some(one) = running.get_mut(index) else {
                break;
            };
            let Poll::Ready(answer) = one.answers.poll_next_unpin(cx) else {
                continue;
            };
            let one = running.remove(index);
            let message = match answer {
                Some(response) if answer::is_refusal(&response) => Said::error(&one.id, &response),
                Some(response) => {
                    let message = Said::next(&one.id, &response);
                    running.push(one);
                    message
                }
                None => Said::Complete { id: &one.id }.message(),
            };
            return Poll::Ready(message);
        }
        Poll::Pending
    })
    .await
}

/// Writes what is queued, flushing once for whatever is there.
async fn write(sink: &mut SplitSink<WebSocketStream, Message>, queue: &mut Receiver<Message>) {
    while let Some(message) = queue.recv().await {
        if sink.feed(message).await.is_err() {
            return;
        }
        while let Ok(message) = queue.try_recv() {
            if sink.feed(message).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
    }
}

/// What can end a socket from outside the conversation.
struct Watcher {
    web: Arc<Web>,
    guest: watch::Receiver<Option<Guest>>,
    silence: Arc<AtomicU8>,
    outbox: Sender<Message>,
}

impl Watcher {
    async fn watch(&self) -> Farewell {
        tokio::select! {
            () = self.web.stopping.cancelled() => Farewell::going_away(),
            () = self.dead_peer() => Farewell::silent(),
            farewell = self.credentials() => farewell,
        }
    }

    async fn credentials(&self) -> Farewell {
        let mut guest = self.guest.clone();
        let introduced = async {
            guest
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|guest| guest.clone())
        };
        match tokio::time::timeout(self.web.options.deadlines.init, introduced).await {
            Ok(Some(guest)) => Farewell::forbidden(&guest.until_unwelcome(&self.web).await),
            Ok(None) => Farewell::done(),
            Err(_) => Farewell::init_too_late(),
        }
    }

    /// Pings; any message is a sign of life. A peer that reads nothing gets no pings either, and counts as silent.
    async fn dead_peer(&self) {
        let every = self.web.options.deadlines.ping;
        loop {
            tokio::time::sleep(every).await;
            if self.silence.fetch_add(1, Ordering::Relaxed) >= MISSES {
                return;
            }
            let _ = self.outbox.try_send(Said::Ping {}.message());
        }
    }
}
