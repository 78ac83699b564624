DROP TABLE rule_node_releases;
DROP TABLE rule_nodes;
DROP TABLE rule_duties;
DROP TABLE rule_activations;
DROP TABLE rule_reviews;
DROP TABLE rule_releases;
DROP TABLE rule_drafts;
