//! Leave: its types, requests, approval and balances.
