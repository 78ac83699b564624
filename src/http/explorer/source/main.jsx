// The explorer: GraphiQL with a sign-in bar, over zamu's own endpoint. Everything it needs is in the
// bundle, so it works without a network and under a strict content security policy.
import { useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import "graphiql/style.css";

const ENDPOINT = "/graphql";

// What a first visit finds in the editor. Each operation has a name, so the run button offers them.
const TOUR = `# Welcome to zamu.
#
# 1. Sign in with the bar above: the headers tab
#    below then carries your token.
# 2. Put the cursor in an operation and press
#    Ctrl-Enter, or pick one with the run button.
# 3. Ctrl-Space completes; the book on the left
#    documents every field.

# Who am I?
query WhoAmI {
  me {
    id
    name
    role
  }
}

# Start an active session. The key makes a repeat
# harmless: the same key and input give the first
# answer again. A new session needs a new key.
mutation ClockIn {
  clockIn(input: {
    idempotencyKey: "any-unique-text"
    position: {
      latitude: -0.0917, longitude: 34.7680, accuracyM: 12
    }
  }) {
    id
    status
    lateness
  }
}

# Watch it live: run this, then clock in from a
# second window. It begins after event 0; put the
# last number you saw to continue from there. The
# run button stops it.
subscription LiveFeed {
  sessionEvents(after: 0) {
    number
    kind
    session {
      id
      member {
        name
      }
      lateness
    }
  }
}
`;

const SIGN_IN = `mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }`;

// How many live events the answer pane keeps.
const LIVE_KEPT = 50;

const authorizationOf = (headers) =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];

async function post(body, headers = {}) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: text || `The server answered ${response.status} without a body.` }] };
  }
}

function closedBecause(problem) {
  if (typeof problem?.code === "number") {
    const reason = problem.reason ? ` ${problem.reason}` : "";
    return `The server closed the live connection: ${problem.code}${reason}`;
  }
  return problem instanceof Error ? problem.message : "The live connection could not be opened.";
}

// A subscription as the observable GraphiQL knows how to stop. Newest event first: GraphiQL shows one
// answer at a time, and a catch-up would leave only its last event on the screen.
function subscribe(params, headers) {
  return {
    subscribe(sink) {
      const url = new URL(ENDPOINT, window.location.href);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      const authorization = authorizationOf(headers);
      let received = 0;
      let newestFirst = [];
      const show = () => sink.next({ received, newestFirst });
      const client = createClient({
        url: url.href,
        retryAttempts: 0,
        connectionParams: authorization ? { Authorization: authorization } : {},
        on: { connected: show },
      });
      const stop = client.subscribe(params, {
        next(event) {
          received += 1;
          newestFirst = [event, ...newestFirst].slice(0, LIVE_KEPT);
          show();
        },
        error(problem) {
          const errors = Array.isArray(problem) ? problem : [{ message: closedBecause(problem) }];
          sink.next({ errors, received, newestFirst });
          sink.complete();
        },
        complete: () => sink.complete(),
      });
      return {
        unsubscribe() {
          stop();
          client.dispose();
        },
      };
    },
  };
}

function isSubscription({ query, operationName }, documentAST) {
  try {
    const operation = getOperationAST(documentAST ?? parse(query), operationName);
    return operation?.operation === "subscription";
  } catch {
    return false; // The server explains what is wrong with the text better than this page would.
  }
}

// The headers tab decides, for HTTP and for the socket. Only reading the schema falls back to the
// token of the sign-in bar: it happens before the tab shows the new token.
function fetcherWith(token) {
  return (params, { headers, documentAST } = {}) => {
    const sent = { ...headers };
    if (isSubscription(params, documentAST)) return subscribe(params, sent);
    if (token && params.operationName === "IntrospectionQuery" && !authorizationOf(sent)) {
      sent.Authorization = `Bearer ${token}`;
    }
    return post(params, sent);
  };
}

// GraphiQL keeps tabs and history in the browser, headers included: a token must not outlive the page.
const storage = {
  getItem: (key) => window.localStorage.getItem(key),
  setItem(key, value) {
    const safe = value.includes('"headers"')
      ? JSON.stringify(JSON.parse(value), (name, held) => (name === "headers" ? null : held))
      : value;
    window.localStorage.setItem(key, safe);
  },
  removeItem: (key) => window.localStorage.removeItem(key),
  clear: () => window.localStorage.clear(),
  get length() {
    return window.localStorage.length;
  },
};

function withAuthorization(text, token) {
  let headers;
  try {
    headers = JSON.parse(text || "{}");
  } catch {
    headers = {};
  }
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization");
  const authorization = token ? [["Authorization", `Bearer ${token}`]] : [];
  return JSON.stringify(Object.fromEntries([...others, ...authorization]), null, 2);
}

function demo() {
  try {
    return JSON.parse(document.getElementById("zamu-demo")?.textContent ?? "{}");
  } catch {
    return {};
  }
}

function SignInBar({ signedInAs, onToken }) {
  const [identifier, setIdentifier] = useState(demo().identifier ?? "");
  const [password, setPassword] = useState(demo().password ?? "");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function signIn(event) {
    event.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      const answer = await post({ query: SIGN_IN, variables: { input: { identifier, password } } });
      const token = answer.data?.signIn?.accessToken;
      if (token) onToken(token, identifier);
      else setProblem(answer.errors?.[0]?.message ?? "The server gave no token.");
    } catch (error) {
      setProblem(`The server could not be reached: ${error.message}`);
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className="bar" onSubmit={signIn}>
      <strong>zamu</strong>
      <span className="what">API explorer</span>
      <span className="gap" />
      {problem && <span className="problem" role="alert">{problem}</span>}
      {signedInAs ? (
        <>
          <span className="who" role="status">Signed in as {signedInAs}</span>
          <button type="button" onClick={() => onToken("", "")}>Sign out</button>
        </>
      ) : (
        <>
          <input
            aria-label="Identifier"
            autoComplete="username"
            placeholder="Email or phone"
            required
            value={identifier}
            onChange={(event) => setIdentifier(event.target.value)}
          />
          <input
            aria-label="Password"
            autoComplete="current-password"
            placeholder="Password"
            required
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button type="submit" disabled={busy}>{busy ? "Signing in…" : "Sign in"}</button>
        </>
      )}
    </form>
  );
}

function Explorer() {
  const [{ token, identifier }, setIdentity] = useState({ token: "", identifier: "" });
  const [headers, setHeaders] = useState("{}");
  const typedHeaders = useRef(headers);
  const fetcher = useMemo(() => fetcherWith(token), [token]);

  function onToken(newToken, newIdentifier) {
    typedHeaders.current = withAuthorization(typedHeaders.current, newToken);
    setHeaders(typedHeaders.current);
    setIdentity({ token: newToken, identifier: newIdentifier });
  }

  return (
    <>
      <SignInBar signedInAs={identifier} onToken={onToken} />
      <GraphiQL
        fetcher={fetcher}
        storage={storage}
        defaultQuery={TOUR}
        headers={headers}
        response={token ? "" : undefined /* clears the refusal shown to a stranger */}
        defaultHeaders={headers}
        onEditHeaders={(text) => {
          typedHeaders.current = text;
        }}
        defaultEditorToolsVisibility="headers"
        shouldPersistHeaders={false}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById("explorer")).render(<Explorer />);
