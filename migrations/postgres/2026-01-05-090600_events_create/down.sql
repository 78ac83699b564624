DROP TABLE idempotency_keys;
DROP TABLE heads;
DROP TABLE events;
DROP TABLE outbox;
