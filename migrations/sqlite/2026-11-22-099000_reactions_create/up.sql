-- How far each reaction to the log of events has read: the platform's own, for all organizations at once.
CREATE TABLE reactions (
    name        TEXT PRIMARY KEY NOT NULL,
    position    BIGINT NOT NULL
);
