DROP TABLE rule_replay_changes;
DROP TABLE rule_replays;
