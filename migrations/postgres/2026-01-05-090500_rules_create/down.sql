DROP TABLE rule_decisions;
