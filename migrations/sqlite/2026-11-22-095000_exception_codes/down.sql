DROP TABLE exception_codes;
DROP INDEX exceptions_by_session;
ALTER TABLE exceptions DROP COLUMN changes;
